"""The lab in words, for a screen reader: what happens is said in sentences, a line each, and keys answer."""
