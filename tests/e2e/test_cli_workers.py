from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from proctui.linux import procfs
from tests.e2e.commanding import CommandLine, proctui
from tests.support import until

__all__ = ["proctui"]

TWO = """
[workers.web]
command = "exec sleep 100"
count = 2
[workers.brief]
command = "exit 3"
"""

PS_FIELDS = [
    "session", "worker", "name", "pid", "ppid", "alive", "exitcode", "daemon", "start_method",
    "target", "state", "zombie", "orphan", "adopter", "parent_worker", "cpu_percent", "rss_bytes",
    "started_at", "ended_at", "joined_at", "restarts", "failure",
]  # fmt: skip


def test_ps_prints_the_documented_object(proctui: CommandLine) -> None:
    """The README promises these names, in this order, with these types."""
    proctui.run(
        TWO + '[workers.parent]\ncommand = "sleep 100 & wait"\ndaemon = true\n'
        '[workers.idle]\ntarget = "time:sleep"\nargs = [1]\nautostart = false\n'
        'start_method = "spawn"\n',
        "web-1",
        "parent",
    )
    until(lambda: proctui.workers()["brief"]["zombie"])
    until(lambda: len(proctui.processes()) == 6)
    supervisor = proctui.right("ls", "--json").json[0]["pid"]
    found = proctui.right("ps", "--json").json
    for one in found:
        assert list(one) == PS_FIELDS
    web, _, brief, parent, child, idle = found
    assert {key: web[key] for key in PS_FIELDS[:14]} == {
        "session": "lessons",
        "worker": "web-1",
        "name": "web-1",
        "pid": web["pid"],
        "ppid": supervisor,
        "alive": True,
        "exitcode": None,
        "daemon": False,
        "start_method": "fork",
        "target": "exec sleep 100",
        "state": "sleeping",
        "zombie": False,
        "orphan": False,
        "adopter": None,
    }
    assert web["rss_bytes"] > 0
    assert web["cpu_percent"] < 50
    assert web["started_at"] <= brief["ended_at"]
    assert (web["ended_at"], web["joined_at"], web["restarts"]) == (None, None, 0)
    assert (brief["alive"], brief["exitcode"], brief["state"]) == (False, 3, "zombie")
    assert (parent["daemon"], parent["parent_worker"]) == (True, None)
    assert child == {
        **dict.fromkeys(PS_FIELDS),
        "session": "lessons",
        "name": "sleep",
        "pid": child["pid"],
        "ppid": parent["pid"],
        "target": "sleep 100",
        "state": "sleeping",
        "zombie": False,
        "orphan": False,
        "parent_worker": "parent",
        "cpu_percent": child["cpu_percent"],
        "rss_bytes": child["rss_bytes"],
        "started_at": child["started_at"],
    }
    assert {one["failure"] for one in found} == {None}
    assert (idle["alive"], idle["pid"], idle["state"]) == (None, None, "idle")
    assert (idle["start_method"], idle["target"]) == ("spawn", "time:sleep(1)")


def test_ps_for_people(proctui: CommandLine) -> None:
    proctui.run('[workers.parent]\ncommand = "sleep 100 & wait"\n', "parent")
    until(lambda: len(proctui.processes()) == 2)
    heading, parent, child = proctui.right("ps").out.splitlines()
    assert heading.split()[:4] == ["WORKER", "NAME", "PID", "PPID"]
    assert parent.split()[:2] == ["parent", "parent"]
    assert child.split()[:3] == ["└", "parent", "sleep"]


def test_ps_fits_the_terminal_and_shows_what_hangs_under_what(proctui: CommandLine) -> None:
    words = "x" * 300
    proctui.run(f"[workers.parent]\ncommand = \"sh -c 'sleep 100; : {words}'; exit\"\n", "parent")
    until(lambda: len(proctui.processes()) == 3)
    for line in proctui.right("ps").out.splitlines()[1:3]:
        assert words in line, "whole, where no terminal is"
    shown = proctui.on_terminal("ps", columns=120).out.splitlines()
    assert shown[2].startswith("└ parent ") and shown[3].startswith("  └ parent ")
    assert words not in "".join(shown) and "…" in shown[1] and "…" in shown[2]
    assert {len(line) for line in shown[1:3]} == {120}


