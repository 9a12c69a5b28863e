"""A real session that changes, and that ends."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from proctui.protocol import (
    Add,
    Describe,
    Reload,
    Remove,
    Shutdown,
    Signal,
    Start,
    Stop,
)
from proctui.sessions import journal
from tests.conftest import Supervise
from tests.supervisor.specs import command, ends, sleeper, target
from tests.support import Supervisor, kernel_state, session, until


def gone(supervisor: Supervisor) -> None:
    """It has ended, and cleared its socket away."""
    assert supervisor.process.wait(30) == 0
    assert not supervisor.socket.exists()


def test_adding_describing_and_removing(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    client = supervisor.client(subscribe=True)
    bad = command("bad", "true", stop_signal="SIGNO")
    reply = client.request(
        Add(specs=(sleeper("new"), sleeper("w"), bad, sleeper("idle", autostart=False)))
    )
    assert [outcome.ok for outcome in reply.outcomes] == [True, False, False, True]
    assert client.worker("new").alive and client.worker("idle").phase == "idle"
    described = client.request(Describe()).session
    assert described is not None
    assert [spec.id for spec in described.workers] == ["w", "new", "idle"]
    assert described.workers[1] == sleeper("new")
    assert not client.outcome(Remove(workers=("new",))).ok
    client.request(Stop(workers=("new",)))
    assert client.outcome(Remove(workers=("new",))).ok
    assert [worker.id for worker in client.subscribe().workers] == ["w", "idle"]
    assert client.event(lambda event: event.kind == "removed").worker == "new"


def test_reload_follows_the_file(supervise: Supervise) -> None:
    supervisor = supervise(
        sleeper("same"), sleeper("gone"), sleeper("changed"), sleeper("off", autostart=False)
    )
    client = supervisor.client(subscribe=True)
    same, changed, old = (client.pid_of(name) for name in ("same", "changed", "gone"))
    wanted = session(
        sleeper("new"),
        sleeper("changed", stop_timeout=1.0),
        sleeper("same"),
        sleeper("off", autostart=False, reap="auto"),
        refresh=0.25,
    )
    reply = client.request(Reload(spec=wanted))
    assert reply.error is None
    assert {o.worker: o.ok for o in reply.outcomes} == {
        "gone": True, "changed": True, "off": True, "new": True,
    }  # fmt: skip
    workers = {worker.id: worker for worker in client.subscribe(0).workers}
    assert list(workers) == ["new", "changed", "same", "off"]
    kept = journal.last_words(supervisor.journal)
    assert [worker.id for worker in kept.workers] == ["new", "changed", "same", "off"]
    assert kept.workers == tuple(workers.values())
    assert workers["same"].pid == same and workers["new"].alive
    assert workers["changed"].alive and workers["changed"].pid != changed
    assert workers["off"].phase == "idle" and workers["off"].reap == "auto"
    assert kernel_state(old) is None
    assert client.request(Describe()).session == wanted
    hello = supervisor.client().hello
    assert hello is not None and hello.refresh == 0.25


@pytest.mark.parametrize(
    ("workers", "reason"),
    [
        ((sleeper("a"), sleeper("a")), "a: there are two workers of this name"),
        ((command("a", ""),), "a: the command is empty"),
        *(
            (
                (command(name, "true"),),
                f'{name}: a worker\'s name is made of letters, digits, "_", "." and "-", '
                'and doesn\'t begin with "." or "-"',
            )
            for name in ("../../x", ".hidden", "-rf", "a b", "a/b", "é")
        ),
    ],
)
def test_a_reload_that_cannot_be_right_changes_nothing(
    supervise: Supervise, workers: tuple[object, ...], reason: str
) -> None:
    supervisor = supervise(sleeper("w"))
    client = supervisor.client()
    pid = client.pid_of("w")
    reply = client.request(Reload(spec=session(*workers)))  # type: ignore[arg-type]
    assert reply.error == f"not reloaded: {reason}"
    assert client.worker("w").pid == pid


def test_a_reload_may_be_large(supervise: Supervise) -> None:
    """One of 10,000 workers takes megabytes."""
    supervisor = supervise(sleeper("same"))
    client = supervisor.client()
    pid = client.pid_of("same")
    text = "x" * 20_000
    many = [ends(f"w-{n}", 0, autostart=False, env={"TEXT": text}) for n in range(100)]
    reply = client.request(Reload(spec=session(sleeper("same"), *many)))
    assert reply.error is None and len(reply.outcomes) == 100
    assert all(outcome.ok for outcome in reply.outcomes)
    workers = client.subscribe(0).workers
    assert len(workers) == 101 and workers[0].pid == pid


def test_a_reload_does_what_was_agreed_to_or_nothing(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("w"))
    client, other = supervisor.client(subscribe=True), supervisor.client("other")
    shown = client.request(Describe())
    assert other.request(Add(specs=(sleeper("precious"),))).outcomes[0].ok
    agreed = Reload(spec=session(sleeper("w"), sleeper("new")), revision=shown.revision)
    assert client.request(agreed).error == (
        "not reloaded: the session has changed since the difference was shown; look at it again"
    )
    assert client.pid_of("precious") and len(client.subscribe(0).workers) == 2
    again = client.request(Describe())
    for wanted in (session(sleeper("new")), session(sleeper("new"), refresh=2.0), session()):
        done = client.request(Reload(spec=wanted, revision=again.revision))
        assert done.error is None
        assert client.request(Reload(spec=wanted, revision=again.revision)).error is not None
        again = client.request(Describe())


def test_who_is_on_the_way_out_is_not_described(supervise: Supervise) -> None:
    """Otherwise a file that has it again would seem to make no difference."""
    supervisor = supervise(sleeper("w"), target("s", "behaviours:stubborn", stop_timeout=1.0))
    client, other = supervisor.client(), supervisor.client("other")
    until(lambda: "ignoring" in supervisor.log("s"))
    first = client.ask(Reload(spec=session(sleeper("w"))))
    other.until("s", lambda worker: worker.stopping)
    described = other.request(Describe()).session
    assert described is not None and [spec.id for spec in described.workers] == ["w"]
    refused = other.request(Add(specs=(sleeper("s"),))).outcomes[0]
    assert refused.text == (
        "not added: there is a worker of this name already, which is being removed"
    )
    assert client.reply(first).outcomes[0].text == "removed"
    assert other.request(Add(specs=(sleeper("s"),))).outcomes[0].ok


def test_one_reload_at_a_time(supervise: Supervise) -> None:
    supervisor = supervise(target("s", "behaviours:stubborn", stop_timeout=1.0))
    client, other = supervisor.client(), supervisor.client("other")
    until(lambda: "ignoring" in supervisor.log("s"))
    first = client.ask(Reload(spec=session()))
    other.until("s", lambda worker: worker.stopping)
    assert other.request(Reload(spec=session())).error == (
        "not reloaded: another reload is still under way"
    )
    assert client.reply(first).outcomes[0].text == "removed"
    assert other.request(Reload(spec=session())).error is None


def test_shutdown_stops_all_and_what_they_left_behind(supervise: Supervise, tmp_path: Path) -> None:
    supervisor = supervise(
        sleeper("s"),
        ends("z", 3),
        target("l", "behaviours:leave_behind", str(tmp_path / "pid")),
        target("f", "targets:sleep", start_method="forkserver"),
    )
    client, other = supervisor.client(), supervisor.client("other", subscribe=True)
    pids = [client.pid_of("s"), client.pid_of("f")]
    client.until("z", lambda worker: worker.phase == "ended")
    client.until("l", lambda worker: worker.phase == "ended")
    pids.append(int(until(lambda: (tmp_path / "pid").read_text())))
    assert client.request(Shutdown()).error is None
    gone(supervisor)
    assert [kernel_state(pid) in (None, "Z") for pid in pids] == [True, True, True]
    while other.read() is not None:
        pass
    assert other.events[-1].kind == "session-ended"
    asked = [event.by for event in other.events if event.kind == "session-ending"]
    assert [other.events[-1].by] == asked and "test" in str(asked[0])
    assert any(f"({pids[2]}) was left behind" in event.text for event in other.events)
    joined = {event.worker for event in other.events if event.kind == "joined"}
    assert joined == {"s", "z", "l", "f"}
    assert journal.read(supervisor.journal, last=1)[0].kind == "session-ended"


def test_sigterm_ends_the_session_in_order(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("s"))
    pid = supervisor.client().pid_of("s")
    supervisor.process.send_signal(signal.SIGTERM)
    gone(supervisor)
    assert kernel_state(pid) is None
    kinds = {event.kind: event.by for event in journal.read(supervisor.journal)}
    assert kinds["session-ending"] == kinds["session-ended"] == "SIGTERM"


def test_grace_periods_run_side_by_side(supervise: Supervise) -> None:
    supervisor = supervise(
        *(target(f"s{n}", "behaviours:stubborn", stop_timeout=1.0) for n in range(6))
    )
    client = supervisor.client()
    for n in range(6):
        client.pid_of(f"s{n}")
        until(lambda n=n: "ignoring" in supervisor.log(f"s{n}"))  # type: ignore[misc]
    began = time.monotonic()
    client.request(Shutdown())
    assert time.monotonic() - began < 4
    gone(supervisor)


def test_a_second_shutdown_hastens_the_first(supervise: Supervise) -> None:
    supervisor = supervise(target("s", "behaviours:stubborn", stop_timeout=600.0))
    client, other = supervisor.client(), supervisor.client("other")
    client.pid_of("s")
    until(lambda: "ignoring" in supervisor.log("s"))
    first = client.ask(Shutdown())
    other.until("s", lambda worker: worker.stopping)
    assert other.request(Shutdown()).error is None
    assert client.reply(first).error is None
    gone(supervisor)


def test_shutdown_may_wait_and_ends_only_the_daemonic(supervise: Supervise) -> None:
    supervisor = supervise(
        target("d", "targets:sleep", daemon=True),
        sleeper("n"),
        ends("r", 1, restart="always", backoff=0.1, max_restarts=10_000, backoff_max=0.1),
    )
    client, other = supervisor.client(), supervisor.client("other", subscribe=True)
    daemon, normal = client.pid_of("d"), client.pid_of("n")
    number = client.ask(Shutdown(mode="wait"))
    until(lambda: kernel_state(daemon) is None)
    assert kernel_state(normal) in ("S", "R")
    assert not other.outcome(Start(workers=("d",))).ok
    other.request(Signal(workers=("n",), signal="SIGKILL"))
    assert client.reply(number).error is None
    gone(supervisor)


def test_a_shutdown_that_waits_can_be_turned_into_a_stop(supervise: Supervise) -> None:
    supervisor = supervise(sleeper("n"))
    client, other = supervisor.client(), supervisor.client("other")
    pid = client.pid_of("n")
    waiting = client.ask(Shutdown(mode="wait"))
    other.until("n", lambda worker: worker.joining == 1)
    other.request(Shutdown(mode="stop"))
    assert client.reply(waiting).error is None
    assert kernel_state(pid) is None
    gone(supervisor)


def test_shutdown_while_workers_are_still_being_started(supervise: Supervise) -> None:
    supervisor = supervise(*(sleeper(f"w{n}") for n in range(200)))
    assert supervisor.client().request(Shutdown()).error is None
    gone(supervisor)
