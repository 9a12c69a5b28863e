"""A person's settings: what they may be, and where they are read from.

They stand in ``config.toml`` in the user's configuration directory
(``~/.config/proctui``; ``PROCTUI_CONFIG_DIR`` points elsewhere) and are about the
screen alone: no session and no worker depends on them.  Checked like worker files
(`proctui.files.settings_rules`, which is loaded where there is a file only), and before
anything is launched.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from proctui.files.mistakes import ConfigError
from proctui.files.textfile import read_text
from proctui.tui.keymap import Preset
from proctui.views.view import COLUMNS, Column

FILE: Final = "config.toml"
VARIABLE: Final = "PROCTUI_CONFIG_DIR"

Confirmed = Literal["terminate", "kill", "signal", "stop", "restart"]
CONFIRMED: Final[tuple[Confirmed, ...]] = get_args(Confirmed)
"""Actions that ask before they do anything."""
OnQuit = Literal["ask", "stop", "wait", "detach"]

NARROWEST: Final = 3
WIDEST: Final = 200
"""Cells that a column may have."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a person chose; everything has a default."""

    theme: str = "textual-dark"
    """Name of a theme, of Textual's or of ours."""
    keymap: Preset = "default"
    keys: dict[str, tuple[str, ...]] = {}
    """What differs from the preset: ids of actions and moves → Textual's names of keys."""
    columns: tuple[Column, ...] = COLUMNS
    """The columns of the table, in their order."""
    widths: dict[Column, int] = {}
    """Cells of the columns that are not to fit themselves in."""
    tree: bool = True
    sort: Column | None = None
    """None: the order of the worker file."""
    reverse: bool = False
    """The other way round than is natural for the column."""
    refresh: float | None = None
    """Seconds between two refreshes of the figures; None: what the session says."""
    confirm: tuple[Confirmed, ...] = CONFIRMED
    """What asks first.  Where it would hit something dangerous it is asked all the same."""
    on_quit: OnQuit = "ask"
    """What becomes of workers that run when the screen is left."""


def path() -> Path:
    """Where the settings are, whether or not there are any."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).absolute() / FILE
    import platformdirs  # not needed where the place is given

    return platformdirs.user_config_path("proctui", appauthor=False) / FILE


def load(file: Path | None = None) -> Settings:
    """The person's settings, the defaults where there is no file.  Raises `ConfigError`."""
    file = file or path()
    try:
        text = read_text(file)
    except ConfigError as error:
        if isinstance(error.__cause__, FileNotFoundError) and not file.is_symlink():
            return Settings()
        raise
    from proctui.files.settings_rules import loads  # most have no file, and their screen is sooner

    return loads(text, file)