def test_ps_says_why_a_worker_failed(proctui: CommandLine) -> None:
    proctui.write('[workers.bad]\ntarget = "no_such_module:f"\n')
    proctui.right("run", "--detach")
    until(lambda: proctui.workers()["bad"]["state"] == "failed")
    reason = proctui.workers()["bad"]["failure"]
    assert "module 'no_such_module' not found" in reason
    assert f"\nbad failed: {reason}\n" in proctui.right("ps").out


def test_the_end_of_a_zombie_is_told_only_where_it_is_known(proctui: CommandLine) -> None:
    proctui.write(NEGLECT, "neglect.py")
    proctui.run('[workers.neglect]\ntarget = "neglect.py:neglect"\n', "neglect")
    until(lambda: [one for one in proctui.processes() if one["zombie"]])
    (zombie,) = [one for one in proctui.processes() if one["zombie"]]
    assert zombie["parent_worker"] == "neglect" and zombie["exitcode"] == 0
    assert zombie["ended_at"] is None


NEGLECT = """
import os, time

def neglect():
    if os.fork() == 0:
        os._exit(0)
    time.sleep(100)
"""


def test_an_orphan_is_named_with_its_adopter(proctui: CommandLine) -> None:
    proctui.run('[workers.parent]\ncommand = "setsid sleep 100 & wait"\n', "parent")
    until(lambda: len(proctui.processes()) == 2)
    proctui.right("kill", "parent")
    proctui.right("join", "parent")
    (orphan,) = [one for one in proctui.processes() if one["worker"] is None]
    assert orphan["orphan"] is True
    assert orphan["ppid"] == os.getpid()  # the tests' own process adopts
    assert orphan["adopter"]
    assert orphan["parent_worker"] == "parent"


