"""What crosses the socket between a client and the supervisor: JSON lines of tagged structs.

The first line each way is a `Hello`; a differing version is answered with a
`Refusal` and the connection closed.  Unknown fields are ignored, an unknown or
malformed command is answered with a `Reply` whose `error` says so.  Nothing is
ever unpickled.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from proctui.model import Worker
from proctui.spec import SessionSpec, WorkerSpec

PROTOCOL_VERSION = 1
MAX_LINE = 16 << 20
"""Bytes a line from a client may have; a longer one ends the connection with a `Refusal`.

A `Reload` names every worker: 10,000 of them with 1,600 bytes each.
"""


class ProtocolError(Exception):
    """A line that is no message of this protocol; the text is one clear sentence."""


# ---------------------------------------------------------------- client → supervisor


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Base of everything a client may ask; `id` comes back in the `Reply`."""

    id: int = 0


class ClientHello(Command, frozen=True, kw_only=True, omit_defaults=True, tag="hello"):
    """First line of a client."""

    version: int
    client: str = "client"
    """What it is, for the journal: ``screen``, ``command line``."""
    pid: int = 0
    glance: bool = False
    """It only looks and leaves: neither its coming nor its going is an event, unless it acts."""


class Subscribe(Command, frozen=True, kw_only=True, omit_defaults=True, tag="subscribe"):
    """Asks for a `Snapshot` and every `Event` from then on.

    `history` is the number of past events wanted with it.
    """

    history: int = 1000


class Start(Command, frozen=True, kw_only=True, omit_defaults=True, tag="start"):
    """Starts workers that are not running."""

    workers: tuple[str, ...]


class Join(Command, frozen=True, kw_only=True, omit_defaults=True, tag="join"):
    """Waits until each has ended and reaps it; answered when all have, or timed out.

    `timeout` seconds, None for each worker's own `join_timeout`.
    """

    workers: tuple[str, ...]
    timeout: float | None = None


class Adopted(msgspec.Struct, frozen=True, omit_defaults=True):
    """An orphan that the supervisor adopted."""

    pid: int
    start_ticks: int | None = None
    """As in /proc/PID/stat (proc_pid_stat(5)); where it is given, only that process is meant."""


class JoinAdopted(Command, frozen=True, kw_only=True, omit_defaults=True, tag="join-adopted"):
    """Reaps orphans that came to an adopting supervisor and have ended; never waits.

    Workers are never touched: whoever has a `Process` object is joined by `Join`.
    """

    processes: tuple[Adopted, ...]


class CancelJoin(Command, frozen=True, kw_only=True, omit_defaults=True, tag="cancel-join"):
    """Gives up the joins that wait for these workers, whoever asked for them."""

    workers: tuple[str, ...]


class Signal(Command, frozen=True, kw_only=True, omit_defaults=True, tag="signal"):
    """Sends a signal to the workers' own processes (``SIGTERM`` is terminate, ``SIGKILL`` kill).

    `group` sends it to the whole process group that each worker leads.
    """

    workers: tuple[str, ...]
    signal: str
    group: bool = False
    pids: tuple[int | None, ...] = ()
    """Which process of each worker is meant, in the same order: another run is left alone.

    None, and where there is no entry: whichever runs.
    """


class Stop(Command, frozen=True, kw_only=True, omit_defaults=True, tag="stop"):
    """Stop signal, grace period, SIGKILL; then joins.  Answered when they are gone.

    `signal` and `timeout` (the grace period, seconds) instead of each worker's own.
    """

    workers: tuple[str, ...]
    timeout: float | None = None
    signal: str | None = None


class Restart(Command, frozen=True, kw_only=True, omit_defaults=True, tag="restart"):
    """Stops what runs, joins it and starts it again.  Answered when it runs.

    `timeout` is the grace period of the stop in seconds, None for each worker's own.
    """

    workers: tuple[str, ...]
    timeout: float | None = None


class Add(Command, frozen=True, kw_only=True, omit_defaults=True, tag="add"):
    """Adds workers to the session and starts those with `autostart`."""

    specs: tuple[WorkerSpec, ...]


class Remove(Command, frozen=True, kw_only=True, omit_defaults=True, tag="remove"):
    """Forgets workers that are not running (ended ones are joined first)."""

    workers: tuple[str, ...]


class Reload(Command, frozen=True, kw_only=True, omit_defaults=True, tag="reload"):
    """Makes the session follow `spec`: starts what is new, stops and removes what is gone,
    restarts what differs.

    With the `revision` that a `Describe` was answered with, only where nothing has changed since:
    what is done is then what was seen and agreed to.
    """

    spec: SessionSpec
    revision: int | None = None


class Describe(Command, frozen=True, kw_only=True, omit_defaults=True, tag="describe"):
    """Asks for the specifications the session runs; comes back in `Reply.session`.

    Without the workers that a reload under way is about to remove.
    """


