"""Switching faults on and off in processes that a test starts."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.support import ROOT

INJECTED = Path(__file__).parent / "injected"


class Faults:
    """What fails in every interpreter that was started with `env`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    @property
    def env(self) -> dict[str, str]:
        """To be added to the environment of what is to suffer them."""
        places = [str(INJECTED), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            "PROCTUI_TEST_FAULTS": str(self._folder),
            "PYTHONPATH": os.pathsep.join(places),
            "PYTHONDONTWRITEBYTECODE": "1",  # thousands of steps that would hide those of interest
        }

    def on(self, name: str, value: object) -> None:
        """As `sitecustomize` describes them."""
        draft = self._folder / f"{name}.new"
        draft.write_text(str(value))
        draft.rename(self._folder / name)

    def off(self, name: str) -> None:
        """Harmless where it was not on."""
        (self._folder / name).unlink(missing_ok=True)

    def crash(self, module: str, begin: str, point: int, *, forked: bool = False) -> None:
        """Has the next process of `module` killed before the call with this number.

        With a negative one it lives, and `points` tells what it called.
        """
        self.on("crash", f"{module} {begin} {point} {'forked' if forked else 'own'}")

    def points(self) -> list[str]:
        """What was called since the last time, in order."""
        file = self._folder / "points"
        try:
            names = file.read_text().split()
        except FileNotFoundError:
            return []
        file.unlink()
        return names


def spread(count: int, wanted: int, seed: int) -> list[int]:
    """Numbers from 0 to below `count`: all of them, or one out of each of `wanted` equal parts.

    Which one `seed` decides, so that runs with others try others.  PROCTUI_TEST_ALL has all.
    """
    if count <= wanted or os.environ.get("PROCTUI_TEST_ALL"):
        return list(range(count))
    chosen = random.Random(seed)
    parts = [(count * n // wanted, count * (n + 1) // wanted) for n in range(wanted)]
    return [chosen.randrange(first, end) for first, end in parts]
