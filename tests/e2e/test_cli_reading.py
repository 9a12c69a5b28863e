from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import IO

from proctui.sessions.session import find
from tests.e2e.commanding import CommandLine, proctui
from tests.support import until

__all__ = ["proctui"]

TALKERS = """
[workers.talker]
command = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; exec sleep 100"
[workers.other]
command = "echo hello; exec sleep 100"
"""


class Lines:
    """Collects what a going command prints."""

    def __init__(self, stream: IO[str] | None) -> None:
        assert stream is not None
        self.lines: list[str] = []
        self._stream = stream
        self._thread = threading.Thread(target=self._collect)
        self._thread.start()

    def _collect(self) -> None:
        for line in self._stream:
            self.lines.append(line.rstrip("\n"))

    def join(self) -> list[str]:
        self._thread.join()
        return self.lines


def talked(proctui: CommandLine) -> None:
    proctui.run(TALKERS, "talker", "other")
    until(lambda: "line 12" in proctui.quick("logs", "talker", "--raw"))
    until(lambda: "hello" in proctui.quick("logs", "other", "--raw"))


def test_logs(proctui: CommandLine) -> None:
    talked(proctui)
    everything = "".join(f"line {number}\n" for number in range(1, 13))
    assert proctui.right("logs", "talker").out == everything
    assert proctui.right("logs", "-n", "2", "talker").out == "line 11\nline 12\n"
    assert proctui.right("logs", "-n", "0", "talker").out == ""
    assert proctui.right("logs", "-n", "1", "*").out == "talker | line 12\nother  | hello\n"
    as_json = proctui.quick("logs", "--json", "-n", "1", "*").splitlines()
    assert [json.loads(line) for line in as_json] == [
        {"worker": "talker", "line": "line 12"},
        {"worker": "other", "line": "hello"},
    ]
    assert proctui("logs", "nobody").status == 1


def test_logs_that_follow_end_with_ctrl_c(proctui: CommandLine) -> None:
    talked(proctui)
    with proctui.going("logs", "-f", "talker") as process:
        lines = Lines(process.stdout)
        until(lambda: len(lines.lines) == 10)
        assert lines.lines[0] == "line 3"
        proctui.right("restart", "talker")
        until(lambda: len(lines.lines) >= 22)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""
        told = [line for line in lines.join() if line.startswith("line")]
        assert told == [f"line {n}" for n in [*range(3, 13), *range(1, 13)]]


def test_logs_that_follow_end_with_the_session(proctui: CommandLine) -> None:
    talked(proctui)
    with proctui.going("logs", "-f", "talker", "other") as process:
        lines = Lines(process.stdout)
        until(lambda: "other  | hello" in lines.lines)
        proctui.right("shutdown")
        assert process.wait(30) == 0
        lines.join()


def test_logs_that_follow_go_on_with_the_next_run_of_the_session(proctui: CommandLine) -> None:
    talked(proctui)
    with proctui.going("logs", "-f", "talker") as process:
        lines = Lines(process.stdout)
        until(lambda: lines.lines[-1:] == ["line 12"])
        os.kill(find().facts.pid, signal.SIGKILL)
        until(lambda: not find("lessons", running=False).running)
        assert proctui("run", "--detach", "--leftovers", "leave").status == 0
        until(lambda: lines.lines.count("line 12") == 2)
        process.send_signal(signal.SIGINT)
        process.wait(30)
        *before, mark = lines.join()[:11]
        after = lines.lines[11:]
    assert before == [f"line {n}" for n in range(3, 13)]
    assert mark.startswith("--- proctui: session lessons was started again at ")
    assert after == [f"line {n}" for n in range(1, 13)]


def test_a_restart_is_marked_in_the_log(proctui: CommandLine) -> None:
    talked(proctui)
    proctui.right("restart", "other")
    until(lambda: proctui.quick("logs", "other", "--raw").count("hello") == 2)
    first, mark, again = proctui.right("logs", "other").out.splitlines()
    assert (first, again) == ("hello", "hello")
    assert mark.startswith("--- proctui: ")


