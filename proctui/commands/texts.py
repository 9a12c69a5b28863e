"""The help texts of the command line.  A text's first line is its command's summary."""

from __future__ import annotations

from typing import Final

USAGE: Final = """\
proctui [FILE] [--session NAME] [--adopt] [--leftovers {end,leave}]
       proctui COMMAND [--help] …"""

DESCRIPTION: Final = """\
Launches worker processes and shows what multiprocessing believes about them beside what the
kernel knows: alive, exit code, zombies, orphans, and the cure for each."""

EPILOG: Final = """\
Without a command, proctui opens the screen for FILE, or for proctui.toml or Procfile in the
current folder, or for a built-in session; where that session is running already, it goes there.

  --session NAME          what to call the session; without FILE, which one to go to
  --adopt                 let orphans of the workers come to the supervisor, which can join them
  --leftovers end|leave   what to do with processes that a killed supervisor left

Exit status: 0 it worked, 1 it did not (the reason is on standard error), 2 wrong usage.
PROCTUI_RUNTIME_DIR and PROCTUI_STATE_DIR point sockets, and journals and logs, elsewhere."""

RUN: Final = """\
starts a session and opens its screen
A file that is running already is not started a second time; where the supervisor of an earlier
run was killed and processes of it still run, they are ended or left as you say.

Example:
  proctui run --detach proctui.toml"""

SCENARIO: Final = """\
lists the lessons about multiprocessing, or starts one and opens its screen
The screen shows a guide: what happens, what to look at, what to press, and why. Each lesson runs
as a session of its own, named after it.

Example:
  proctui scenario zombie
  proctui scenario echo-server clients=12
  proctui scenario orphan --guide
  proctui scenario deadlock --write lock/"""

ATTACH: Final = """\
opens the screen of a session
States, history and logs are as if you had never left. Of one that has ended, or whose supervisor
was killed, it shows what was recorded and what of it still runs, which can be ended there.

Example:
  proctui attach lessons"""

LS: Final = """\
lists the sessions: running, ending, ended, dead
A session is dead when its supervisor was killed; what it left behind may still run, and is then
counted with the status. ALIVE and WORKERS count workers, those that were added too.

Example:
  proctui ls --json"""

SHUTDOWN: Final = """\
ends a session: its workers, what they left behind, its supervisor
Journal and logs stay until proctui clean.

Example:
  proctui shutdown lessons"""

CLEAN: Final = """\
removes journals and logs of sessions that are over
Running sessions are never touched, nor dead ones of which processes still run.

Example:
  proctui clean --leftovers end lessons"""

JOIN: Final = """\
waits until workers have ended and reaps them
The exit status is 1 where the time was up first.  A number that is no worker means an orphan
that the supervisor has adopted (--adopt), by its pid.

Example:
  proctui join --timeout 10 'batch-*'"""

TERMINATE: Final = """\
sends SIGTERM to workers
They may clean up first, or ignore it; their children are left behind without --tree.
A number that is no worker means an orphan of the session, by its pid.

Example:
  proctui terminate --tree web"""

KILL: Final = """\
sends SIGKILL to workers
They end at once; their children are left behind without --tree.
A number that is no worker means an orphan of the session, by its pid.

Example:
  proctui kill --signal USR1 web"""

STOP: Final = """\
stops workers: their stop signal, a grace period, SIGKILL; then joins them
Stopped workers are not restarted by their policy. A shell line is stopped with all of its process
group, any other worker alone: what it leaves behind is named, and ended too with --tree.

Example:
  proctui stop --timeout 2 web"""

ADD: Final = """\
adds a worker to a running session: a target, or after -- a command
Arguments are Python literals, and plain text where they aren't.

Example:
  proctui add jobs.py:crunch --arg 3 --kwarg verbose=True --count 4
  proctui add --name web -- python3 -m http.server 8000"""

RELOAD: Final = """\
makes a session follow its changed file
Starts what is new, stops and removes what is gone, restarts what differs, after showing the
difference and asking.

Example:
  proctui reload --yes"""

PS: Final = """\
lists the workers and everything that descends from them
What multiprocessing says and what the kernel says of each process, zombies and orphans included.
Also of a dead session. CPU% is of one core, over the life of the process. On a narrow terminal
less important columns are left out; in a pipe, and with --json, nothing is.

Example:
  proctui ps --json | python3 -m json.tool"""

WATCH: Final = """\
opens the screen for processes that proctui did not launch, and all that descends from them
Same views, highlights and cures; what multiprocessing says about them is not known.

Example:
  proctui watch 4711"""

SCAN: Final = """\
finds every zombie and every orphan of the machine
Zombies are grouped by the parent that has not joined them, orphans named with their adopter.

One look shows no first parent, and where the kernel does not tell, nobody is accused.  An orphan
that lives in the session of its adopter, as all do in a container whose PID 1 leads the one
session there is, can't be told from a child and is not listed.  One that leads its own session
under an init is listed as "perhaps", and --check does not fail by it.  `proctui watch PID` and
sessions with --adopt see parents while they stand: they miss none.

Example:
  proctui scan --check --json"""

LOGS: Final = """\
shows what workers have printed, also of sessions that are over
On a terminal, colours are kept and all other control sequences made harmless.

Example:
  proctui logs -f 'web-*'"""

EVENTS: Final = """\
shows what happened in a session, from its journal
With --json one object per line; with --trace each worker's life, for ui.perfetto.dev.

Example:
  proctui events -f --worker web"""

CHECK: Final = """\
checks a worker file without launching anything

Example:
  proctui check proctui.toml"""

INIT: Final = """\
writes a commented worker file to start from
A file that is there already is left as it is.

Example:
  proctui init"""

COMPLETION: Final = """\
prints the script that completes proctui's command line in your shell

Example:
  eval "$(proctui completion bash)"           # in ~/.bashrc
  eval "$(proctui completion zsh)"            # in ~/.zshrc, after compinit
  proctui completion fish | source            # in ~/.config/fish/config.fish"""
