"""Textual's driver, for a terminal on which a first picture stands already."""

from __future__ import annotations

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from proctui.tui.curtain import ENTER, Curtain


def following(curtain: Curtain) -> type[Driver]:
    """A driver that takes the terminal over from `curtain` without a blank screen between."""

    class Following(LinuxDriver):
        """Leaves out one thing: entering the alternate screen where that was done."""

        def write(self, data: str) -> None:
            """As Textual's."""
            if data == ENTER and curtain.standing:
                curtain.taken()
            else:
                super().write(data)

    return Following
