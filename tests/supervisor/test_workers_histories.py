"""Whatever happens to workers in whatever order, some things must hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from proctui.supervisor.signalling import Order
from proctui.supervisor.supervised import Supervised
from tests.supervisor.fakes import GROUP_INTERVAL, Answers, FakeRun, FakeWorld, seen


def program(changes: dict[str, object]) -> dict[str, object]:
    """What a specification of these changes runs."""
    line = changes["shell_line"]
    return changes | ({} if line is None else {"target": None, "command": ("/bin/sh", "-c", line)})


class Histories:
    """Acts at random on a few workers, and knows what must hold."""

    ACTS = ("launch", "start", "start", "join", "join-short", "cancel", "term", "kill",
            "stop", "stop", "restart", "ready", "fail", "end-0", "end-3", "lose", "advance",
            "refuse", "obey", "fork", "leave")  # fmt: skip

    def __init__(self, specs: list[dict[str, object]], together: bool) -> None:
        self.world = FakeWorld()
        self.world.together = together
        self.machines = [self.world.add(f"w{n}", **program(one)) for n, one in enumerate(specs)]
        self.asked: list[Answers] = []

    def act(self, act: str, which: int) -> None:
        machine = self.machines[which % len(self.machines)]
        run = next((r for r in self.world.runs[::-1] if r.spec.id == machine.id), None)
        if act in ("ready", "fail", "end-0", "end-3", "lose", "obey", "fork"):
            self.live(act, seen(machine).phase, run)
        elif act == "leave":
            self.leave(run)
        elif act == "launch":
            self.world.launch_now()
        elif act == "advance":
            self.world.advance(which / 4)
        elif act == "refuse":
            self.world.refuse = None if self.world.refuse else "refused"
        else:
            self.ask(act, machine)

    def live(self, act: str, phase: str, run: FakeRun | None) -> None:
        if run is None or run.over:
            return
        match act:
            case "ready" if phase == "starting":
                run.becomes_ready()
            case "fail" if phase == "starting":
                run.fails("it would not")
            case "end-0":
                run.ends(0)
            case "end-3":
                run.ends(3)
            case "lose":
                run.ends(None)
            case "obey":
                run.obeys()
            case "fork":
                run.members += 1

    def leave(self, run: FakeRun | None) -> None:
        """One of its process group ends, which outlives it."""
        if run is not None:
            run.members = max(0, run.members - 1)

    def ask(self, act: str, machine: Supervised) -> None:
        answers = Answers()
        self.asked.append(answers)
        match act:
            case "start":
                machine.start("t", answers)
            case "join":
                machine.join("t", None, answers)
            case "join-short":
                machine.join("t", 0.3, answers)
            case "cancel":
                machine.cancel_joins("t", answers)
            case "term":
                machine.signal(Order("SIGTERM"), "t", answers)
            case "kill":
                machine.signal(Order("SIGKILL"), "t", answers)
            case "stop":
                machine.stop("t", None, answers)
            case "restart":
                machine.restart("t", answers)

    def check(self) -> None:
        assert all(len(answers) <= 1 for answers in self.asked)
        for machine in self.machines:
            worker = machine.worker
            runs = [run for run in self.world.runs if run.spec.id == machine.id]
            unreaped = [run for run in runs if run.joins == 0]
            assert len(unreaped) <= 1, "two processes of one worker"
            live = [run for run in unreaped if not run.over]
            assert bool(live) is (worker.phase in ("starting", "alive")) is bool(worker.alive)
            assert bool(unreaped and not live) is (worker.phase == "ended")
            assert (worker.backoff_until is not None) is (worker.phase == "backoff")
            assert worker.joining == 0 or machine.running
            assert not worker.stopping or machine.running
            assert not worker.stopping or machine.unreaped, "its group's id may be a stranger's"
            if machine.spec.shell_line is None:
                assert worker.alive or not machine.running, "only a group outlives its leader"
            assert worker.phase != "failed" or worker.failure

    def finish(self) -> None:
        """Stops everything: then nobody may be left waiting, and no timer."""
        self.world.workers.ending = True
        for machine in self.machines:
            machine.stop("t", None, Answers())
        for run in self.world.runs:
            run.members = 0
            if not run.over:
                run.ends(-15)
        self.world.advance(GROUP_INTERVAL)
        self.check()
        assert all(run.joins == 1 for run in self.world.runs)
        assert all(len(answers) == 1 for answers in self.asked)
        assert self.world.pending_timers == 0


@settings(max_examples=1000, deadline=None)
@given(
    specs=st.lists(
        st.fixed_dictionaries(
            {
                "reap": st.sampled_from(["join", "auto", "implicit", "implicit"]),
                "restart": st.sampled_from(["never", "on-failure", "always"]),
                "join_timeout": st.sampled_from([None, 0.5]),
                "max_restarts": st.integers(0, 3),
                "shell_line": st.sampled_from([None, "serve", "serve"]),
            }
        ),
        min_size=1,
        max_size=3,
    ),
    acts=st.lists(
        st.tuples(st.sampled_from(Histories.ACTS), st.integers(0, 40)), min_size=30, max_size=60
    ),
    together=st.booleans(),
)
def test_any_history_keeps_its_promises(
    specs: list[dict[str, object]], acts: list[tuple[str, int]], together: bool
) -> None:
    histories = Histories(specs, together)
    for act, which in acts:
        histories.act(act, which)
        histories.check()
    histories.finish()
