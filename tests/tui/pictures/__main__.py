"""Draws the screen from made-up histories.

``python -m tests.tui.pictures`` draws those of the README anew, beside this file;
``python -m tests.tui.pictures --all DIR [NAME ...]`` draws every view, dialog and state in four
sizes, to look at.  Session, clock and pids are the same every time, so that a picture changes
only where the screen does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.tui.pictures.scenes import SCENES, Scene, playing

Size = tuple[int, int]

KEPT = ("workers", "cures", "orphan", "machine", "timeline", "lesson")
"""The scenes that the README shows."""
USUAL: Size = (120, 40)
SIZES: tuple[Size, ...] = ((60, 15), (80, 24), USUAL, (300, 100))


async def draw(scene: Scene, size: Size, path: Path) -> None:
    """Writes one scene in one size, as SVG."""
    async with playing(scene, size) as stage:
        path.write_text(smaller(stage.app.export_screenshot(title="proctui")), "utf-8")


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


def wanted(everything: Path | None, names: Iterable[str]) -> Iterator[tuple[Scene, Size, Path]]:
    """What is drawn, how large, and where to."""
    chosen = [scene for scene in SCENES if scene.name in (names or [s.name for s in SCENES])]
    for scene in chosen:
        if everything is None:
            if scene.name in KEPT:
                yield scene, USUAL, Path(__file__).parent / f"{scene.name}.svg"
        else:
            for columns, lines in SIZES:
                path = everything / f"{scene.name}-{columns}x{lines}.svg"
                yield scene, (columns, lines), path


def main() -> None:
    """Draws the README's pictures, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.tui.pictures")
    parser.add_argument("--all", type=Path, metavar="DIR", help="every scene, in every size")
    parser.add_argument("names", nargs="*", metavar="NAME", help="these scenes only")
    arguments = parser.parse_args()
    if arguments.all is not None:
        arguments.all.mkdir(parents=True, exist_ok=True)
    os.environ.update(TZ="UTC", COLORTERM="truecolor")
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROCTUI_CONFIG_DIR"] = folder
        for scene, size, path in wanted(arguments.all, arguments.names):
            asyncio.run(draw(scene, size, path))
            print(path)


if __name__ == "__main__":
    main()
