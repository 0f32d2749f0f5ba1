"""What can be taken away from the lab as files: the screen, the numbers, a report. No screen is needed for it."""
