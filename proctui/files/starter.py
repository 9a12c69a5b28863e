"""The commented worker file that ``proctui init`` writes."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TextIO

from proctui.files.mistakes import ConfigError
from proctui.files.textfile import NUL_IN_PATH, reason

STARTER: Final = """\
# Workers of this folder, for proctui.  Run "proctui" here to start and watch them.
# Lines that begin with "#" and no blank are settings at their defaults or examples:
# remove the "#" to use them.  Relative paths start from this file's folder.

[session]
# What the session is called; without it, after this folder.
#name = "my-session"
# True brings the workers' orphans to the supervisor, which can then join them.
#adopt = false
# Most that a worker's log may take on disk.
#log_limit = "8 MiB"
# Seconds between two refreshes of the figures.
#refresh = 1.0
# Everything from "start_method" on in [workers.sleeper] below may also stand here,
# for all workers.


# Each worker has a table of its own: [workers.NAME].

[workers.clock]
# A shell line, or the words of a command: command = ["python3", "-m", "http.server"].
command = "while true; do date; sleep 1; done"

[workers.sleeper]
# A function or a subclass of multiprocessing.Process: "module:callable",
# or "path/to/file.py:callable".
target = "time:sleep"
args = [30]
#kwargs = { verbose = true }
# Instances; from 2 on they are called sleeper-1, sleeper-2 and so on.
count = 2
# Process.name; without it a subclass keeps its own, and all else is called as here.
#name = "sleeper"
# Daemonic: terminated when the supervisor exits, may not have children of its own.
#daemon = false
# How the process is made: "fork", "spawn" or "forkserver".
#start_method = "fork"
# Another Python for targets, such as your project's own.
#python = ".venv/bin/python"
# Folder where imports start.
#import_root = "."
# False waits until you start it.
#autostart = true
# Who joins it once it has ended: "join" leaves it a zombie until you do,
# "auto" joins at once, "implicit" when the next worker starts, as multiprocessing does.
#reap = "join"
# Started again when it has ended: "never", "on-failure" or "always",
#restart = "never"
# at most so often within so many seconds,
#max_restarts = 5
#restart_window = 60.0
# after a pause that doubles from one length to another.
#backoff = 0.5
#backoff_max = 30.0
# To stop it, this signal is sent, and SIGKILL so many seconds later.
#stop_signal = "SIGTERM"
#stop_timeout = 5.0
# How long a join waits; without it, until the worker has ended.
#join_timeout = 10.0
#cwd = "."
#env = { LEVEL = "debug" }
"""


def write_starter(path: Path) -> None:
    """Writes `STARTER` to `path`.  Raises `ConfigError` where something is there already.

    After any other error nothing is left at `path`.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            _write_or_remove(file, path)
    except FileExistsError:
        raise ConfigError(path, "", "is there already and is left as it is") from None
    except ValueError:
        raise ConfigError(path, "", NUL_IN_PATH) from None
    except OSError as error:
        raise ConfigError(path, "", f"can't be written: {reason(error)}") from error


def _write_or_remove(file: TextIO, path: Path) -> None:
    try:
        file.write(STARTER)
        file.flush()
    except OSError:
        path.unlink()
        raise
