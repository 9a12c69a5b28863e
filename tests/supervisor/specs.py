"""Specifications for the supervisor's tests, in few words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proctui.spec import WorkerSpec

HERE = str(Path(__file__).parent)


def command(name: str, *words: str, **settings: Any) -> WorkerSpec:
    """A worker that executes `words`."""
    return WorkerSpec(id=name, command=words, **settings)


def sleeper(name: str = "sleeper", **settings: Any) -> WorkerSpec:
    """Runs until it is ended."""
    return command(name, "sleep", "600", **settings)


def ends(name: str, exitcode: int, **settings: Any) -> WorkerSpec:
    """Ends at once."""
    return command(name, "sh", "-c", f"exit {exitcode}", **settings)


def target(name: str, called: str, *args: Any, **settings: Any) -> WorkerSpec:
    """A Python target beside these tests."""
    return WorkerSpec(id=name, target=called, args=args, import_root=HERE, **settings)
