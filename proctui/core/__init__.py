"""The pure core: who descends from whom, what a row is, whose fault it is and what cures it."""
