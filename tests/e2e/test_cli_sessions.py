from __future__ import annotations

import json
import os
import signal
from functools import partial
from pathlib import Path

from proctui.sessions.session import find
from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import terminal
from tests.support import kernel_state, until

__all__ = ["proctui"]

ONE = '[workers.one]\ncommand = "exec sleep 100"\n'
"""A session with one worker."""


def kill_supervisor() -> None:
    session = find()
    os.kill(session.facts.pid, signal.SIGKILL)
    until(lambda: not find(session.name, running=False).running)


def runs(pid: int) -> bool:
    """Exists and is no zombie (proc_pid_exe(5))."""
    return os.path.lexists(f"/proc/{pid}/exe") and kernel_state(pid) != "Z"


def test_run_prints_the_name_and_ls_lists_it(proctui: CommandLine) -> None:
    file = proctui.write(ONE)
    assert proctui.right("run", "--detach").out == "lessons\n"
    until(lambda: proctui.workers()["one"]["alive"])
    (listed,) = proctui.right("ls", "--json").json
    assert (listed["session"], listed["status"], listed["workers"], listed["alive"]) == (
        "lessons", "running", 1, 1,
    )  # fmt: skip
    assert listed["source"] == str(file)
    heading, line = proctui.right("ls").out.splitlines()
    assert heading.split() == ["SESSION", "STATUS", "PID", "ALIVE", "WORKERS", "STARTED", "FILE"]
    assert line.split()[:5] == ["lessons", "running", str(listed["pid"]), "1", "1"]


