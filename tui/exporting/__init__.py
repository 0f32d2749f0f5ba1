"""Taking things away: what a run became, in forms that other programs read."""