class Note(Command, frozen=True, kw_only=True, omit_defaults=True, tag="note"):
    """Tells the journal what the client itself did to a descendant, which has no worker of its own.

    `text` is one sentence, `pid` the process, `worker` whose descendant it was.
    """

    text: str
    pid: int | None = None
    worker: str | None = None
    signal: str | None = None


class Shutdown(Command, frozen=True, kw_only=True, omit_defaults=True, tag="shutdown"):
    """Ends the session: stops every worker, and what they left behind, then the supervisor.

    ``wait`` terminates only the daemonic and waits for the others; ``stop`` stops all.
    """

    mode: Literal["stop", "wait"] = "stop"


AnyCommand = (
    ClientHello
    | Subscribe
    | Start
    | Join
    | JoinAdopted
    | CancelJoin
    | Signal
    | Stop
    | Restart
    | Add
    | Remove
    | Reload
    | Describe
    | Note
    | Shutdown
)


# ---------------------------------------------------------------- supervisor → client


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Base of everything the supervisor says."""


class Hello(Message, frozen=True, kw_only=True, omit_defaults=True, tag="hello"):
    """First line of the supervisor."""

    version: int
    session: str
    pid: int
    """The supervisor's own."""
    started_at: float
    python: str
    """Version of the supervisor's interpreter, for example ``3.11.7``."""
    source: str | None = None
    log_dir: str = ""
    journal: str = ""
    adopt: bool = False
    program: str = ""
    """Version of proctui that the supervisor runs."""
    tag: str = ""
    """Value of PROCTUI_SESSION in the environment of everything the session started."""
    refresh: float = 1.0
    boot_time: float = 0.0
    """Where the session counts its time from (`proctui.linux.clock`), in seconds since the epoch;
    0 where that is not told."""
    ending: bool = False
    """The session is ending: its workers are being stopped, or waited for."""
    roots: tuple[int, ...] = ()
    """Pids that are watched although no supervisor launched them (``proctui watch``)."""


class Refusal(Message, frozen=True, kw_only=True, omit_defaults=True, tag="refusal"):
    """The connection is closed after this; `reason` is one clear sentence."""

    reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a command for one worker; `text` is one sentence."""

    worker: str
    ok: bool
    text: str = ""
    pid: int | None = None
    exitcode: int | None = None


class Reply(Message, frozen=True, kw_only=True, omit_defaults=True, tag="reply"):
    """Answer to the command with the same `id`.

    `error` is set when the command as a whole could not be done.
    """

    id: int
    error: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    session: SessionSpec | None = None
    revision: int | None = None
    """Of `session`: another one once anything of it has changed."""


EventKind = Literal[
    "session-started",
    "session-ending",
    "session-ended",
    "added",
    "removed",
    "starting",
    "started",
    "start-failed",
    "ended",
    "joined",
    "join-waiting",
    "join-timed-out",
    "join-cancelled",
    "signalled",
    "stopping",
    "restarting",
    "backoff",
    "gave-up",
    "changed",
    "refused",
    "client-came",
    "client-went",
    "note",
    "adopted",
    "log-trimmed",
]


class Event(Message, frozen=True, kw_only=True, omit_defaults=True, tag="event"):
    """Something that happened, as the journal keeps it and the subscribers hear it.

    `seq` counts from 1 without gaps through the life of a session.
    """

    seq: int
    time: float
    """Seconds since the epoch."""
    kind: EventKind
    text: str = ""
    """One sentence; untrusted."""
    worker: str | None = None
    pid: int | None = None
    exitcode: int | None = None
    signal: str | None = None
    by: str | None = None
    """Who caused it: ``screen 4711``, ``restart policy``, ``supervisor``; None for the worker."""
    state: Worker | None = None
    """The worker after the event; None where the event is about no worker, or it was removed."""


class Snapshot(Message, frozen=True, kw_only=True, omit_defaults=True, tag="snapshot"):
    """Everything as it stands after event `seq`, in the session's order of workers."""

    seq: int
    workers: tuple[Worker, ...]
    history: tuple[Event, ...] = ()


AnyMessage = Hello | Refusal | Reply | Event | Snapshot

_encoder = msgspec.json.Encoder()
_command_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_message_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)


def encode(message: Command | Message) -> bytes:
    """One line, newline included."""
    return _encoder.encode(message) + b"\n"


def decode_command(line: bytes) -> AnyCommand:
    """Raises `ProtocolError` where the line is no command."""
    try:
        return _command_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"not a command of protocol {PROTOCOL_VERSION}: {error}") from error


def decode_message(line: bytes) -> AnyMessage:
    """Raises `ProtocolError` where the line is no message."""
    try:
        return _message_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"not a message of protocol {PROTOCOL_VERSION}: {error}") from error
