"""The parts of the lab screen. A pane is told what to show and knows no other pane."""
