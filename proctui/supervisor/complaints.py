"""What the supervisor complains about, on its standard error: a file in the session's folder.

Not `logging`, which every worker would inherit, loaded or not.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable


def complain(text: str, error: BaseException | None = None) -> None:
    """One line with the time; with `error` its traceback too.

    Never raises: a full disk, on which complaints are lost, must not end the session.
    """
    moment = time.strftime("%Y-%m-%d %H:%M:%S")
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{moment} {text}\n")
        if error is not None:
            import traceback  # rarely needed

            traceback.print_exception(error, file=sys.stderr)
        sys.stderr.flush()


def attempt(what: str, call: Callable[[], object]) -> Exception | None:
    """Makes a call whose failure must not end more than itself.

    Complains of what it raised, and answers it, for somebody to be told.
    """
    try:
        call()
    except Exception as error:  # noqa: BLE001  (whatever it is, the session goes on)
        complain(f"{what} failed", error)
        return error
    return None
