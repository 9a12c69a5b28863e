"""The command line: every command, its arguments, its help.  Nothing is done here.

A command names its handler as ``module:function`` below `proctui.commands`; `proctui.cli` calls
it.  Argument types only check what needs nothing else to be imported.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from typing import Final

from proctui import __version__

Parser = argparse.ArgumentParser
Adder = Callable[[str, str, str], Parser]
"""Adds a command: its name, its handler, its help text.

The text's first line stands in the list of commands, the rest below it, and what follows a line
that says ``Example:`` as it is.
"""

OPEN: Final = "open"
"""What is meant where the first word is no command: ``proctui [FILE]``."""

USAGE: Final = """\
proctui [FILE] [--session NAME] [--adopt] [--leftovers {end,leave}]
       proctui COMMAND [--help] …"""

DESCRIPTION: Final = """\
Launches worker processes and shows what multiprocessing believes about them beside what the
kernel knows: alive, exit code, zombies, orphans, and the cure for each."""

EPILOG: Final = """\
Without a command, proctui opens the screen for FILE, or for proctui.toml or Procfile in the
current folder, or for a built-in session; where that session is running already, it goes there.

  --session NAME          what to call the session; without FILE, which one to go to
  --adopt                 let orphans of the workers come to the supervisor, which can join them
  --leftovers end|leave   what to do with processes that a killed supervisor left

Exit status: 0 it worked, 1 it did not (the reason is on standard error), 2 wrong usage.
PROCTUI_RUNTIME_DIR and PROCTUI_STATE_DIR point sockets, and journals and logs, elsewhere."""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Texts as they are written, columns as wide as the text above them."""

    def __init__(self, prog: str) -> None:
        width = min(100, shutil.get_terminal_size().columns)
        super().__init__(prog, max_help_position=26, width=width)


def build() -> Parser:
    """The parser of everything."""
    parser = Parser(
        prog="proctui",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"proctui {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", prog="proctui"
    )

    def add(name: str, handler: str, text: str) -> Parser:
        summary = text.partition("\n")[0]
        listed = {} if name == OPEN else {"help": summary}
        added = commands.add_parser(name, description=text, formatter_class=_Formatter, **listed)
        added.set_defaults(handler=handler)
        return added

    for section in (_launching, _sessions, _acting, _changing, _reading, _files):
        section(add)
    return parser


def _launching(add: Adder) -> None:
    for name, text in (
        (OPEN, "opens the screen for FILE, starting the session where it does not run yet"),
        ("run", RUN),
    ):
        command = add(name, f"launching:{name}", text)
        command.add_argument("file", nargs="?", metavar="FILE", help="worker file or Procfile")
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


RUN: Final = """\
starts a session and opens its screen
A file that is running already is not started a second time; where the supervisor of an earlier
run was killed and processes of it still run, they are ended or left as you say.

Example:
  proctui run --detach proctui.toml"""


def _sessions(add: Adder) -> None:
    attach = add("attach", "launching:attach", ATTACH)
    attach.add_argument("name", nargs="?", metavar="NAME", help="the session")
    _session(attach)

    ls = add("ls", "sessions:ls", LS)
    ls.add_argument("--all", action="store_true", help="also runs that newer ones have replaced")
    _json(ls)

    shutdown = add("shutdown", "sessions:shutdown", SHUTDOWN)
    shutdown.add_argument(
        "--wait",
        action="store_true",
        help="terminate only daemonic workers and wait for the others to end by themselves",
    )
    _session(shutdown)

    clean = add("clean", "sessions:clean", CLEAN)
    clean.add_argument("names", nargs="*", metavar="NAME", help="sessions; all without any")
    clean.add_argument(
        "--leftovers", choices=("end",), help="end what still runs of dead sessions first"
    )
    _json(clean)


ATTACH: Final = """\
opens the screen of a running session
States, history and logs are as if you had never left.

Example:
  proctui attach lessons"""

LS: Final = """\
lists the sessions: running, ended, dead
A session is dead when its supervisor was killed; what it left behind may still run.

Example:
  proctui ls --json"""

SHUTDOWN: Final = """\
ends a session: its workers, what they left behind, its supervisor
Journal and logs stay until proctui clean.

Example:
  proctui shutdown --session lessons"""

CLEAN: Final = """\
removes journals and logs of sessions that are over
Running sessions are never touched, nor dead ones of which processes still run.

Example:
  proctui clean --leftovers end lessons"""


