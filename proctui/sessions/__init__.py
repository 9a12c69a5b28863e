"""Sessions: where they are, starting them, talking to their supervisors, what they leave."""
