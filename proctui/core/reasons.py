"""Why a process that nobody saw being born belongs where it was found.  Pure."""

from __future__ import annotations

from proctui.core.kin import Kin
from proctui.core.naming import person
from proctui.core.runs import Run


def why_found(kin: Kin, run: Run | None, leader: Kin | None, *, watched: bool) -> str:
    """The rest of a sentence; untrusted names in it.

    `run` leads, or led, the session that it was found by, `leader` has that session's number now;
    `watched` where no supervisor launched any of them.
    """
    sid = kin.sample.sid
    if kin.certainty == "group":
        return f"it is in the process group of {kin.worker}, but under an adopter"
    if run is not None and watched:
        if leader is None or leader.sample.is_zombie:
            return f"its session leader {sid} is gone"
        return f"it is in the session of {person(leader.name, sid)}, but under an adopter"
    if run is not None:
        if leader is None or leader.bound != run.worker or leader.sample.is_zombie:
            return f"its session leader {run.worker} ({sid}) is gone"
        return f"it is in the session that {run.worker} ({sid}) leads, but under an adopter"
    if kin.lineage.certainty != "tag":
        return "the supervisor did not start it"
    whose = f"of {kin.worker}" if kin.worker else "of this session but of no worker"
    alone = " and leads a session of its own" if sid == kin.pid else ""
    return f"it carries the tag {whose}{alone}"
