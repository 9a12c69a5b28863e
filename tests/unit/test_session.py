from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from proctui.protocol import Event, EventKind
from proctui.sessions import startup
from proctui.sessions.journal import Journal
from proctui.sessions.session import (
    SessionError,
    SessionPaths,
    find,
    list_sessions,
    paths,
    starting,
)
from proctui.spec import SessionSpec, WorkerSpec
from tests.isolated import home, made_up_session

__all__ = ["home"]


def journaled(where: SessionPaths, *kinds: EventKind) -> SessionPaths:
    journal = Journal(where.journal)
    for seq, kind in enumerate(kinds, 1):
        journal.append(Event(seq=seq, time=1.0, kind=kind))
    journal.close()
    return where


def dead(home: Path, name: str, **facts: str) -> SessionPaths:
    return journaled(made_up_session(home, name, **facts), "session-started")  # type: ignore[arg-type]


def ended(home: Path, name: str, **facts: str) -> SessionPaths:
    return journaled(
        made_up_session(home, name, **facts),  # type: ignore[arg-type]
        "session-started",
        "session-ended",
    )


def statuses(*, older: bool = False) -> dict[str, str]:
    return {session.name: session.status for session in list_sessions(older=older)}


def test_nothing_was_ever_started(home: Path) -> None:
    assert list_sessions() == []
    assert not (home / "state").exists()
    with pytest.raises(SessionError, match="no session is running; proctui run FILE starts one"):
        find()


def test_running_ended_and_dead(home: Path) -> None:
    made_up_session(home, "alive", pid=os.getpid())
    ended(home, "over")
    dead(home, "killed")
    assert statuses() == {"alive": "running", "over": "ended", "killed": "dead"}


def test_a_session_before_the_last_boot_is_dead_whatever_has_its_pid(home: Path) -> None:
    where = made_up_session(home, "old", pid=os.getpid())
    facts = where.facts.read_text()
    where.facts.write_text(facts.replace('"boot":"', '"boot":"x'))
    assert statuses() == {"old": "dead"}


def test_a_recycled_pid_is_no_supervisor(home: Path) -> None:
    where = made_up_session(home, "old", pid=os.getpid())
    facts = where.facts.read_text()
    where.facts.write_text(facts.replace('"start_ticks":', '"start_ticks":1'))
    assert statuses() == {"old": "dead"}


def test_the_newest_run_is_the_session(home: Path) -> None:
    ended(home, "web", run="20240101-000000-000000-aaaaaa")
    made_up_session(home, "web", run="20240102-000000-000000-bbbbbb", pid=os.getpid())
    assert statuses() == {"web": "running"}
    assert statuses(older=True) == {
        "web": "running",
        "web@20240101-000000-000000-aaaaaa": "ended",
    }
    assert find("web").running
    older = find("web@20240101-000000-000000-aaaaaa", running=False)
    assert older.status == "ended"
    assert paths("web").directory.name.startswith("20240102")


def test_what_never_came_to_be_and_what_is_broken_is_no_session(home: Path) -> None:
    made_up_session(home, "unfinished").facts.unlink()
    made_up_session(home, "broken").facts.write_text('{"name": "brok')
    (home / "state" / "sessions" / "file").write_text("")
    assert list_sessions() == []


def test_finding_one(home: Path) -> None:
    made_up_session(home, "one", pid=os.getpid())
    ended(home, "two")
    assert find().name == "one"
    assert find("one").name == "one"
    with pytest.raises(SessionError, match="session two has ended"):
        find("two")
    assert find("two", running=False).name == "two"
    with pytest.raises(SessionError, match="there is no session called three; there is one"):
        find("three")
    made_up_session(home, "other", pid=os.getpid())
    with pytest.raises(SessionError, match=r"several .* with --session: one, other"):
        find()


def test_where_none_runs_the_last_one_may_be_meant(home: Path) -> None:
    made_up_session(home, "first", started_at=1000.0)
    made_up_session(home, "last", started_at=3000.0)
    made_up_session(home, "middle", started_at=2000.0)
    assert find(running=False).name == "last"
    with pytest.raises(SessionError, match="no session is running"):
        find()
    with pytest.raises(SessionError, match="session last is dead: its supervisor was killed"):
        find("last")


def test_a_state_directory_that_can_not_be_trusted(home: Path) -> None:
    (home / "state").mkdir()
    (home / "state").chmod(0o777)
    with pytest.raises(SessionError, match="open to other users"):
        list_sessions()
    with pytest.raises(SessionError, match="open to other users"), starting():
        pass


def test_two_starts_wait_for_each_other(home: Path) -> None:
    got_in = threading.Event()

    def other() -> None:
        with starting():
            got_in.set()

    thread = threading.Thread(target=other)
    with starting() as state:
        assert state == home / "state"
        thread.start()
        assert not got_in.wait(0.1)
    assert got_in.wait(10)
    thread.join()


def spec(name: str, source: str | None = None) -> SessionSpec:
    return SessionSpec(name=name, source=source)


def test_a_free_name_is_taken_as_it_is(home: Path) -> None:
    ended(home, "web", source="/b")
    assert startup.free_name(spec("web", "/a"), list_sessions()) == "web"


def test_another_file_of_the_same_name_gets_a_number(home: Path) -> None:
    made_up_session(home, "web", pid=os.getpid(), source="/b")
    made_up_session(home, "web-2", pid=os.getpid(), source="/c", asked_name="web")
    assert startup.free_name(spec("web", "/a"), list_sessions()) == "web-3"


def test_the_same_file_is_not_started_twice(home: Path) -> None:
    made_up_session(home, "web-2", pid=os.getpid(), source="/a", asked_name="web")
    with pytest.raises(startup.AlreadyRunning) as caught:
        startup.free_name(spec("web", "/a"), list_sessions())
    assert str(caught.value) == (
        f"/a is already running as session web-2 (supervisor {os.getpid()}); "
        "proctui attach web-2 goes to it"
    )
    # under another name that was asked for it is meant
    assert startup.free_name(spec("other", "/a"), list_sessions()) == "other"


def test_the_built_in_session_is_not_started_twice_either(home: Path) -> None:
    made_up_session(home, "lessons", pid=os.getpid())
    with pytest.raises(startup.AlreadyRunning, match="session lessons is already running"):
        startup.free_name(spec("lessons"), list_sessions())


def test_a_dead_session_keeps_its_name_from_others(home: Path) -> None:
    dead(home, "web", source="/b")
    assert startup.free_name(spec("web", "/a"), list_sessions()) == "web-2"
    assert startup.free_name(spec("web", "/b"), list_sessions()) == "web"


def test_environment_values_are_not_kept() -> None:
    secret = SessionSpec(
        name="s", workers=(WorkerSpec(id="w", command=("true",), env={"TOKEN": "secret"}),)
    )
    assert startup._without_values(secret).workers[0].env == {}


def test_the_supervisor_is_found_from_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PROCTUI_WORKER", "an outer one")
    environment = startup._environment("the tag")
    root = str(Path(startup.__file__).parents[2])
    assert environment["PYTHONPATH"].split(os.pathsep) == [root, "/elsewhere"]
    assert environment["PROCTUI_SESSION"] == "the tag"
    assert environment["PROCTUI_WORKER"].isspace()
    monkeypatch.setattr(startup, "__file__", "/venv/lib/site-packages/proctui/sessions/startup.py")
    assert startup._environment("the tag")["PYTHONPATH"] == "/elsewhere"
