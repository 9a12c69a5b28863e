"""Pictures of the screen, made from histories: every view, dialog and state."""
