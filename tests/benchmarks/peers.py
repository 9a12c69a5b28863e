"""The tools people use today, as command lines that refresh once a second."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Peer(NamedTuple):
    """One that is installed."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    first: str
    """Stands on the screen once the list does."""


_BTOP = 'update_ms = 1000\nshown_boxes = "cpu mem net proc"\nproc_tree = False\n'

INSTALL = {
    "htop": "apt install htop",
    "btop": "apt install btop",
    "top": "apt install procps",
    "glances": "pip install glances",
}


def installed(folder: Path, wanted: tuple[str, ...] = tuple(INSTALL)) -> list[Peer]:
    """Those that are here.  `folder` is where they find their settings."""
    config = folder / "config"
    (config / "btop").mkdir(parents=True, exist_ok=True)
    (config / "btop" / "btop.conf").write_text(_BTOP)
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(config)}
    known = [
        Peer("htop", ("htop", "-d", "10"), home, "PID"),
        Peer("top", ("top", "-d", "1"), home, "PID"),
        Peer("btop", ("btop", "--utf-force"), home, "Pid:"),
        Peer("glances", ("glances", "-t", "1"), home, "PID"),
    ]
    return [one for one in known if one.name in wanted and shutil.which(one.name)]


def missing() -> list[str]:
    """How to get those that are not."""
    return [
        f"{name} is not installed: {how}"
        for name, how in INSTALL.items()
        if shutil.which(name) is None
    ]
