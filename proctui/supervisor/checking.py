"""Specifications that arrive over the socket: what can't be right in them.

`proctui.files.config` says far more, and where; this only keeps from the supervisor
what would fail late or hurt others.
"""

from __future__ import annotations

import string

from proctui.linux.signals import signal_number
from proctui.spec import WorkerSpec

LONGEST_ID = 200
_OF_NAMES = frozenset(string.ascii_letters + string.digits + "_.-")
"""As in worker files: what has another name there could be reached by no command."""

_NOT_NEGATIVE = (
    "max_restarts", "restart_window", "backoff", "backoff_max", "stop_timeout", "join_timeout",
)  # fmt: skip


def fault(spec: WorkerSpec) -> str | None:
    """What is wrong with `spec`, as a part of a sentence; None where nothing is."""
    return _id_fault(spec.id) or _what_fault(spec) or _text_fault(spec) or _policy_fault(spec)


def _id_fault(name: str) -> str | None:
    if not name or len(name) > LONGEST_ID:
        return f"a worker's name has 1 to {LONGEST_ID} characters"
    if not set(name) <= _OF_NAMES or name[0] in ".-":
        return (
            """a worker's name is made of letters, digits, "_", "." and "-", """
            'and doesn\'t begin with "." or "-"'
        )
    return None


def _what_fault(spec: WorkerSpec) -> str | None:
    if (spec.target is None) == (spec.command is None):
        return "exactly one of target and command is needed"
    if spec.command is not None and not (spec.command and spec.command[0]):
        return "the command is empty"
    if spec.target is not None and ":" not in spec.target:
        return 'a target is "module:callable" or "path/to/file.py:callable"'
    return None


def _text_fault(spec: WorkerSpec) -> str | None:
    texts = [spec.id, spec.target or "", spec.cwd, spec.import_root, spec.python or ""]
    texts += [*(spec.command or ()), *spec.env, *spec.env.values(), spec.name or ""]
    if any("\0" in text for text in texts):
        return "a NUL character can't be passed to a process"
    if any(not key or "=" in key for key in spec.env):
        return "the name of an environment variable is empty or contains '='"
    return None


def _policy_fault(spec: WorkerSpec) -> str | None:
    for field in _NOT_NEGATIVE:
        value = getattr(spec, field)
        if value is not None and value < 0:
            return f"{field} is negative"
    try:
        signal_number(spec.stop_signal)
    except ValueError as error:
        return str(error)
    return None
