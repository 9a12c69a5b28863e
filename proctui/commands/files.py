"""``check`` and ``init``: worker files, without a session."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctui.commands.output import complain, print_object, print_table, say
from proctui.files import config


def check(arguments: argparse.Namespace) -> int:
    """Checks a file; mistakes are raised and end with status 2."""
    path = Path(arguments.file)
    spec = config.load(path)
    warnings = config.warnings(path)
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
    say(f"{path} is right: session {spec.name}, {len(spec.workers)} workers")
    print_table(("WORKER", "TARGET"), [(worker.id, worker.label) for worker in spec.workers])
    return 0


def init(arguments: argparse.Namespace) -> int:
    """Writes a worker file to start from."""
    path = Path(arguments.file)
    config.write_starter(path)
    say(f"{path} is written; proctui {path} starts what it describes")
    return 0
