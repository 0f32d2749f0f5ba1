"""What the command line prints: trainings, claims and tables without a screen."""
