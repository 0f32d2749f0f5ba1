"""Curves from arrays to cells: what is shown of a run, on which scale, in which frame."""
