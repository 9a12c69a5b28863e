"""The command line: every command, its arguments, its help.  Nothing is done here.

A command names its handler as ``module:function`` below `proctui.commands`; `proctui.cli` calls
it.  Argument types only check what needs nothing else to be imported.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from proctui import __version__, terminal
from proctui.commands import texts

Parser = argparse.ArgumentParser
Adder = Callable[[str, str, str], Parser]
"""Adds a command: its name, its handler, its help text.

The text's first line stands in the list of commands, the rest below it, and what follows a line
that says ``Example:`` as it is.
"""

OPEN: Final = "open"
"""What is meant where the first word is no command: ``proctui [FILE]``."""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Texts as they are written, columns as wide as the text above them."""

    def __init__(self, prog: str) -> None:
        width = min(100, terminal.size()[0])
        super().__init__(prog, max_help_position=26, width=width)


def build(command: str | None = None) -> Parser:
    """The parser of everything; of one command, and its kin, where that is all that is asked for.

    To make all of them takes longer than most commands.
    """
    parser = Parser(
        prog="proctui",
        usage=texts.USAGE,
        description=texts.DESCRIPTION,
        epilog=texts.EPILOG,
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"proctui {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", prog="proctui"
    )

    def add(name: str, handler: str, text: str) -> Parser:
        if name == OPEN:  # not listed: it stands for having no command
            added = commands.add_parser(
                name,
                prog="proctui",
                usage=texts.USAGE,
                description=text,
                formatter_class=_Formatter,
            )
        else:
            added = commands.add_parser(
                name,
                help=text.partition("\n")[0],
                description=text,
                formatter_class=_Formatter,
            )
        added.set_defaults(handler=handler)
        return added

    for section, names in SECTIONS.items():
        if command is None or command in names:
            section(add)
    return parser


def _launching(add: Adder) -> None:
    for name, text in (
        (OPEN, "opens the screen for FILE, starting the session where it does not run yet"),
        ("run", texts.RUN),
    ):
        command = add(name, f"launching:{name}", text)
        command.add_argument(
            "file",
            nargs="?",
            metavar="FILE",
            help="worker file or Procfile; without it that of the current folder",
        )
        command.add_argument("--session", metavar="NAME", help="what to call the session")
        command.add_argument(
            "--adopt",
            action="store_true",
            help="let orphans of the workers come to the supervisor, which can join them",
        )
        command.add_argument(
            "--leftovers",
            choices=("end", "leave"),
            help="what to do with processes that a killed supervisor left: end them or leave them",
        )
        if name == "run":
            command.add_argument(
                "--detach", action="store_true", help="start it without opening the screen"
            )


def _lessons(add: Adder) -> None:
    scenario = add("scenario", "scenario:scenario", texts.SCENARIO)
    scenario.add_argument("id", nargs="?", metavar="ID", help="which one; lists all without")
    scenario.add_argument(
        "numbers", nargs="*", metavar="NAME=N", help="a number of your own, such as clients=12"
    )
    instead = scenario.add_mutually_exclusive_group()
    instead.add_argument("--guide", action="store_true", help="explain it here, start nothing")
    instead.add_argument("--write", metavar="DIR", help="copy its files out, start nothing")
    instead.add_argument(
        "--detach", action="store_true", help="start it without opening the screen"
    )
    # for a screen that goes there itself: as --detach, but nothing starts before it has come
    instead.add_argument("--for-screen", action="store_true", help=argparse.SUPPRESS)
    scenario.add_argument(
        "--leftovers",
        choices=("end", "leave"),
        help="what to do with processes that a killed supervisor left: end them or leave them",
    )
    _json(scenario)


def _sessions(add: Adder) -> None:
    attach = add("attach", "showing:attach", texts.ATTACH)
    attach.add_argument("name", nargs="?", metavar="NAME", help="the session")
    _session(attach)

    ls = add("ls", "sessions:ls", texts.LS)
    ls.add_argument("--all", action="store_true", help="also runs that newer ones have replaced")
    _json(ls)

    shutdown = add("shutdown", "sessions:shutdown", texts.SHUTDOWN)
    shutdown.add_argument("name", nargs="?", metavar="NAME", help="the session")
    shutdown.add_argument(
        "--wait",
        action="store_true",
        help="terminate only daemonic workers and wait for the others to end by themselves",
    )
    _session(shutdown)

    clean = add("clean", "sessions:clean", texts.CLEAN)
    clean.add_argument("names", nargs="*", metavar="NAME", help="sessions; all without any")
    clean.add_argument(
        "--leftovers", choices=("end",), help="end what still runs of dead sessions first"
    )
    _json(clean)


def _acting(add: Adder) -> None:
    start = add("start", "workers:start", _about("starts workers that don't run", "start web"))
    join = add("join", "workers:join", texts.JOIN)
    terminate = add("terminate", "workers:terminate", texts.TERMINATE)
    kill = add("kill", "workers:kill", texts.KILL)
    restart = add(
        "restart",
        "workers:restart",
        _about("stops workers, joins them and starts them again", "restart 'web-*'"),
    )
    stop = add("stop", "workers:stop", texts.STOP)
    grace = "grace period before kill, in seconds; the worker's own without it"
    wait = "wait until they have ended, S seconds at most; with --tree kill what has not"
    for command, text in (
        (join, "give up after S seconds"),
        (stop, grace),
        (restart, grace),
        (terminate, wait),
        (kill, wait),
    ):
        command.add_argument("--timeout", type=_seconds, metavar="S", help=text)
    for command in (terminate, kill, stop):
        command.add_argument(
            "--signal", type=_signal, metavar="NAME", help="another signal, such as HUP"
        )
    for command in (terminate, kill, stop):
        command.add_argument(
            "--tree", action="store_true", help="everything that descends from the workers too"
        )
    for command in (start, join, terminate, kill, restart, stop):
        command.add_argument(
            "workers", nargs="+", metavar="WORKER", help="id, or a pattern such as 'web-*'"
        )
        _session(command)
        _json(command)


