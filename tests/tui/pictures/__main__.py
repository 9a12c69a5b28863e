"""Draws every scene in three sizes: ``python -m tests.tui.pictures [--out DIR] [NAME ...]``.

To look at, not to keep: the few pictures of the README are made by `tests.tui.take_pictures`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from tests.tui.pictures.scenes import SCENES, Scene, playing

SIZES: tuple[tuple[int, int], ...] = ((80, 24), (120, 40), (200, 60))


async def draw(scene: Scene, size: tuple[int, int], folder: Path) -> Path:
    """One scene in one size, as SVG."""
    async with playing(scene, size) as stage:
        path = folder / f"{scene.name}-{size[0]}x{size[1]}.svg"
        path.write_text(stage.app.export_screenshot(title="proctui"))
    return path


def main() -> None:
    """Draws all, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.tui.pictures")
    parser.add_argument("--out", type=Path, default=Path("pictures"), metavar="DIR")
    parser.add_argument("--size", metavar="COLUMNSxLINES", help="one size in place of three")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    sizes = SIZES
    if arguments.size is not None:
        columns, _, lines = arguments.size.partition("x")
        sizes = ((int(columns), int(lines)),)
    arguments.out.mkdir(parents=True, exist_ok=True)
    os.environ["TZ"] = "UTC"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROCTUI_CONFIG_DIR"] = folder
        for scene in SCENES:
            if not arguments.names or scene.name in arguments.names:
                for size in sizes:
                    print(asyncio.run(draw(scene, size, arguments.out)))


if __name__ == "__main__":
    main()
