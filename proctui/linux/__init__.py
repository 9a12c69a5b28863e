"""The kernel by the standard library alone: /proc, pidfds, signals that cannot hit a stranger."""
