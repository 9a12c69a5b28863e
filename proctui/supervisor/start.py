"""What a supervisor is told when it is started, and what it answers.

One JSON line each way, over the standard input and output of
``python -P -m proctui.supervisor``.  Kept apart from everything else so that the
supervisor needn't import what only its clients use.
"""

from __future__ import annotations

import msgspec

from proctui.spec import SessionSpec


class SupervisorStart(msgspec.Struct, frozen=True, kw_only=True):
    """The one line on the supervisor's standard input.

    All paths are absolute.  The directories exist, belong to this user and are closed to
    everybody else; the supervisor makes the socket and the files in them.
    """

    spec: SessionSpec
    socket: str
    """Where the supervisor listens; at most 107 bytes (unix(7))."""
    journal: str
    log_dir: str
    tag: str
    """Value of PROCTUI_SESSION in everything the session starts; unlike that of any other."""
    hold: bool = False
    """No worker is started with the session: whoever comes to see them starts them."""


class SupervisorAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The one line on its standard output: it listens, or why it could not come to that."""

    ready: bool = False
    error: str | None = None
    """One sentence; set exactly where `ready` is false."""


def encode_start(start: SupervisorStart) -> bytes:
    """One line, newline included."""
    return msgspec.json.encode(start) + b"\n"


def decode_start(line: bytes) -> SupervisorStart:
    """Raises `msgspec.DecodeError` where the line is none."""
    return msgspec.json.decode(line, type=SupervisorStart)


def encode_answer(answer: SupervisorAnswer) -> bytes:
    """One line, newline included."""
    return msgspec.json.encode(answer) + b"\n"


def decode_answer(line: bytes) -> SupervisorAnswer:
    """Raises `msgspec.DecodeError` where the line is none, as when the supervisor died first."""
    return msgspec.json.decode(line, type=SupervisorAnswer)
