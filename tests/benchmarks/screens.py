"""Programs to compare, each in a terminal of its own:
``python -m tests.benchmarks.screens ours|datatable|empty [ROWS] [SHARE THAT CHANGES]``.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Runs one until it is ended."""
    which, rows, share = [*sys.argv[1:], "0", "0"][:3]
    if which == "empty":
        from tests.benchmarks.empty_app import EmptyApp

        EmptyApp().run()
    elif which == "datatable":
        from tests.benchmarks.datatable_app import TableApp

        TableApp(int(rows), float(share)).run()
    else:
        from tests.benchmarks.ours_app import make

        make(int(rows), float(share)).run()


if __name__ == "__main__":
    main()
