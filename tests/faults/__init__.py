"""proctui while everything around it fails: kernel, disk, clock, and proctui's own processes."""
