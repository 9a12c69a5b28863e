"""The session's parent process: it starts, peeks, joins, signals and restarts workers."""
