"""From a client's command to what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import msgspec

from proctui.linux.signals import signal_number
from proctui.protocol import (
    Add,
    AnyCommand,
    CancelJoin,
    ClientHello,
    Describe,
    Join,
    JoinAdopted,
    Note,
    Outcome,
    Reload,
    Remove,
    Reply,
    Restart,
    Shutdown,
    Signal,
    Snapshot,
    Start,
    Stop,
    Subscribe,
)
from proctui.spec import WorkerSpec
from proctui.supervisor.adopted import Orphanage
from proctui.supervisor.clients import Client
from proctui.supervisor.collector import Collector
from proctui.supervisor.complaints import attempt
from proctui.supervisor.ending import Answer
from proctui.supervisor.joining import Ticket
from proctui.supervisor.session import INTERNAL, Session
from proctui.supervisor.signalling import Order
from proctui.supervisor.supervised import Supervised
from proctui.supervisor.words import clip
from proctui.supervisor.world import Done

Act = Callable[[Supervised, Done], None]


class Dispatcher:
    """Does what clients ask.  Long commands are done in slices; each is answered once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._workers = session.workers
        self._orphanage = Orphanage(session.workers, session.events.say)

    def handle(self, client: Client, command: AnyCommand) -> None:
        """Begins one command.  Whatever goes wrong is the answer, and never ends the session."""
        what = f"command {type(command).__name__} of {client.by}"
        error = attempt(what, lambda: self._handle(client, command))
        if error is not None:
            self._session.tell_of_fault(error)
            client.send(Reply(id=command.id, error=INTERNAL))

    def _handle(self, client: Client, command: AnyCommand) -> None:
        by = client.by
        match command:
            case Start(workers=names):
                self._each(client, command.id, names, self._unless_stopped(names, by, _start))
            case Restart(workers=names, timeout=grace):
                again = partial(_restart, grace)
                self._each(client, command.id, names, self._unless_stopped(names, by, again))
            case Join(workers=names, timeout=timeout):
                self._each(
                    client, command.id, names, lambda m, done: _join(client, m, timeout, done)
                )
            case CancelJoin(workers=names):
                self._each(client, command.id, names, lambda m, done: m.cancel_joins(by, done))
            case Signal():
                self._signal(client, command)
            case Stop():
                self._stop(client, command)
            case Remove(workers=names):
                self._each(
                    client, command.id, names, lambda m, done: done(self._session.remove(m, by))
                )
            case Add(specs=specs):
                self._add(client, command.id, specs)
            case _:
                self._handle_session_command(client, command)

    def _handle_session_command(self, client: Client, command: AnyCommand) -> None:
        match command:
            case Subscribe(history=history):
                self._subscribe(client, history)
                client.send(Reply(id=command.id))
            case Describe():
                description, revision = self._session.describe(), self._workers.revision
                reply = Reply(id=command.id, session=description, revision=revision)
                client.send(reply, large=True)
            case Reload(spec=spec, revision=revision):
                answer = self._answer(client, command.id)
                self._session.reload(spec, client.by, answer, revision)
            case Shutdown(mode=mode):
                self._session.ending.ask(mode, client.by, self._answer(client, command.id))
            case JoinAdopted(processes=processes):
                outcomes = tuple(self._orphanage.join(one, client.by) for one in processes)
                client.send(Reply(id=command.id, outcomes=outcomes))
            case Note():
                self._note(client, command)
                client.send(Reply(id=command.id))
            case ClientHello():
                client.send(Reply(id=command.id, error="only the first line is a hello"))

    # ------------------------------------------------------------ about the session

    def _subscribe(self, client: Client, history: int) -> None:
        events = self._session.events
        snapshot = Snapshot(
            seq=events.last, workers=self._workers.snapshot(), history=events.history(history)
        )
        client.send(snapshot, large=True)
        events.listen(client.connection.send)

    def _note(self, client: Client, note: Note) -> None:
        self._session.events.say(
            "note",
            note.text,
            by=client.by,
            worker=None if note.worker is None else clip(note.worker, 200),
            pid=note.pid,
            signal=None if note.signal is None else clip(note.signal, 40),
        )

    def _answer(self, client: Client, number: int) -> Answer:
        def answer(error: str | None, outcomes: tuple[Outcome, ...]) -> None:
            client.send(Reply(id=number, error=error, outcomes=outcomes))

        return answer

    # ------------------------------------------------------------ about workers

    def _each(self, client: Client, number: int, names: Sequence[str], act: Act) -> None:
        """Does `act` for every named worker, and answers when it is known what became of all."""
        answer = self._answer(client, number)
        collector = Collector(len(names), lambda outcomes: answer(None, outcomes))
        self._session.pacer.run(self._steps(names, act, collector))

    def _steps(self, names: Sequence[str], act: Act, collector: Collector) -> Iterator[None]:
        for index, name in enumerate(names):
            self._step(name, act, collector.slot(index))
            yield

    def _step(self, name: str, act: Act, done: Done) -> None:
        machine = self._workers.get(name)
        if machine is None:
            done(Outcome(worker=name, ok=False, text="there is no worker of this name"))
        else:
            self._safely(name, done, lambda: act(machine, done))

    def _safely(self, name: str, done: Done, call: Callable[[], None]) -> None:
        error = attempt(f"a command for worker {name}", call)
        if error is not None:
            self._session.tell_of_fault(error)
            done(Outcome(worker=name, ok=False, text=INTERNAL))

    def _signal(self, client: Client, command: Signal) -> None:
        meant = dict(zip(command.workers, command.pids, strict=False))

        def send(machine: Supervised, done: Done) -> None:
            order = Order(command.signal, group=command.group, pid=meant.get(machine.id))
            machine.signal(order, client.by, done)

        self._each(client, command.id, command.workers, send)

    def _stop(self, client: Client, command: Stop) -> None:
        try:
            signum = None if command.signal is None else signal_number(command.signal)
        except ValueError as error:
            client.send(Reply(id=command.id, error=clip(str(error))))
            return

        def stop(machine: Supervised, done: Done) -> None:
            machine.stop(client.by, command.timeout, done, signum)

        self._each(client, command.id, command.workers, stop)

    def _unless_stopped(
        self, names: Sequence[str], by: str, act: Callable[[Supervised, str, Done], None]
    ) -> Act:
        """A start that has to wait for its turn is void once its worker was stopped meanwhile."""
        machines = filter(None, map(self._workers.get, names))
        called_off = {machine.id: machine.starts_called_off for machine in machines}

        def start(machine: Supervised, done: Done) -> None:
            if machine.starts_called_off == called_off.get(machine.id):
                act(machine, by, done)
            else:
                text = "not started: it was stopped before its turn came"
                done(Outcome(worker=machine.id, ok=False, text=text))

        return start

    def _add(self, client: Client, number: int, specs: Sequence[WorkerSpec]) -> None:
        answer = self._answer(client, number)
        collector = Collector(len(specs), lambda outcomes: answer(None, outcomes))

        def add(spec: WorkerSpec, done: Done) -> None:
            self._safely(spec.id, done, lambda: self._session.add(spec, client.by, done))

        def steps() -> Iterator[None]:
            for index, spec in enumerate(specs):
                add(spec, collector.slot(index))
                yield

        self._session.pacer.run(steps())


def _start(machine: Supervised, by: str, done: Done) -> None:
    machine.start(by, done)


def _restart(grace: float | None, machine: Supervised, by: str, done: Done) -> None:
    machine.restart(by, done, grace)


def _join(client: Client, machine: Supervised, timeout: float | None, done: Done) -> None:
    """Joins in the name of a client; what waits is cancelled when it leaves."""
    if not client.open:
        done(Outcome(worker=machine.id, ok=False, text="not joined: the client has left"))
        return
    waiting: list[Ticket] = []

    def answered(outcome: Outcome) -> None:
        client.tickets.difference_update(waiting)
        done(outcome)

    ticket = machine.join(client.by, timeout, answered)
    if ticket is not None:
        waiting.append(ticket)
        client.tickets.add(ticket)


class _Numbered(msgspec.Struct):
    id: int = 0


def number_of(line: bytes) -> int:
    """The `id` that an answer to a line needs which is no command; 0 where it has none."""
    try:
        return msgspec.json.decode(line, type=_Numbered).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0
