"""``python -P -m proctui.supervisor``."""

from __future__ import annotations

from proctui import lean

if __name__ == "__main__":
    lean.import_msgspec()
    from proctui.supervisor.program import run

    run()