def _acting(add: Adder) -> None:
    start = add("start", "workers:start", _about("starts workers that don't run", "start web"))
    join = add("join", "workers:join", JOIN)
    terminate = add("terminate", "workers:terminate", TERMINATE)
    kill = add("kill", "workers:kill", KILL)
    restart = add(
        "restart",
        "workers:restart",
        _about("stops workers, joins them and starts them again", "restart 'web-*'"),
    )
    stop = add("stop", "workers:stop", STOP)
    join.add_argument("--timeout", type=_seconds, metavar="S", help="give up after S seconds")
    stop.add_argument(
        "--timeout",
        type=_seconds,
        metavar="S",
        help="grace period before kill, in seconds; the worker's own without it",
    )
    for command in (terminate, kill):
        command.add_argument("--signal", metavar="NAME", help="another signal, such as HUP")
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


JOIN: Final = """\
waits until workers have ended and reaps them
The exit status is 1 where the time was up first.

Example:
  proctui join --timeout 10 'batch-*'"""

TERMINATE: Final = """\
sends SIGTERM to workers
They may clean up first, or ignore it; their children are left behind without --tree.

Example:
  proctui terminate --tree web"""

KILL: Final = """\
sends SIGKILL to workers
They end at once; their children are left behind without --tree.

Example:
  proctui kill --signal USR1 web"""

STOP: Final = """\
stops workers: their stop signal, a grace period, SIGKILL; then joins them
Stopped workers are not restarted by their policy.

Example:
  proctui stop --timeout 2 web"""


def _changing(add: Adder) -> None:
    new = add("add", "changing:add", ADD)
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

    reload = add("reload", "changing:reload", RELOAD)
    reload.add_argument("file", nargs="?", metavar="FILE", help="instead of the session's own")
    reload.add_argument("--yes", action="store_true", help="don't ask")
    reload.add_argument(
        "--dry-run", action="store_true", help="show the difference and leave it at that"
    )
    _session(reload)
    _json(reload)


ADD: Final = """\
adds a worker to a running session: a target, or after -- a command
Arguments are Python literals, and plain text where they aren't.

Example:
  proctui add jobs.py:crunch --arg 3 --kwarg verbose=True --count 4
  proctui add --name web -- python3 -m http.server 8000"""

RELOAD: Final = """\
makes a session follow its changed file
Starts what is new, stops and removes what is gone, restarts what differs, after showing the
difference and asking.

Example:
  proctui reload --yes"""


def _reading(add: Adder) -> None:
    ps = add("ps", "ps:ps", PS)
    _session(ps)
    _json(ps)

    logs = add("logs", "logs:logs", LOGS)
    logs.add_argument(
        "workers", nargs="+", metavar="WORKER", help="id, or a pattern such as 'web-*'"
    )
    logs.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    logs.add_argument(
        "-n", "--lines", type=_whole, metavar="N", help="only the last N lines (10 with -f)"
    )
    logs.add_argument("--raw", action="store_true", help="byte for byte, also to a terminal")
    _session(logs)

    events = add("events", "events:events", EVENTS)
    events.add_argument("-f", "--follow", action="store_true", help="go on with what happens")
    events.add_argument("-n", "--lines", type=_whole, metavar="N", help="only the last N events")
    events.add_argument("--worker", metavar="WORKER", help="only of workers with this id, pattern")
    _session(events)
    _json(events)


PS: Final = """\
lists the workers and everything that descends from them
What multiprocessing says and what the kernel says of each process, zombies and orphans included.
Also of a dead session. CPU% is of one core, over the life of the process.

Example:
  proctui ps --json | python3 -m json.tool"""

LOGS: Final = """\
shows what workers have printed, also of sessions that are over
On a terminal, colours are kept and all other control sequences made harmless.

Example:
  proctui logs -f 'web-*'"""

EVENTS: Final = """\
shows what happened in a session, from its journal
With --json one object per line.

Example:
  proctui events -f --worker web"""


def _files(add: Adder) -> None:
    check = add("check", "files:check", CHECK)
    check.add_argument("file", metavar="FILE", help="worker file or Procfile")
    _json(check)

    init = add("init", "files:init", INIT)
    init.add_argument("file", nargs="?", metavar="FILE", default="proctui.toml")

    completion = add("completion", "completing:completion", COMPLETION)
    completion.add_argument(
        "what",
        choices=("bash", "zsh", "fish", "workers", "sessions"),
        help="a shell, or what its script asks for: the names of workers or sessions",
    )
    _session(completion)


CHECK: Final = """\
checks a worker file without launching anything

Example:
  proctui check proctui.toml"""

INIT: Final = """\
writes a commented worker file to start from
A file that is there already is left as it is.

Example:
  proctui init"""

COMPLETION: Final = """\
prints the script that completes proctui's command line in your shell

Example:
  eval "$(proctui completion bash)"           # in ~/.bashrc
  eval "$(proctui completion zsh)"            # in ~/.zshrc, after compinit
  proctui completion fish | source            # in ~/.config/fish/config.fish"""


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


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must not be negative: {text}")
    return value


_seconds.__name__ = "number of seconds"
_whole.__name__ = "number"
