"""One iteration in formulas, with the numbers of a run put in, phase by phase."""