def test_join(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1")
    until(lambda: proctui.workers()["brief"]["zombie"])
    done = proctui.right("join", "brief")
    assert "exitcode 3" in done.out
    brief = proctui.workers()["brief"]
    assert (brief["zombie"], brief["state"], brief["exitcode"]) == (False, "ended", 3)
    late = proctui("join", "--timeout", "0.2", "web-1", "--json")
    assert late.status == 1
    assert late.err.startswith("proctui: web-1: ")
    (outcome,) = late.json
    assert (outcome["worker"], outcome["ok"]) == ("web-1", False)


def test_terminate_kill_and_other_signals(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1", "web-2")
    out = proctui.right("terminate", "--timeout", "20", "web-1").out
    assert out == "web-1: SIGTERM sent to it, and it has ended\n"
    proctui.right("kill", "--signal", "usr1", "web-2")
    proctui.right("join", "web-*")
    exits = {id: one["exitcode"] for id, one in proctui.workers().items()}
    assert exits == {"web-1": -15, "web-2": -10, "brief": 3}
    proctui.right("start", "web-1")
    proctui.right("kill", "web-1")
    proctui.right("join", "web-1")
    assert proctui.workers()["web-1"]["exitcode"] == -9
    again = proctui("kill", "web-1")
    assert again.status == 1
    assert again.err.startswith("proctui: web-1: ")
    wrong = proctui("kill", "--signal", "SIGKLIL", "web-1")
    assert (wrong.status, wrong.out) == (2, "")
    assert (
        "error: argument --signal: there is no signal 'SIGKLIL'; did you mean SIGKILL?" in wrong.err
    )


def test_start_restart_and_stop(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1", "web-2")
    first = proctui.workers()["web-1"]["pid"]
    proctui.right("restart", "web-1")
    second = proctui.workers()["web-1"]["pid"]
    assert first != second
    words = ("stop", "--timeout", "5", "--signal", "INT", "web-*", "--json")
    outcomes = proctui.right(*words).json
    assert [(one["worker"], one["ok"], one["exitcode"]) for one in outcomes] == [
        ("web-1", True, -2),
        ("web-2", True, -2),
    ]
    until(lambda: not Path(f"/proc/{second}").exists())
    running = proctui("start", "web-1")
    assert running.status == 0
    assert proctui("start", "web-1").status == 1


def test_a_worker_that_does_not_exist(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1")
    done = proctui("kill", "wbe-1")
    assert (done.status, done.out) == (1, "")
    assert "there is no worker wbe-1; did you mean web-1?" in done.err


FAMILY = """
[workers.family]
command = "setsid sleep 101 & sleep 102 & sh -c 'sleep 103 & sleep 104 & wait' & wait"
stop_timeout = 1.0
[workers.other]
command = "sleep 100 & wait"
"""


def of(proctui: CommandLine, worker: str) -> list[int]:
    return [
        one["pid"]
        for one in proctui.processes()
        if worker in (one["worker"], one["parent_worker"]) and one["state"] != "ended"
    ]


def gone(pid: int) -> bool:
    try:
        return procfs.read_stat(pid).is_zombie
    except ProcessLookupError:
        return True


def test_a_whole_tree(proctui: CommandLine) -> None:
    proctui.run(FAMILY, "family", "other")
    for command in (["kill", "--tree"], ["terminate", "--tree"], ["stop", "--tree"]):
        until(lambda: len(of(proctui, "family")) == 6)
        tree = of(proctui, "family")
        done = proctui.right(*command, "family")
        assert done.out.count("ended with the tree") == 5
        told = [int(pid) for pid in re.findall(r"\((\d+)\): ended with", done.out)]
        assert told == sorted(told)
        assert all(map(gone, tree))
        assert len(of(proctui, "other")) == 2
        proctui("join", "family")
        proctui.right("start", "family")
    notes = [event for event in proctui.events() if event["kind"] == "note"]
    assert sum("ended with the tree of family" in note["text"] for note in notes) == 3


def test_the_tree_of_a_worker_that_has_ended(proctui: CommandLine) -> None:
    proctui.run('[workers.parent]\ncommand = "sleep 100 & sleep 101 & wait"\n', "parent")
    until(lambda: len(of(proctui, "parent")) == 3)
    proctui.right("kill", "parent")
    proctui.right("join", "parent")
    left = of(proctui, "parent")
    assert len(left) == 2
    done = proctui.right("kill", "--tree", "parent")
    assert "parent: did not run itself, what it left was ended" in done.out
    assert all(map(gone, left))
    assert proctui("kill", "--tree", "parent").status == 1


def test_a_restarted_run_is_not_of_the_tree(proctui: CommandLine) -> None:
    proctui.run(
        '[workers.phoenix]\ncommand = "sleep 100 & wait"\nrestart = "always"\nbackoff = 0.1\n',
        "phoenix",
    )
    until(lambda: len(of(proctui, "phoenix")) == 2)
    before = of(proctui, "phoenix")
    proctui.right("terminate", "--tree", "phoenix")
    assert all(map(gone, before))
    until(lambda: proctui.workers()["phoenix"]["restarts"] == 1)
    until(lambda: len(set(of(proctui, "phoenix")) - set(before)) == 2)


def test_a_tree_takes_no_other_signal(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1")
    done = proctui("kill", "--tree", "--signal", "HUP", "web-1")
    assert (done.status, done.out) == (2, "")
    assert done.err == "proctui: --tree ends a whole tree: only SIGTERM or SIGKILL go with it\n"
    assert proctui.workers()["web-1"]["alive"]


def test_add(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1")
    (proctui.folder / "jobs.py").write_text(
        "def crunch(number, *, verbose=False):\n    print('crunched', number, verbose)\n"
    )
    proctui.right(
        "add", "jobs.py:crunch", "--arg", "3", "--kwarg", "verbose=True", "--count", "2",
        "--daemon", "--start-method", "spawn",
    )  # fmt: skip
    proctui.right("add", "--name", "server", "--", "sleep", "100")
    proctui.right("add", "--name", "later", "--idle", "--", "sleep", "--version")
    until(lambda: proctui.workers()["server"]["alive"])
    until(lambda: proctui.workers()["crunch-1"]["exitcode"] == 0)
    workers = proctui.workers()
    assert workers["crunch-2"]["daemon"] is True
    assert workers["crunch-2"]["start_method"] == "spawn"
    assert workers["later"]["alive"] is None
    assert proctui.right("logs", "crunch-1").out == "crunched 3 True\n"
    twice = proctui("add", "--name", "server", "--", "true")
    assert twice.status == 1
    assert "server" in twice.err
    assert proctui("add", "--", "").status == 2
    assert proctui("add", "no colon").status == 2


def test_more_than_fit_into_one_command(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1")
    words = ["--name", "many", "--count", "1200", "--idle", "--", "echo", "x" * 1000]
    done = proctui.right("add", "--json", *words)
    assert [one["worker"] for one in done.json] == [f"many-{n}" for n in range(1, 1201)]
    assert len(proctui.workers()) == 1203


def test_interrupting_a_join_gives_it_up(proctui: CommandLine) -> None:
    proctui.run(TWO, "web-1")
    with proctui.going("join", "web-1") as process:
        until(lambda: "join-waiting" in {event["kind"] for event in proctui.events()})
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""
    until(lambda: "join-cancelled" in {event["kind"] for event in proctui.events()})


def test_helpers_of_multiprocessing_are_called_what_they_are(proctui: CommandLine) -> None:
    proctui.run(
        '[workers.one]\ntarget = "time:sleep"\nargs = [100]\nstart_method = "forkserver"\n', "one"
    )
    until(lambda: {one["target"] for one in proctui.processes()} >= {"fork server"})
    helpers = [one for one in proctui.processes() if one["worker"] is None]
    assert {one["target"] for one in helpers} == {"fork server", "resource tracker"}
    assert {one["parent_worker"] for one in helpers} == {None}


FORKING = """
[workers.list]
command = ["python3", "-c", "import subprocess as s; s.Popen(['sleep', '105']).wait()"]
[workers.line]
command = "sleep 106 & sleep 107; wait"
"""


def sleeps(proctui: CommandLine, worker: str) -> list[int]:
    found = [one for one in proctui.processes() if one["parent_worker"] == worker]
    return [one["pid"] for one in found if one["name"] == "sleep"]


def test_what_is_left_behind_is_said(proctui: CommandLine) -> None:
    proctui.run(FORKING, "list", "line")
    until(lambda: len(sleeps(proctui, "list")) == 1 and len(sleeps(proctui, "line")) == 2)
    (first,), line = sleeps(proctui, "list"), sleeps(proctui, "line")
    told = f"1 process is left behind: sleep ({first}); stop --tree ends them too\n"
    assert proctui.right("restart", "list").out.endswith(told)
    assert "left behind" not in proctui.right("stop", "line").out
    assert all(map(gone, line)), "the process group of a shell line is stopped as a whole"
    until(lambda: len(sleeps(proctui, "list")) == 2)
    (second,) = set(sleeps(proctui, "list")) - {first}
    done = proctui("kill", "--json", "list")
    told = f"1 process is left behind: sleep ({second}); --tree ends them too\n"
    assert (done.status, done.err) == (0, f"proctui: {told}") and done.json[0]["ok"]
    assert proctui.right("stop", "--tree", "list").out.count("ended with the tree") == 2
    assert gone(first) and gone(second)


CLEANER = """
import multiprocessing, time

class Cleaner(multiprocessing.Process):
    def __init__(self):
        super().__init__()
        self.name = "MyCleaner"

    def run(self):
        print("cleaning")
        time.sleep(100)
"""


def test_a_worker_by_the_name_that_it_gave_itself(proctui: CommandLine) -> None:
    proctui.write(CLEANER, "cleaning.py")
    proctui.run('[workers.c]\ntarget = "cleaning.py:Cleaner"\n' + TWO, "c", "web-1")
    until(lambda: proctui.workers()["c"]["name"] == "MyCleaner")
    until(lambda: proctui.quick("logs", "MyCleaner") == "cleaning\n")
    assert proctui.right("stop", "MyCleaner").out.startswith("c: stopped: ")
    told = proctui.right("events", "--worker", "MyCleaner").out
    assert "  c  " in told and "web-1" not in told
    assert "there is c (MyCleaner), web-1, web-2, brief" in proctui("stop", "zzz").err
