"""The sweep at a session's end, as the supervisor runs it: a short-lived child."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from proctui.linux import procfs
from proctui.linux.sweep import Order, parse_order, vouched_sessions
from tests.supervisor.kin import Family, family, unique_tag

TAG = unique_tag()


def run_sweep(**order: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "proctui.linux.sweep"],
        input=json.dumps({"tag": TAG, "sids": [], "spare": [], "grace": 2.0} | order),
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def is_running(pid: int) -> bool:
    try:
        return not procfs.read_stat(pid).is_zombie
    except ProcessLookupError:
        return False


def escaped(kin: Family) -> list[int]:
    return [kin[name] for name in ("actor", "child", "grandchild", "escapee")]


ESCAPING = """
def escape():
    os.setsid()
    say(escapee=fork())

child = fork(lambda: (say(grandchild=fork()), hang()))
say(child=child)
fork(escape)
hang()
"""


def test_ends_what_the_tag_tells() -> None:
    with family(ESCAPING, env={"PROCTUI_SESSION": TAG}) as kin, family("hang()") as stranger:
        pids = escaped(kin)
        report = run_sweep(spare=[kin["keeper"]])
        assert {entry["pid"] for entry in report["ended"]} >= set(pids)
        assert {entry["signal"] for entry in report["ended"]} == {"SIGTERM"}
        assert report["left"] == []
        assert not any(is_running(pid) for pid in pids)
        assert is_running(kin["keeper"])
        assert is_running(stranger["actor"])


def test_ends_sessions_that_somebody_vouches_for() -> None:
    """The workers of a supervisor without the tag: their session leads to them."""
    with family(ESCAPING) as kin:
        pids = escaped(kin)
        report = run_sweep(sids=[kin["actor"]], spare=[kin["keeper"]])
        assert {entry["pid"] for entry in report["ended"]} >= {kin["actor"], kin["child"]}
        assert not any(is_running(pid) for pid in pids), "children links lead to the escapee"


def test_leaves_a_session_alone_for_which_nobody_vouches() -> None:
    with family(ESCAPING) as kin:
        pids = escaped(kin)
        report = run_sweep(sids=[kin["actor"]])
        assert report == {"ended": [], "left": []}
        assert all(is_running(pid) for pid in pids)


def test_ends_an_orphaned_session_by_its_tag_though_its_leader_was_reaped() -> None:
    orphaning = """
    def lead():
        os.setsid()
        def work():
            say(orphan=fork())
        os.waitpid(fork(work), 0)
    os.waitpid(fork(lead), 0)
    say(done=1)
    hang()
    """
    with family(orphaning, env={"PROCTUI_SESSION": TAG}) as kin:
        orphan = kin["orphan"]
        assert kin["done"]
        assert procfs.read_stat(orphan).ppid == kin["keeper"]
        report = run_sweep(spare=[kin["keeper"], kin["actor"]])
        assert [entry["pid"] for entry in report["ended"]] == [orphan]
        assert is_running(kin["actor"])


def test_kills_what_ignores_the_request_and_stopped_ones_are_woken() -> None:
    stubborn = """
    def ignore():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say(ready=1)
        hang()
    say(stubborn=fork(ignore))
    sleeper = fork()
    os.kill(sleeper, signal.SIGSTOP)
    say(sleeper=sleeper)
    hang()
    """
    with family(stubborn, env={"PROCTUI_SESSION": TAG}) as kin:
        assert kin["ready"]
        sleeper = kin["sleeper"]
        began = time.monotonic()
        report = run_sweep(spare=[kin["keeper"]], grace=0.5)
        signals = {entry["pid"]: entry["signal"] for entry in report["ended"]}
        assert signals[kin["stubborn"]] == "SIGKILL"
        assert signals[sleeper] == "SIGTERM"
        assert time.monotonic() - began >= 0.5


def test_ends_what_forks_while_it_is_ended() -> None:
    """Each SIGTERM is answered with another child in a session of its own."""
    hydra = """
    def grow(*_):
        def head():
            os.setsid()
            signal.signal(signal.SIGTERM, grow)
            hang()
        fork(head)
    signal.signal(signal.SIGTERM, grow)
    say(ready=1)
    hang()
    """
    with family(hydra, env={"PROCTUI_SESSION": TAG}) as kin:
        assert kin["ready"]
        keeper = kin["keeper"]
        report = run_sweep(spare=[keeper], grace=0.4)
        assert report["left"] == []
        assert len(report["ended"]) >= 2
        assert not any(is_running(pid) for pid in procfs.children(keeper))


def test_children_of_named_parents_belong_to_it() -> None:
    """What an adopting supervisor got back: no tag, no session, but its child."""
    with family(ESCAPING) as kin:
        pids = escaped(kin)
        report = run_sweep(parents=[kin["keeper"]], spare=[kin["keeper"]])
        assert {entry["pid"] for entry in report["ended"]} >= set(pids)


def test_what_is_spared_is_not_reached_through() -> None:
    with family(ESCAPING, env={"PROCTUI_SESSION": TAG}) as kin:
        escaped(kin)
        report = run_sweep(spare=[kin["keeper"], kin["child"]])
        assert is_running(kin["child"])
        assert kin["child"] not in {entry["pid"] for entry in report["ended"]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSON"),
        ("[]", "tag"),
        ('{"tag": ""}', "tag"),
        ('{"tag": "x", "sids": ["1"]}', "sids"),
        ('{"tag": "x", "spare": 7}', "spare"),
        ('{"tag": "x", "grace": -1}', "grace"),
    ],
)
def test_refuses_an_order_it_does_not_understand(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_order(text)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "proctui.linux.sweep"],
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_a_recycled_session_number_is_not_trusted() -> None:
    """Pure: session 70 is a stranger's by now, 80 has a tagged member, 90 a child of ours."""

    def stat(pid: int, ppid: int, sid: int) -> procfs.Stat:
        return procfs.Stat(pid, "x", "S", ppid, sid, sid, 0, 1, 100, 0, 0, 0)

    order = Order("t", (70, 80, 90), frozenset({5}), 1.0)
    stats = {s.pid: s for s in (stat(70, 1, 70), stat(71, 70, 70), stat(81, 1, 80))}
    stats[90] = stat(90, 5, 90)
    tags: dict[int, str | None] = {71: "other", 81: "t"}
    assert vouched_sessions(order, stats, tags) == {80, 90}


def test_needs_the_standard_library_alone() -> None:
    code = (
        "import sys, proctui.linux.sweep\n"
        "foreign = {'msgspec', 'psutil', 'textual', 'platformdirs'} & set(sys.modules)\n"
        "assert not foreign, foreign"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
