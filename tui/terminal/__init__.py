"""The terminal itself: what is written to it, what comes from it, and how it is left."""