def test_the_same_file_is_not_started_twice(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    done = proctui("run", "--detach")
    assert (done.status, done.out) == (1, "")
    assert "is already running as session lessons" in done.err
    assert "proctui attach lessons" in done.err
    meant = proctui("run", "--detach", "--session", "again")
    assert (meant.status, meant.out) == (0, "again\n")
    assert "is already running as session lessons: one more starts" in meant.err
    assert {one["session"] for one in json.loads(proctui.quick("ls", "--json"))} == {
        "again",
        "lessons",
    }


def test_a_file_that_has_changed_since_is_told_of(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    assert "reload" not in proctui("run", "--detach").err
    proctui.write(ONE.replace("100", "101"))
    told = "what session lessons runs is not what the file says now: proctui reload shows how"
    done = proctui("run", "--detach")
    assert done.status == 1 and "is already running as session lessons" in done.err
    assert told in done.err
    with terminal(folder=proctui.folder) as screen:
        screen.sees("Workers", "one")
        screen.type("d")
        assert screen.ended() == 0
        assert told in screen.text, "where the screen no longer covers it"


def test_several_sessions_have_to_be_told_apart(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    proctui.write(ONE, "other.toml")
    proctui.right("run", "--detach", "other.toml", "--session", "other")
    for words in (["ps"], ["kill", "one"], ["shutdown"], ["reload"]):
        done = proctui(*words)
        assert (done.status, done.out) == (1, "")
        assert "several sessions are running" in done.err
        assert "lessons, other" in done.err
    assert proctui.right("shutdown", "other").out == "session other has ended\n"
    assert proctui.right("ps").out.count("\n") == 2


def test_adopt_reaches_the_supervisor(proctui: CommandLine) -> None:
    proctui.write('[workers.one]\ncommand = "setsid sleep 100 & exit"\n')
    proctui.right("run", "--detach", "--adopt")
    supervisor = find().facts.pid
    until(lambda: [one for one in proctui.processes() if one["orphan"]])
    (orphan,) = [one for one in proctui.processes() if one["orphan"]]
    assert orphan["ppid"] == supervisor


def test_shutdown_ends_everything_and_keeps_the_record(proctui: CommandLine) -> None:
    proctui.run('[workers.one]\ncommand = "echo out; setsid sleep 100 & sleep 100"\n', "one")
    until(lambda: len(proctui.processes()) == 3)
    pids = [one["pid"] for one in proctui.processes()]
    assert proctui.right("shutdown").out == "session lessons has ended\n"
    assert json.loads(proctui.quick("ls", "--json"))[0]["status"] == "ended"
    for pid in pids:
        assert not runs(pid)
    assert proctui.right("logs", "one").out == "out\n"
    assert proctui.events()[-1]["kind"] == "session-ended"
    (one,) = proctui.processes("--session", "lessons")
    assert (one["worker"], one["state"], one["exitcode"]) == ("one", "ended", -15)


def test_shutdown_that_waits(proctui: CommandLine) -> None:
    proctui.run('[workers.one]\ncommand = "sleep 0.5; echo done; exit 4"\n', "one")
    proctui.right("shutdown", "--wait")
    assert proctui.right("logs", "one").out == "done\n"
    assert proctui.processes("--session", "lessons")[0]["exitcode"] == 4


def test_a_killed_supervisor_leaves_a_dead_session(proctui: CommandLine) -> None:
    proctui.run(
        '[workers.one]\ncommand = "while :; do echo tick; sleep 0.05; done"\n'
        '[workers.two]\ntarget = "time:sleep"\nargs = [100]\ndaemon = true\n',
        "one",
        "two",
    )
    worker = proctui.workers()["one"]["pid"]
    kill_supervisor()
    (listed,) = json.loads(proctui.quick("ls", "--json"))
    assert listed["status"] == "dead"
    until(lambda: _state(proctui, "two") == "ended" or _zombie(proctui, "two"))
    looked = proctui("ps", "--json")
    assert looked.status == 0
    assert "session lessons is dead: its supervisor was killed" in looked.err
    rows = {one["worker"]: one for one in looked.json}
    assert (rows["one"]["pid"], rows["one"]["alive"], rows["one"]["orphan"]) == (worker, True, True)
    assert rows["two"]["alive"] is False
    lines = len(proctui.quick("logs", "one"))
    until(lambda: len(proctui.quick("logs", "one")) > lines)  # it goes on logging
    for words in (["stop", "one"], ["join", "--session", "lessons", "one"]):
        done = proctui(*words)
        assert done.status == 1
        assert "dead: " in done.err
    ended = proctui("terminate", "--timeout", "20", "one", "two")
    assert (ended.status, ended.out) == (
        1, "one: SIGTERM sent to it; nobody is left who could join it, and it has ended\n"
    )  # fmt: skip
    assert ended.err == "proctui: two: does not run any more\n"
    assert not runs(worker)
    assert proctui("ps").status == 1
    assert "no session is running (dead: lessons)" in proctui("ps").err
    rows = {one["worker"]: one for one in proctui.processes("--session", "lessons")}
    assert rows["one"]["alive"] is False


def test_a_tree_that_a_killed_supervisor_left(proctui: CommandLine) -> None:
    proctui.run("[workers.family]\ncommand = \"trap '' TERM; sleep 100 & wait\"\n", "family")
    until(lambda: len(proctui.processes()) == 2)
    pids = [one["pid"] for one in proctui.processes()]
    kill_supervisor()
    stubborn = proctui("terminate", "--timeout", "0.1", "family", "--json")
    assert stubborn.status == 1
    assert "but it has not ended within 0.1 s" in stubborn.json[0]["text"]
    done = proctui.right("kill", "--tree", "family")
    assert sorted(done.out.splitlines()) == ["family: ended", f"sleep ({pids[1]}): ended"]
    assert not any(map(runs, pids))


def test_of_several_dead_sessions_one_has_to_be_named(proctui: CommandLine) -> None:
    def alive(name: str) -> bool:
        return bool(proctui.processes("--session", name)[0]["alive"])

    for name in ("first", "second"):
        proctui.write(ONE, f"{name}.toml")
        proctui.right("run", "--detach", f"{name}.toml", "--session", name)
        until(partial(alive, name))
        kill_supervisor()
    done = proctui("terminate", "one")
    assert done.status == 1
    assert "say which with --session: first, second" in done.err
    proctui.right("kill", "--session", "second", "--timeout", "20", "one")
    proctui.right("terminate", "one")  # now only the first has left something


def _state(proctui: CommandLine, worker: str) -> str:
    rows = {one["worker"]: one for one in proctui.processes("--session", "lessons")}
    return str(rows[worker]["state"])


def _zombie(proctui: CommandLine, worker: str) -> bool:
    rows = {one["worker"]: one for one in proctui.processes("--session", "lessons")}
    return bool(rows[worker]["zombie"])


def test_a_dead_session_is_not_doubled_silently(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    worker = proctui.workers()["one"]["pid"]
    kill_supervisor()
    asked = proctui("run", "--detach")
    assert (asked.status, asked.out) == (1, "")
    assert f"of it still run: one ({worker}); say --leftovers end or --leftovers leave" in asked.err
    assert not [one for one in json.loads(proctui.quick("ls", "--json")) if one["alive"] != 1]

    left = proctui("run", "--detach", "--leftovers", "leave")
    assert (left.status, left.out) == (0, "lessons\n")
    until(lambda: proctui.workers()["one"]["alive"])
    assert Path(f"/proc/{worker}").exists()
    assert proctui.workers()["one"]["pid"] != worker
    listed = json.loads(proctui.quick("ls", "--all", "--json"))
    assert [one["status"] for one in listed] == ["running", "dead"]
    older = listed[1]["session"]
    assert proctui.processes("--session", older)[0]["pid"] == worker
    proctui.right("shutdown")

    ended = proctui("run", "--detach", "--leftovers", "end")
    assert (ended.status, ended.out) == (0, "lessons\n")
    assert "1 process of dead session lessons" in ended.err
    until(lambda: not runs(worker))
    until(lambda: proctui.workers()["one"]["alive"])


def test_another_name_or_a_link_makes_no_other_file(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    worker = proctui.workers()["one"]["pid"]
    file = proctui.folder / "proctui.toml"
    link = proctui.folder / "link.toml"
    link.symlink_to(file)
    beside = proctui("run", "--detach", "--session", "second", str(link))
    assert (beside.status, beside.out) == (0, "second\n")
    assert "the same file is already running as session lessons" in beside.err
    proctui.right("shutdown", "second")
    kill_supervisor()
    file.write_text('[session]\nname = "renamed"\n' + ONE)
    for name in (file, link):
        asked = proctui("run", "--detach", str(name))
        assert (asked.status, asked.out) == (1, "")
        assert f"of it still run: one ({worker})" in asked.err
    ended = proctui("run", "--detach", "--leftovers", "end")
    assert (ended.status, ended.out) == (0, "renamed\n")
    until(lambda: not runs(worker))


def test_on_a_terminal_a_person_is_asked_about_left_overs(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    worker = proctui.workers()["one"]["pid"]
    kill_supervisor()
    neither = proctui.on_terminal("run", "--detach", answers="no\nno\n")
    assert neither.status == 1
    assert f"of it still run: one ({worker})" in neither.out
    assert "End them before starting anew? [y/N]" in neither.out
    assert "Start anew although they still run? [y/N]" in neither.out
    assert "nothing was started" in neither.out
    assert runs(worker)
    beside = proctui.on_terminal("run", "--detach", answers="n\ny\n")
    assert beside.status == 0
    assert runs(worker)
    proctui.right("shutdown")
    instead = proctui.on_terminal("run", "--detach", answers="y\n")
    assert instead.status == 0
    assert not runs(worker)
    until(lambda: proctui.workers()["one"]["alive"])


def test_a_dead_session_of_which_nothing_runs_is_no_obstacle(proctui: CommandLine) -> None:
    proctui.run('[workers.one]\ncommand = "true"\nreap = "auto"\n')
    until(lambda: proctui.workers()["one"]["joined_at"])
    kill_supervisor()
    assert proctui.right("run", "--detach").out == "lessons\n"


def test_clean(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    assert proctui("clean", "lessons").status == 1
    proctui.right("clean")
    assert find().running
    worker = proctui.workers()["one"]["pid"]
    kill_supervisor()
    kept = proctui("clean", "lessons")
    assert kept.status == 1
    assert f"of it 1 process is left ({worker}); see --leftovers end" in kept.err
    done = proctui("clean", "--leftovers", "end", "--json")
    assert done.status == 0
    assert done.json["removed"] == ["lessons"]
    assert done.json["kept"] == {}
    assert done.json["freed_bytes"] > 0
    until(lambda: not runs(worker))
    state = Path(os.environ["PROCTUI_STATE_DIR"])
    assert sorted(path.name for path in state.rglob("*")) == ["lock", "sessions"]


def test_clean_takes_the_socket_of_a_killed_supervisor_along(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    socket = find().paths.socket
    kill_supervisor()
    proctui.right("kill", "--timeout", "20", "one")
    proctui.right("run", "--detach")
    proctui("clean")
    assert socket.exists(), "the new run listens there"
    kill_supervisor()
    assert proctui("clean", "--leftovers", "end").status == 0
    assert not list(socket.parent.iterdir())


def test_ls_counts_the_same_in_every_status(proctui: CommandLine) -> None:
    def listed() -> tuple[str, int, int, int]:
        (one,) = json.loads(proctui.quick("ls", "--json"))
        return one["status"], one["alive"], one["workers"], one["left"]

    proctui.run('[workers.one]\ncommand = "sleep 100 & sleep 100; wait"\n', "one")
    proctui.right("add", "--name", "more", "--", "sleep", "100")
    until(lambda: proctui.workers()["more"]["alive"] and len(proctui.processes()) == 4)
    assert listed() == ("running", 2, 2, 0)
    kill_supervisor()
    assert listed() == ("dead", 2, 2, 4)
    assert "dead, 4 left" in proctui.right("ls").out


def test_a_session_that_ends_is_listed_so(proctui: CommandLine) -> None:
    proctui.write(DEAF, "deaf.py")
    proctui.run('[workers.deaf]\ntarget = "deaf.py:deaf"\nstop_timeout = 60.0\n', "deaf")
    until(lambda: "deaf" in proctui.quick("logs", "deaf"))
    proctui.right("add", "--name", "more", "--idle", "--", "sleep", "100")
    with proctui.going("shutdown") as process:
        until(lambda: json.loads(proctui.quick("ls", "--json"))[0]["status"] == "ending")
        assert proctui.right("ls").out.splitlines()[1].split()[:2] == ["lessons", "ending"]
        proctui.right("kill", "deaf")
        assert process.wait(30) == 0
    (one,) = json.loads(proctui.quick("ls", "--json"))
    assert (one["status"], one["alive"], one["workers"]) == ("ended", 0, 2)


DEAF = """
import signal, time

def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf")
    time.sleep(100)
"""

RELOADED = """
[workers.same]
command = "exec sleep 100"
[workers.other]
command = "exec sleep 102"
[workers.new]
command = "exec sleep 103"
"""


def test_reload_shows_the_difference_and_follows_the_file(proctui: CommandLine) -> None:
    proctui.run(
        '[workers.same]\ncommand = "exec sleep 100"\n[workers.other]\ncommand = "exec sleep 101"\n'
        '[workers.gone]\ncommand = "exec sleep 100"\n',
        "same",
        "other",
        "gone",
    )
    assert proctui.right("reload").out == "nothing differs\n"
    before = proctui.workers()
    proctui.write(RELOADED)
    shown = proctui.right("reload", "--dry-run").out.splitlines()
    assert shown[0] == "+ new: exec sleep 103"
    assert shown[1] == "- gone: exec sleep 100"
    assert shown[2].startswith("~ other: command (")
    assert "exec sleep 101" in shown[2]
    dry = proctui.right("reload", "--dry-run", "--json").json
    assert (dry["added"], dry["outcomes"]) == (["new"], [])
    asked = proctui("reload")
    assert asked.status == 1
    assert "say --yes" in asked.err
    refused = proctui.on_terminal("reload", answers="\n")
    assert refused.status == 1
    assert "Do that? [y/N]" in refused.out
    assert proctui.workers().keys() == before.keys()
    reloaded = proctui.right("reload", "--yes", "--json").json
    assert reloaded["added"] == ["new"]
    assert {one["worker"]: one["ok"] for one in reloaded["outcomes"]} == {
        "gone": True, "other": True, "new": True,
    }  # fmt: skip
    assert proctui.workers().keys() == {"same", "other", "new"}
    after = proctui.workers()
    assert after["same"]["pid"] == before["same"]["pid"]
    assert after["other"]["pid"] != before["other"]["pid"]
    assert after["other"]["target"] == "exec sleep 102"
    assert proctui.right("reload").out == "nothing differs\n"
    turned = "".join(f"[workers.{part}" for part in RELOADED.split("[workers.")[:0:-1])
    proctui.write('[session]\nname = "elsewhere"\n' + turned)
    name = proctui.right("ls", "--json").json[0]["session"]
    reloaded = proctui.right("reload", "--yes").out.splitlines()
    assert reloaded[:2] == [
        "~ session: order same, other, new → new, other, same",
        f"~ session: name stays {name} (the file says elsewhere)",
    ]
    assert list(proctui.workers()) == ["new", "other", "same"]
    assert proctui.right("reload").out.splitlines()[0] == "nothing else differs"


def test_reload_of_a_broken_file_changes_nothing(proctui: CommandLine) -> None:
    proctui.run(ONE, "one")
    proctui.write("[workers.one]\ncommnad = 3\n")
    done = proctui("reload", "--yes")
    assert done.status == 2
    assert "workers.one.commnad" in done.err
    assert proctui.workers()["one"]["alive"]
