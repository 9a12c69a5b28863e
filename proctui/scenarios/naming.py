"""A name for a process that multiprocessing does not manage from here."""

from pathlib import Path


def call_me(name: str) -> None:
    """Gives this process the name under which ps, top and proctui show it.

    At most 15 bytes count.  `Process.name` is only known to Python; this one is the kernel's
    (proc_pid_comm(5)).  Only Linux has such names, elsewhere nothing happens.
    """
    comm = Path("/proc/self/comm")
    if comm.exists():
        comm.write_text(name)
