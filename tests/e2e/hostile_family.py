"""A worker and descendants that call themselves, and print, whatever would do harm to a terminal.

Run as a program of its own: ``hostile_family.py`` is given the corpus as a file of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def _call_oneself(name: str) -> None:
    raw = name.encode("utf-8", "surrogatepass").replace(b"\0", b"")[:15]
    if raw:
        Path("/proc/self/comm").write_bytes(raw)


def main() -> None:
    """Prints everything, and has children of every name."""
    names: list[str] = json.loads(Path(sys.argv[1]).read_text())
    for name in names:
        os.write(1, name.encode("utf-8", "surrogatepass") + b"\n")
    for number, name in enumerate(names):
        if os.fork() == 0:
            _call_oneself(name)
            if number % 4 == 1:
                os._exit(3)  # a zombie: nobody joins it
            if number % 4 == 2 and os.fork():
                os._exit(0)  # an orphan is left
            time.sleep(600)
            os._exit(0)
    _call_oneself(names[0])
    os.write(1, b"all there\n")
    time.sleep(600)


if __name__ == "__main__":
    main()
