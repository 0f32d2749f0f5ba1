"""The progress tree: its rows, counted rather than built, and what an opened batch shows."""
