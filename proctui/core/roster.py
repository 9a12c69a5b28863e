"""The workers of a session and which process each of them is at present.  Pure.

Python tells of workers, the kernel of processes; a worker's process is found by
its pid, and by more than that, because pids are given again.
"""

from __future__ import annotations

import msgspec

from proctui.core.classify import is_doubtful
from proctui.core.family import Family
from proctui.core.kin import Kin, helper_kind
from proctui.core.runs import START_SLACK, Run, is_over, is_run, started_after
from proctui.model import Departure, Worker

SEARCH = 1.0
"""Seconds after an end by which the kernel view has told of every process it knew then."""


class Post(msgspec.Struct):
    """A worker and the process of its present run."""

    worker: Worker
    order: int
    """Place in the session."""
    token: int | None = None
    """Its process, while the kernel knows one that was not joined."""
    departure: Departure | None = None
    """How its process went, once it is gone."""
    found: bool = False
    """The present run's process was seen: no other can be it."""
    searched: bool = False
    """The kernel was asked after the end, and knew no such process."""


class Roster:
    """All workers by id, kept together with the family that their processes belong to."""

    def __init__(self, family: Family) -> None:
        self.posts: dict[str, Post] = {}
        self._family = family
        self._by_pid: dict[int, str] = {}
        self._orders = 0
        self._doubted: set[str] = set()
        """Workers whose end only the kernel can confirm, and who were not found there."""

    def update(self, worker: Worker, now: float) -> set[int]:
        """Takes in what Python says; tokens of the processes that this tells something about."""
        post = self.posts.get(worker.id)
        touched: set[int] = set()
        if post is None:
            post = self.posts[worker.id] = Post(worker, self._orders)
            self._orders += 1
            touched |= self._new_run(post, now)
        else:
            before, post.worker = post.worker, worker
            if (before.pid, before.started_at) != (worker.pid, worker.started_at):
                touched |= self._part(post)
                touched |= self._new_run(post, now)
            elif post.token is not None and before.name != worker.name:
                touched |= self._family.rename(self._family.kin[post.token], worker.name)
        if worker.pid is not None:
            self._end_run(worker, now)
            touched |= self._seek(post)
            if not post.found and is_doubtful(worker):
                self._doubted.add(worker.id)
            if is_over(worker):
                touched |= self._retire(post, now)
        return touched

    def remove(self, worker: str, now: float) -> set[int]:
        """Forgets a worker, which must have been joined; tokens of its process."""
        post = self.posts.pop(worker, None)
        if post is None:
            return set()
        if post.worker.pid is not None and self._by_pid.get(post.worker.pid) == worker:
            del self._by_pid[post.worker.pid]
        return self._retire(post, now)

    def reorder(self, workers: tuple[Worker, ...]) -> None:
        """Puts them in this order."""
        for self._orders, worker in enumerate(workers):
            self.posts[worker.id].order = self._orders
        self._orders = len(workers)

    def claim(self, kin: Kin, now: float) -> set[int]:
        """A process came into view: is it a worker's?  Tokens that this tells about."""
        worker = self._by_pid.get(kin.pid)
        if worker is None:
            return set()
        post = self.posts[worker]
        touched = self._seek(post)
        if is_over(post.worker):
            touched |= self._retire(post, now)
        return touched

    def decided_at(self, pid: int | None) -> float | None:
        """When it can be told at last whether the process with this pid is that of a worker.

        Seconds since the epoch; None where it has been told, or no worker that runs has the pid.
        A supervisor that got no turn notes the start later than the kernel does, and the process
        may then as well be an earlier one, of which is to be heard that it is gone.
        """
        worker = self._by_pid.get(pid or 0)
        post = None if worker is None else self.posts[worker]
        if post is None or post.found or post.worker.started_at is None or is_over(post.worker):
            return None
        return post.worker.started_at + START_SLACK

    def departed(self, kin: Kin, departure: Departure) -> None:
        """The kernel says that this process is gone."""
        post = self.posts.get(kin.bound) if kin.bound is not None else None
        if post is not None and post.token == kin.token:
            post.token = None
            post.departure = departure

    def is_other(self, kin: Kin, told_until: float) -> bool:
        """Whether a child of the supervisor is certainly no worker.

        One that started well before `told_until`, the time of the supervisor's last word, would
        have been told; what carries a worker's tag is not that one while another process is.
        """
        if kin.pid not in self._by_pid and kin.started_at < told_until - START_SLACK:
            return True
        post = self.posts.get(kin.tag_worker or "")
        if post is None or post.token == kin.token:
            return False
        joined = post.worker.joined_at
        return post.token is not None or (joined is not None and kin.started_at < joined)

    def supervisor_ended(self) -> set[int]:
        """Workers may be found under an adopter now; tokens of those that were."""
        touched: set[int] = set()
        for post in self.posts.values():
            touched |= self._seek(post)
        return touched

    def is_present(self, kin: Kin) -> bool:
        """Whether it is the process of its worker's present run."""
        post = self.posts.get(kin.bound) if kin.bound is not None else None
        return post is not None and post.token == kin.token

    def searched(self, now: float) -> set[str]:
        """The kernel view has told of all that it found until `now`; workers who are affected."""
        certain: set[str] = set()
        for worker in tuple(self._doubted):
            post = self.posts.get(worker)
            if post is None or post.found or not is_doubtful(post.worker):
                self._doubted.discard(worker)
            elif now > (post.worker.ended_at or 0.0) + SEARCH:
                post.searched = True
                self._doubted.discard(worker)
                certain.add(worker)
        return certain

    # ------------------------------------------------------------ runs

    def _new_run(self, post: Post, now: float) -> set[int]:
        worker = post.worker
        post.token, post.departure, post.found, post.searched = None, None, False, False
        if worker.pid is None:
            return set()
        self._by_pid[worker.pid] = worker.id
        if worker.start_method == "forkserver":
            self._family.helpers.forked(worker.id)
        return self._family.lead(Run(worker.id, worker.pid, worker.started_at), now)

    def _end_run(self, worker: Worker, now: float) -> None:
        run = self._family.leaders.run(worker.pid or 0)
        if run is not None and run.worker == worker.id and run.ended_at is None and is_over(worker):
            run.ended_at = worker.joined_at or worker.ended_at or now

    def _part(self, post: Post) -> set[int]:
        """A new run began, and nobody said that the one before was joined."""
        kin = None if post.token is None else self._family.kin.get(post.token)
        if kin is None:
            return set()
        self._family.release(kin)
        return {kin.token}

    def _seek(self, post: Post) -> set[int]:
        """Looks for the process of the present run among those that are known."""
        worker = post.worker
        if post.found or worker.pid is None:
            return set()
        kin = self._family.living(worker.pid)
        if kin is None or kin.bound is not None or kin is self._family.supervisor:
            return set()
        if not self._may_be_child(worker, kin):
            return set()
        ppid = kin.sample.ppid
        own = ppid == worker.ppid
        if worker.start_method == "forkserver":  # under the supervisor it would be adopted
            own = not own and self._family.is_own_child(kin)
        if not is_run(worker, kin, own=own, strange=self._family.living(ppid) is None):
            return set()
        if is_over(worker) and not _was_run(worker, kin):
            return set()
        post.found = True
        post.token = kin.token
        return self._family.bind(kin, worker)

    def _may_be_child(self, worker: Worker, kin: Kin) -> bool:
        """Whether its parent is one that a worker can have: its starter, or an adopter."""
        ppid = kin.sample.ppid
        if ppid == worker.ppid:
            return True
        parent = self._family.living(ppid)
        if worker.start_method == "forkserver":
            if parent is None:
                return True
            child = parent.lineage.first_ppid == worker.ppid
            line = helper_kind(parent.command) == "fork server"
            return parent.bound is None and (child or line)
        starter = worker.ppid is not None and self._family.is_supervisor(worker.ppid)
        return parent is None and not (starter and self._family.supervisor is not None)

    def _retire(self, post: Post, now: float) -> set[int]:
        """It was joined: whatever was last seen of its process is over."""
        kin = None if post.token is None else self._family.kin.get(post.token)
        worker = post.worker
        if kin is None or is_doubtful(worker):
            return set()
        post.token = None
        if worker.ended_at is not None and started_after(kin, worker.ended_at):
            return self._family.disown(kin, now)
        kin.retired_at = worker.joined_at or now
        return {kin.token, *self._family.under(kin.pid)}


def _was_run(worker: Worker, kin: Kin) -> bool:
    """Whether this is the last that is heard of a run that was joined already."""
    over = worker.joined_at or worker.ended_at
    if over is None or worker.started_at is None or started_after(kin, over):
        return False
    late = kin.first_seen > over + SEARCH and not is_doubtful(worker)
    return not late and abs(kin.started_at - worker.started_at) <= START_SLACK
