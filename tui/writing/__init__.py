"""Presets written: new ones, and what is on the screen in the words of the file that it came from."""
