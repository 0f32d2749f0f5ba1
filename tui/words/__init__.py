"""What the lab says in words: how a run ended, what its curve means, whether claims held, what a word means."""
