"""What each command of the command line does, one small function each.

Imported only when the command is run (`proctui.cli`), so that no command pays for another.
A handler takes the parsed arguments and returns the exit status.
"""