HOSTILE = """
[workers.hostile]
command = ["printf", '\\033]0;title\\007\\033[31mred\\033[0m\\033[2J\\r\\nbell\\007\\n']
reap = "auto"
"""


def test_a_terminal_gets_logs_harmless_and_a_pipe_as_they_are(proctui: CommandLine) -> None:
    proctui.run(HOSTILE)
    until(lambda: proctui.workers()["hostile"]["joined_at"])
    raw = "\x1b]0;title\x07\x1b[31mred\x1b[0m\x1b[2J\r\nbell\x07\n"
    done = subprocess.run(
        [sys.executable, "-m", "proctui", "logs", "hostile"],
        env=proctui.environment,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == raw
    assert proctui.on_terminal("logs", "hostile").out == "\x1b[31mred\x1b[0m\r\nbell^G\r\n\x1b[0m"
    assert "\x1b]0;title" in proctui.on_terminal("logs", "--raw", "hostile").out


def test_events(proctui: CommandLine) -> None:
    talked(proctui)
    proctui.right("kill", "other")
    events = proctui.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert list(events[0]) == [
        "seq", "time", "kind", "worker", "pid", "exitcode", "signal", "by", "text",
    ]  # fmt: skip
    (signalled,) = [event for event in events if event["kind"] == "signalled"]
    assert (signalled["worker"], signalled["signal"]) == ("other", "SIGKILL")
    assert signalled["by"].startswith("command line ")
    ofother = proctui.right("events", "--worker", "oth*").out
    assert " other " in ofother
    assert " talker " not in ofother
    assert len(proctui.right("events", "-n", "3").out.splitlines()) == 3


def test_events_that_follow_miss_and_double_nothing(proctui: CommandLine) -> None:
    talked(proctui)
    with proctui.going("events", "-f", "--json") as process:
        lines = Lines(process.stdout)
        until(lambda: any('"client-came"' in line for line in lines.lines))
        for _ in range(3):
            proctui.right("restart", "other")
        proctui.right("shutdown")
        assert process.wait(30) == 0
        told = [json.loads(line) for line in lines.join()]
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert told == proctui.events()
    assert told[-1]["kind"] == "session-ended"


def test_events_that_follow_a_supervisor_that_is_killed(proctui: CommandLine) -> None:
    talked(proctui)
    with proctui.going("events", "-f") as process:
        lines = Lines(process.stdout)
        until(lambda: len(lines.lines) > 5)
        os.kill(find().facts.pid, signal.SIGKILL)
        assert process.wait(30) == 1
        lines.join()
        assert process.stderr is not None
        assert "session lessons is dead: its supervisor was killed" in process.stderr.read()


def test_names_for_completion(proctui: CommandLine) -> None:
    talked(proctui)
    assert proctui.right("completion", "workers").out == "talker\nother\n"
    assert proctui.right("completion", "sessions").out == "lessons\n"
    assert proctui.right("completion", "active").out == "lessons\n"
    assert proctui.right("completion", "workers", "--session", "lessons").out == "talker\nother\n"
    proctui.right("shutdown")
    assert proctui.right("completion", "sessions").out == "lessons\n"
    assert proctui.right("completion", "active").out == ""


def test_closed_standard_descriptors(proctui: CommandLine) -> None:
    def shell(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f"{sys.executable} -m proctui {line}"],
            cwd=proctui.folder, env=proctui.environment, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip

    done = shell("ls >&-")
    why = "proctui: standard output is closed; > /dev/null throws it away\n"
    assert (done.returncode, done.stderr) == (1, why)
    done = shell("kill nobody 2>&-")
    assert (done.returncode, done.stdout) == (1, "")
    done = shell("ls <&-")
    assert (done.returncode, done.stderr) == (0, "")
