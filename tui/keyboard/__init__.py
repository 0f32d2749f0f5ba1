"""Keys: the one table of them, a file that changes them, and the order in which they are looked at."""
