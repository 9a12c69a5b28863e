"""The kinds of workers that the state machine test lets live."""

from __future__ import annotations

from typing import Any

from proctui.spec import WorkerSpec
from tests.supervisor.machine_model import Modelled
from tests.supervisor.specs import ends, sleeper, target


def lasting(name: str, **more: Any) -> Modelled:
    return Modelled(target(name, "behaviours:last", **more))


def spawned(name: str, **more: Any) -> Modelled:
    return lasting(name, start_method="spawn", **more)


def served(name: str, **more: Any) -> Modelled:
    return lasting(name, start_method="forkserver", **more)


def executed(name: str, **more: Any) -> Modelled:
    return Modelled(sleeper(name, **more))


def lined(name: str, **more: Any) -> Modelled:
    """A shell line whose shell is not alone in its process group."""
    line = "sleep 600 & sleep 600"
    words = ("/bin/sh", "-c", line)
    return Modelled(WorkerSpec(id=name, command=words, shell_line=line, **more))


def brief(name: str, **more: Any) -> Modelled:
    return Modelled(ends(name, 7, **more), own_exitcode=7)


def stubborn(name: str, **more: Any) -> Modelled:
    """It may be stopped before it has come to ignore that."""
    spec = target(name, "behaviours:stubborn", stop_timeout=0.02, **more)
    return Modelled(spec, ends_by=frozenset({-15, -9}))


def restless(name: str, **more: Any) -> Modelled:
    again = {"restart": "always", "backoff": 0.001, "backoff_max": 0.001, "max_restarts": 2}
    return Modelled(ends(name, 3, **again, **more), own_exitcode=3)


KINDS = (
    *(lasting, lasting, lasting, executed, lined, brief, brief),
    *(stubborn, stubborn, restless, restless, served, spawned),
)
