"""The screen of descent: a Textual app and the command line that opens it. Imports engine; nothing imports tui."""
