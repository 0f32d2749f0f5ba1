"""Views of the inside of a model: each a file that takes a look at a trainer and draws it for the room there is."""
