"""Importing msgspec without what it takes along where it is there, and does not need.

For Pythons before 3.11 it asks for ``typing_extensions``, which Textual brings.  That imports
``inspect``, ``ast`` and ``tokenize``: more than msgspec itself takes, before anything is drawn,
and memory that every forked worker shares.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

_UNNEEDED = "typing_extensions"


def import_msgspec() -> None:
    """Has it imported for everybody who does from now on."""
    if "msgspec" in sys.modules or _UNNEEDED in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    modules[_UNNEEDED] = None  # an import of it fails as if it weren't installed (importlib docs)
    try:
        importlib.import_module("msgspec")
    except ImportError:
        sys.modules.pop("msgspec", None)  # then it does need it, and is imported as usual
    finally:
        del modules[_UNNEEDED]
