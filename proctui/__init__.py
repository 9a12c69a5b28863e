"""proctui: what multiprocessing believes about a worker, beside what the kernel knows."""

__version__ = "0.1.0"
