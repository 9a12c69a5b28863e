"""How sentences name processes.  Pure; names are untrusted."""

from __future__ import annotations

SUPERVISOR = "proctui supervisor"
INIT = 1
"""Pid of the process that adopts where nobody nearer does (pid_namespaces(7))."""


def called(name: str, pid: int) -> str:
    """``init`` for PID 1, whatever runs as it (systemd, tini, a shell); others by their name."""
    return "init" if pid == INIT else name


def person(name: str, pid: int) -> str:
    """``factory (40330)``; ``process 40330`` where the name is not known."""
    return f"{name} ({pid})" if name else f"process {pid}"


def container_init(name: str, pid: int | None = None) -> str:
    """``PID 1 of a container (sh, 4711)``: as it is called and has its pid out here."""
    inside = ", ".join(filter(None, [name, "" if pid is None else str(pid)]))
    return f"PID 1 of a container ({inside})" if inside else "PID 1 of a container"


def cause_besides(said: str, by: str | None) -> str:
    """Who caused what an event's text says; "" where nobody is known, or it names them itself."""
    return "" if by is None or said == by or said.startswith(f"{by} ") else by
