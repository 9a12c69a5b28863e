"""How sentences name processes.  Pure; names are untrusted."""

from __future__ import annotations

SUPERVISOR = "proctui supervisor"
INIT = 1
"""Pid of the process that adopts where nobody nearer does (pid_namespaces(7))."""


def person(name: str, pid: int) -> str:
    """``factory (40330)``; ``process 40330`` where the name is not known."""
    return f"{name} ({pid})" if name else f"process {pid}"
