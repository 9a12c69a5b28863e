"""``check`` and ``init``: worker files, without a session."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctui.commands.output import complain, number, print_object, print_table, room, say
from proctui.files import config
from proctui.files.doubts import doubts
from proctui.files.mistakes import ConfigError


def check(arguments: argparse.Namespace) -> int:
    """Checks a file, by default that of the current folder.

    Mistakes are raised and end with status 2; what can be seen to fail later is only a warning.
    """
    path = config.discover(Path.cwd()) if arguments.file is None else Path(arguments.file)
    if path is None:
        why = f"there is neither {config.WORKER_FILE} nor {config.PROCFILE} in this folder"
        raise ConfigError("check", "", f"{why}; name a file")
    spec = config.load(path)
    found = doubts(spec)
    warnings = [*config.warnings(path), *(f"{path}: {doubt}" for doubt in found)]
    for warning in warnings:
        complain(warning)
    if arguments.json:
        workers = [
            {"worker": worker.id, "target": worker.label, "autostart": worker.autostart}
            for worker in spec.workers
        ]
        print_object(
            {"session": spec.name, "source": spec.source, "workers": workers, "warnings": warnings}
        )
        return 0
    count = number(len(spec.workers), "worker")
    say(
        f"{path} {'has no mistakes of form' if found else 'is right'}: session {spec.name}, {count}"
    )
    if spec.workers:
        print_table(
            ("WORKER", "TARGET"),
            [(worker.id, worker.label) for worker in spec.workers],
            room=room(),
        )
    return 0


def init(arguments: argparse.Namespace) -> int:
    """Writes a worker file to start from."""
    path = Path(arguments.file)
    config.write_starter(path)
    say(f"{path} is written; proctui {path} starts what it describes")
    return 0
