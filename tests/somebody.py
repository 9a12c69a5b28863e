"""Another user of this machine, as whom root runs tests: an interpreter that he may run."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import sysconfig

from tests.support import ROOT

NOBODY = 65534
"""User and group (user_namespaces(7), overflowuid)."""
PYTHONPATH = os.pathsep.join(
    [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
)
"""This checkout and what it needs, for an interpreter that does not bring them."""


@functools.cache
def interpreter() -> str | None:
    """Ours, or another of the same version, that nobody may run with this program.

    None where there is none: homes that are closed to others are where many keep their Pythons.
    """
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    others = (shutil.which(name, path=folder) for folder in os.get_exec_path())
    return next((one for one in (sys.executable, *others) if one and _runs(one)), None)


def _runs(python: str) -> bool:
    code = f"import sys, proctui.cli; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        done = subprocess.run(
            [python, "-c", code], cwd="/", env={"PYTHONPATH": PYTHONPATH},
            user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False,
        )  # fmt: skip
    except PermissionError:
        return False
    return done.returncode == 0
