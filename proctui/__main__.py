"""``python -m proctui``."""

from __future__ import annotations

from proctui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
