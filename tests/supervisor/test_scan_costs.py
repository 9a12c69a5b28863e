"""What a pass over the machine costs, with a crowd of all kinds in a pid namespace of its own:
what else runs on the machine would count too."""

from __future__ import annotations

import json

import pytest

from tests.supervisor.kin import in_pid_namespace

_COST = """
import os, time
from proctui.machine.scan import collect

def bare():
    for name in os.listdir("/proc"):
        if name.isdigit():
            descriptor = os.open(f"/proc/{name}/stat", os.O_RDONLY)
            os.read(descriptor, 1024)
            os.close(descriptor)

def cost(run):
    began = time.process_time()
    run()
    return time.process_time() - began

for _ in range(1500):
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
passes = [(cost(bare), cost(collect)) for _ in range(9)]
print(min(full for _, full in passes) / min(bare for bare, _ in passes))
"""


def test_a_pass_costs_little_more_than_reading_every_stat() -> None:
    """Of processes that are nothing but children of their parents."""
    assert float(in_pid_namespace(_COST)) <= 1.5


_CROWD = """
import collections, io, json, os, sys, time
from proctui.machine import memory
from proctui.machine.scan import collect

def fork(run):
    pid = os.fork()
    if pid == 0:
        run()
        os._exit(0)
    return pid

def say(kind):
    # two bytes of a pipe that all write to tell that one is where it belongs
    os.write(ready[1], f"{kind} {os.getpid()}\\n".encode())

def rest(kind):
    say(kind)
    time.sleep(600)

def lead(kind):
    os.setsid()
    rest(kind)

def each(count, run, kind):
    for _ in range(count):
        fork(lambda: run(kind))

def parent():
    each(30, lead, "leader elsewhere")
    each(30, say, "zombie")
    rest("parent")

def leave():
    os.setsid()
    each(30, rest, "orphan")

ready = os.pipe()
os.chdir("/tmp")
each(300, rest, "plain")
each(30, lead, "leader under PID 1")
fork(parent)
os.waitpid(fork(leave), 0)
told = ""
while told.count("\\n") < 421:
    told += os.read(ready[0], 65536).decode()
kinds = {}
for line in told.splitlines():
    kind, _, pid = line.rpartition(" ")
    kinds[int(pid)] = kind
while len(collect().zombies) < 30:
    time.sleep(0.01)

reads = collections.Counter()

def counted(real):
    def call(path, *more, **named):
        pid = str(path).removeprefix("/proc/").partition("/")[0]
        if pid.isdigit():
            reads[kinds.get(int(pid), "init")] += 1
        return real(path, *more, **named)
    return call

io.open = counted(io.open)
for name in ("open", "readlink", "stat", "listdir"):
    setattr(os, name, counted(getattr(os, name)))

def per_process():
    each = {kind: reads[kind] / list(kinds.values()).count(kind) for kind in set(kinds.values())}
    told = {**each, "init": reads["init"], "all": sum(reads.values()) / len(kinds)}
    reads.clear()
    return told

memory.SETTLED = 0.0
kept = memory.Memory()
found = collect(memory=kept)
first = per_process()
again = collect(memory=kept)
print(json.dumps({
    "first": first,
    "again": per_process(),
    "found": [len(found.zombies), len(found.orphans)],
    "found again": [len(again.zombies), len(again.orphans)],
}))
"""


def test_only_who_may_be_an_orphan_is_read_further_and_in_a_live_view_once() -> None:
    """Files and links of /proc that are opened for each process of a kind."""
    told = json.loads(in_pid_namespace(_CROWD))
    assert told["found"] == told["found again"] == [30, 60]
    assert told["first"] == {
        "plain": 1.0,  # stat
        "leader elsewhere": 3.0,  # its owner, and the environment, where a tag would tell
        "zombie": pytest.approx(3, abs=0.2),  # its owner, and whether the exit status may be read
        "orphan": 5.0,  # owner, environment, folder and control group
        "leader under PID 1": pytest.approx(9, abs=0.2),  # its descriptors and namespaces too
        "parent": told["first"]["parent"],
        "init": told["first"]["init"],
        "all": told["first"]["all"],
    }
    assert told["first"]["init"] + told["first"]["parent"] < 100
    assert told["first"]["all"] < 2.3
    assert told["again"]["plain"] == 1.0
    assert told["again"]["all"] < 1.3
