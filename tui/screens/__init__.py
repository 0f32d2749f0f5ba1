"""Whole screens: the lab, and what opens on top of it."""
