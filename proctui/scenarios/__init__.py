"""Worker files and target functions that ship with the program."""