def _about(summary: str, example: str) -> str:
    return f"{summary}\n\nExample:\n  proctui {example}"


def _changing(add: Adder) -> None:
    new = add("add", "changing:add", texts.ADD)
    new.add_argument("target", nargs="?", metavar="TARGET", help="module:callable or file.py:name")
    new.add_argument("--name", metavar="ID", help="what to call the worker")
    new.add_argument("--count", metavar="N", default="1", help="how many instances")
    new.add_argument("--daemon", action="store_true", default=None, help="make it daemonic")
    new.add_argument(
        "--start-method", metavar="METHOD", help="fork (the default), spawn or forkserver"
    )
    new.add_argument(
        "--arg", action="append", default=[], metavar="VALUE", help="argument for the target"
    )
    new.add_argument(
        "--kwarg", action="append", default=[], metavar="KEY=VALUE", help="keyword argument"
    )
    new.add_argument("--idle", action="store_true", help="don't start it yet")
    new.set_defaults(words=None)
    _session(new)
    _json(new)

    reload = add("reload", "changing:reload", texts.RELOAD)
    reload.add_argument("file", nargs="?", metavar="FILE", help="instead of the session's own")
    reload.add_argument("--yes", action="store_true", help="don't ask")
    reload.add_argument(
        "--dry-run", action="store_true", help="show the difference and leave it at that"
    )
    _session(reload)
    _json(reload)


def _reading(add: Adder) -> None:
    ps = add("ps", "ps:ps", texts.PS)
    _session(ps)
    _json(ps)

    watch = add("watch", "watch:watch", texts.WATCH)
    watch.add_argument("pids", nargs="+", type=_pid, metavar="PID", help="a running process")

    scan = add("scan", "scan:scan", texts.SCAN)
    scan.add_argument("--all-users", action="store_true", help="other users' processes too")
    scan.add_argument("--all", action="store_true", help="list all of a group, however many")
    scan.add_argument("--check", action="store_true", help="exit status 1 where any is certain")
    _json(scan)

    logs = add("logs", "logs:logs", texts.LOGS)
    logs.add_argument(
        "workers", nargs="+", metavar="WORKER", help="id, or a pattern such as 'web-*'"
    )
    logs.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    logs.add_argument(
        "-n", "--lines", type=_whole, metavar="N", help="only the last N lines (10 with -f)"
    )
    instead = logs.add_mutually_exclusive_group()
    instead.add_argument("--raw", action="store_true", help="byte for byte, also to a terminal")
    instead.add_argument("--json", action="store_true", help="as JSON, one object for each line")
    _session(logs)

    events = add("events", "events:events", texts.EVENTS)
    going = events.add_mutually_exclusive_group()
    going.add_argument("-f", "--follow", action="store_true", help="go on with what happens")
    going.add_argument(
        "--trace", metavar="FILE", help="write a Chrome trace, which Perfetto opens; - prints it"
    )
    events.add_argument("-n", "--lines", type=_whole, metavar="N", help="only the last N events")
    events.add_argument("--worker", metavar="WORKER", help="only of workers with this id, pattern")
    _session(events)
    _json(events)


def _files(add: Adder) -> None:
    check = add("check", "files:check", texts.CHECK)
    check.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="worker file or Procfile; without it that of the current folder",
    )
    _json(check)

    init = add("init", "files:init", texts.INIT)
    init.add_argument("file", nargs="?", metavar="FILE", default="proctui.toml")

    completion = add("completion", "completing:completion", texts.COMPLETION)
    completion.add_argument(
        "what",
        choices=("bash", "zsh", "fish", "workers", "sessions", "active"),
        help="a shell, or what its script asks for: the names of workers, of sessions, or of "
        "those that have not ended",
    )
    _session(completion)


def _session(parser: Parser) -> None:
    parser.add_argument(
        "--session", metavar="NAME", help="which one; without it the only one that is running"
    )


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds, not {text}")
    return value


def _signal(text: str) -> int:
    from proctui.linux.signals import signal_number

    try:
        return signal_number(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must not be negative: {text}")
    return value


def _pid(text: str) -> int:
    value = int(text)
    if not 0 < value < 1 << 31:
        raise argparse.ArgumentTypeError(f"is no process id: {text}")
    return value


_seconds.__name__ = "number of seconds"
_whole.__name__ = "number"
_pid.__name__ = "process id"

SECTIONS: Final[dict[Callable[[Adder], None], tuple[str, ...]]] = {
    _launching: (OPEN, "run"),
    _lessons: ("scenario",),
    _sessions: ("attach", "ls", "shutdown", "clean"),
    _acting: ("start", "join", "terminate", "kill", "restart", "stop"),
    _changing: ("add", "reload"),
    _reading: ("ps", "watch", "scan", "logs", "events"),
    _files: ("check", "init", "completion"),
}
"""What adds which commands."""
COMMANDS: Final = frozenset(name for names in SECTIONS.values() for name in names)
