"""What of the rows is shown and in which order: filters, sorting, time lines.  Pure."""
