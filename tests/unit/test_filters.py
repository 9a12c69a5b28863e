"""The filter language: what it means, what it says when it means nothing, what it offers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.model import Lineage, ProcessSample, Row, State, Worker
from proctui.views.filters import FilterError, completions, parse, without_unfinished

NOW = 10_000.0


def clock() -> float:
    return NOW


def sample(pid: int, state: str = "S", rss: int = 0) -> ProcessSample:
    return ProcessSample(
        pid=pid, ppid=40310, pgid=pid, sid=pid, state=state, start_ticks=1, comm="x",
        rss_bytes=rss, threads=2,
    )  # fmt: skip


BUSY = Row(
    key="busy",
    name="Cleaner",
    worker=Worker(id="cleaner", name="Cleaner", alive=True, daemon=True, label="lessons:burn()"),
    sample=sample(40322, rss=200 << 20),
    state=State.RUNNING,
    cpu_percent=98.7,
    started_at=NOW - 12,
)
ZOMBIE = Row(
    key="zombie",
    name="worker-3",
    worker=Worker(
        id="worker-3", name="worker-3", alive=False, label="lessons:crash(3)", start_method="spawn"
    ),
    sample=sample(40323, "Z"),
    state=State.ZOMBIE,
    exitcode=3,
    cpu_percent=0.0,
    started_at=NOW - 4000,
)
ORPHAN = Row(
    key="orphan",
    name="python3",
    command="python3 child.py --or else",
    sample=sample(40351),
    state=State.SLEEPING,
    orphan=True,
    started_at=NOW - 90_000,
    lineage=Lineage(worker="parent"),
)
KILLED = Row(
    key="killed",
    name="gone",
    worker=Worker(id="gone", name="gone", alive=False, joined_at=1.0, restarts=2),
    state=State.ENDED,
    exitcode=-9,
)
ALL = (BUSY, ZOMBIE, ORPHAN, KILLED)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("clean", "busy"),
        ("CLEANER", "busy"),
        ("crash(3)", "zombie"),
        ("403", "busy zombie orphan"),
        ("state:zombie", "zombie"),
        ("state:Z", "zombie"),
        ("state!=zombie", "busy orphan killed"),
        ("state:running", "busy"),
        ("state:joined", "killed"),
        ("state:orphan", "orphan"),
        ('state:"waiting for I/O"', ""),
        ("alive:false", "zombie killed"),
        ("alive:true", "busy"),
        ("alive:none", "orphan"),
        ("alive!=true", "zombie killed"),
        ("daemon:true", "busy"),
        ("orphan:true", "orphan"),
        ("orphan:false", "busy zombie killed"),
        ("is:orphan", "orphan"),
        ("is:alive", "busy orphan"),
        ("is:ended", "zombie killed"),
        ("is:descendant", "orphan"),
        ("name:WORK", "zombie"),
        ("name=worker", ""),
        ("name=worker-3", "zombie"),
        ("name!=worker-3", "busy orphan killed"),
        ("worker:parent", "orphan"),
        ("target:burn", "busy"),
        ("method:spawn", "zombie"),
        ("cpu>50", "busy"),
        ("cpu<=0", "zombie"),
        ("cpu>50%", "busy"),
        ("mem>100M", "busy"),
        ("mem<1k", "zombie orphan"),
        ("mem>=0.19G", "busy"),
        ("age<5m", "busy"),
        ("age>1h", "zombie orphan"),
        ("age>1h30m", "orphan"),
        ("age>=1d", "orphan"),
        ("age<=12", "busy"),
        ("exitcode!=0", "zombie killed"),
        ("exitcode:3", "zombie"),
        ("exitcode:-9", "killed"),
        ("exitcode:SIGKILL", "killed"),
        ("exitcode:kill", "killed"),
        ("exitcode:none", "busy orphan"),
        ("!exitcode:none", "zombie killed"),
        ("pid:40323", "zombie"),
        ("pid>40322 pid<40351", "zombie"),
        ("ppid:40310", "busy zombie orphan"),
        ("threads:2", "busy zombie orphan"),
        ("restarts>1", "killed"),
        ("!name:e", "orphan"),
        ("! is:zombie !is:ended", "busy orphan"),
        ("not is:zombie", "busy orphan killed"),
        ("not not is:zombie", "zombie"),
        ("is:zombie or is:orphan", "zombie orphan"),
        ("is:zombie | is:orphan || pid:40322", "busy zombie orphan"),
        ("is:ended and name:gone", "killed"),
        ("is:zombie or is:alive orphan:true", "zombie orphan"),  # and binds tighter
        ("(is:zombie or is:alive) orphan:true", "orphan"),
        ("!(is:zombie or is:orphan)", "busy killed"),
        ('"or else"', "orphan"),
        ('"or"', "zombie orphan"),
        ("'state:zombie'", ""),
        ("crash( or burn()", "busy zombie"),
        ("(crash(3))", "zombie"),
        ("STATE:ZOMBIE", "zombie"),
    ],
)
def test_what_it_finds(text: str, found: str) -> None:
    matches = parse(text, clock)
    assert matches is not None
    assert " ".join(row.key for row in ALL if matches(row)) == found
    assert matches.text == text


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_is_no_filter(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stat:zombie", "unknown key 'stat'; did you mean 'state'? (at character 1)"),
        ("foo cpuu>50", "unknown key 'cpuu'; did you mean 'cpu'? (at character 5)"),
        ("state:zombi", "unknown state 'zombi'; did you mean 'zombie'? (at character 7)"),
        ("is:orphn", "unknown word 'orphn'; did you mean 'orphan'? (at character 4)"),
        ("alive:maybe", "'alive:maybe': alive wants true, false or none (at character 7)"),
        ("cpu>lots", "'cpu>lots': cpu wants per cent, such as 50 (at character 5)"),
        ("mem>", "'mem>': mem wants a size, such as 100M (at character 5)"),
        ("age<5x", "'age<5x': age wants a time, such as 90s, 5m or 1h30m (at character 5)"),
        ("pid:x", "'pid:x': pid wants a whole number (at character 5)"),
        ("name>x", "'name' is text: compare it with : = or != (at character 5)"),
        ("daemon>1", "'daemon' is true or false: compare it with : or != (at character 7)"),
        ("state>zombie", "'state' is a word: compare it with : or != (at character 6)"),
        ("(a or b", "a parenthesis is never closed (at character 8)"),
        ("a or", "a condition is missing (at character 5)"),
        ("or a", "a condition is missing (at character 1)"),
        ("()", "a condition is missing (at character 2)"),
        ("!", "a condition is missing (at character 2)"),
        ('name:"a b', 'a quote " is never closed (at character 6)'),
    ],
)
def test_what_it_says_about_mistakes(text: str, sentence: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert str(caught.value) == sentence


def test_an_unknown_key_far_from_all_lists_them() -> None:
    with pytest.raises(FilterError, match=r"there are age, alive, .*zombie"):
        parse("qqqqqq:1")


@pytest.mark.parametrize("text", ["(" * 400, "!" * 400, "not " * 100, "a" * 501])
def test_too_much_is_an_error(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


PIECES = st.sampled_from(
    ["state", "cpu", "age", "mem", "is", "exitcode", ":", "=", "!=", ">", "<=", "!", "(", ")", " ",
     "or", "and", "not", '"', "'", "zombie", "5m", "1e9", "-9", "none", "\x00", "中", "9" * 400]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_anything_is_a_filter_or_one_clear_error(text: str) -> None:
    try:
        matches = parse(text, clock)
    except FilterError as error:
        assert 0 <= error.position <= len(text)
        assert "\n" not in str(error)
        return
    if matches is not None:
        for row in ALL:
            assert matches(row) in (True, False)


def test_a_long_filter_does_not_exhaust_the_stack() -> None:
    matches = parse("o " * 249, clock)
    assert matches is not None
    assert matches(ORPHAN)
    assert not matches(Row(key="x"))


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("st", ["state:"]),
        ("cpu>50 !da", ["cpu>50 !daemon:"]),
        ("c", ["cpu>"]),
        ("state:z", ["state:zombie"]),
        ("(is:or", ["(is:orphan"]),
        ("alive:", ["alive:true", "alive:false", "alive:none"]),
        ("nosuch:", []),
        ("", []),
        ("is:zombie ", []),
        ("is:zombie", []),
    ],
)
def test_completions(text: str, offered: list[str]) -> None:
    assert completions(text) == offered


@given(st.text(max_size=30))
def test_completions_go_on_from_what_was_written(text: str) -> None:
    for offered in completions(text):
        assert offered.lower().startswith(text.lower())


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("(a or", []),
        ("a or", []),
        ("a or or", ["a or orphan:"]),
        ("or", ["orphan:"]),
        ("a or o", ["a or orphan:"]),
    ],
)
def test_a_word_between_conditions_is_no_key(typed: str, offered: list[str]) -> None:
    assert completions(typed) == offered


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("c", ""),
        ("cpu", ""),
        ("cpu>", ""),
        ("cpu!=", ""),
        ("cpu>5", "cpu>5"),
        ("state:", ""),
        ("state:z", "state:z"),
        ("piao st", "piao"),
        ("piao !ST", "piao"),
        ("(cpu", ""),
        ("piao", "piao"),
        ("piao ", "piao "),
        ("x y:", "x y:"),
        ('"cpu"', '"cpu"'),
    ],
)
def test_a_word_on_its_way_to_a_condition_is_no_text(typed: str, left: str) -> None:
    assert without_unfinished(typed) == left
