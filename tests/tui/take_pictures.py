"""Takes the README's pictures from made-up histories: ``python -m tests.tui.take_pictures [DIR]``.

The same session, clock and pids every time, so that a picture changes only where the screen does.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from proctui.tui import machine_feed
from tests.tui.fakes import Clock, FakeClient, FakeKernel, lessons
from tests.tui.lesson_scene import left_behind
from tests.tui.machine_scene import SceneMachine
from tests.tui.screens import opened

FOLDER = Path(__file__).parent / "pictures"


class Picture(NamedTuple):
    """One picture: what is pressed before it is taken, and what must stand on it then."""

    name: str
    row: str
    """Name of the row under the cursor."""
    keys: Sequence[str]
    sees: str
    size: tuple[int, int] = (120, 40)
    session: Callable[[Clock], tuple[FakeClient, FakeKernel]] = lessons


PICTURES = (
    Picture("workers", "worker-3", (), "They disagree"),
    Picture("cures", "python3", ("j",), "In the order of harm."),
    Picture("machine", "worker-3", ("3", "down"), "convert"),
    Picture("timeline", "worker-3", ("2",), "Timeline"),
    Picture("lesson", "grandparent", (), "► 4 Put the cursor", session=left_behind),
)


async def take(picture: Picture, folder: Path) -> Path:
    """Draws one picture into `folder`."""
    async with opened(picture.size, picture.session(Clock())) as stage:
        rows = stage.workers.feed.store.rows.values()
        named = next(row for row in rows if row.name == picture.row and row.state != "sleeping")
        await stage.go_to(named.key)
        await stage.press(*picture.keys)
        await stage.sees(picture.sees)
        path = folder / f"{picture.name}.svg"
        path.write_text(smaller(stage.app.export_screenshot(title="proctui")), "utf-8")
        return path


def smaller(svg: str) -> str:
    """The same picture in little more than half as many bytes."""
    for what, instead in (
        ("&#160;", "\u00a0"),
        (r"terminal-\d+-", "t"),
        (r'<clipPath id="tline-\d+">.*?</clipPath>\s*', ""),
        (r' clip-path="url\(#tline-\d+\)"', ""),
        (r"<text [^>]*>\s*</text>", ""),
        (r' shape-rendering="crispEdges"', ""),
        ("</style>", "rect { shape-rendering: crispEdges }\n    </style>"),
    ):
        svg = re.sub(what, instead, svg, flags=re.DOTALL)
    return svg


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    setattr(machine_feed, "Machine", SceneMachine)  # noqa: B010  # nothing of this machine
    for picture in PICTURES:
        print(asyncio.run(take(picture, folder)))


if __name__ == "__main__":
    main()
