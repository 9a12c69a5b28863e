from __future__ import annotations

from typing import Any

import pytest

from proctui.machine.adoption import Circumstances, doubts, judge
from proctui.machine.surroundings import unit_of

MEMBER = Circumstances(leads_session=False, sid=47, leader=None)
LEADER = Circumstances(leads_session=True, sid=47, leader="x")
DAEMON: dict[str, Any] = {
    "cwd": "/",
    "descriptors": ("/dev/null", "/dev/null", "socket:[1]"),
}


def test_a_member_of_a_session_that_its_parent_is_not_of() -> None:
    assert judge(MEMBER) == "its session leader 47 is gone"
    said = judge(MEMBER._replace(leader="bash"))
    assert said == "it lives in the session of bash (47), its parent does not"


def test_a_session_leader_may_have_been_started_by_its_parent() -> None:
    assert judge(LEADER) is None
    assert judge(LEADER._replace(unit="ssh.service")) is None
    assert judge(LEADER._replace(unit="init.scope")) is None


def test_but_not_where_its_control_group_is_a_login_session() -> None:
    assert judge(LEADER._replace(unit="session-3.scope")) == (
        "it was started in session-3.scope, not by its parent"
    )


@pytest.mark.parametrize(
    ("change", "belongs"),
    [
        ({}, True),
        ({"cwd": "/srv"}, False),
        ({"cwd": None, "descriptors": None}, False),
        ({"descriptors": ("pipe:[3]", "/dev/null", "/dev/null")}, False),
        ({"descriptors": ("/dev/null", "pipe:[3]", "/dev/null")}, False),
        ({"descriptors": ("/dev/null", "/dev/null", "/dev/pts/3")}, False),
        ({"descriptors": ("", "", "")}, True),
        ({"descriptors": ("/dev/null", "/var/log/x", "/var/log/x")}, True),
    ],
)
def test_who_let_go_of_everything_did_so_on_purpose(change: dict[str, Any], belongs: bool) -> None:
    circumstances = MEMBER._replace(**{**DAEMON, **change})
    assert (judge(circumstances) is None) == belongs


def test_a_forking_service_belongs_under_init_but_not_what_a_service_left() -> None:
    assert judge(MEMBER._replace(unit="nginx.service")) is None
    assert judge(MEMBER._replace(unit="ci.service", is_main_of_unit=False)) is not None


def test_the_tag_tells_also_of_leaders_and_of_daemons() -> None:
    tagged = LEADER._replace(session="web", **DAEMON)
    assert judge(tagged) == "it was started in session web, by a parent that is gone"
    unknown = tagged._replace(session="web.ce679b24350eb14a")
    assert judge(unknown) == (
        "it was started in a session web that is not known here, by a parent that is gone"
    )
    assert judge(tagged._replace(supervisor=9)) == "the supervisor 9 of session web is gone"
    assert judge(tagged._replace(same_session_as_parent=True)) is None
    member = MEMBER._replace(session="web", **DAEMON)
    assert judge(member) == "its session leader 47 is gone"


def test_the_unit_of_nobody_is_empty() -> None:
    assert unit_of(2**22 + 1) == ("", "")


UNDER_INIT = LEADER._replace(under_init=True, cwd="/srv", descriptors=("", "", ""), given=("",))
DOUBT = "it leads its own session: perhaps a daemon"
A_PIPE = "it leads its own session and holds a pipe, its parent does not: perhaps an orphan"
A_TERMINAL = "it leads its own session and holds /dev/pts/3, its parent does not: perhaps an orphan"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, DOUBT),
        (
            {"unit": "cron.service", "is_main_of_unit": False},
            f"it was started in cron.service, but {DOUBT}",
        ),
        ({"under_init": False}, None),
        ({"descriptors": None, "cwd": None}, None),
        ({"unit": "cron.service"}, None),
        ({"cwd": "/"}, None),
        ({"descriptors": ("/dev/null",) * 3}, None),
        ({"descriptors": ("/dev/null",) * 3, "unit": "session-3.scope"}, None),
        ({"descriptors": ("/dev/null", "/dev/null", "/srv/log")}, DOUBT),
        ({"placed": True}, None),
        ({"terminal": True}, None),
        ({"heard": True}, None),
        ({"descriptors": ("pipe:[7]", "", "")}, A_PIPE),
        ({"descriptors": ("pipe:[7]", "", ""), "under_init": False}, None),
        ({"descriptors": ("pipe:[7]", "", ""), "given": ("pipe:[7]",)}, DOUBT),
        ({"descriptors": ("pipe:[7]", "", ""), "given": None}, DOUBT),
        ({"descriptors": ("/dev/null", "/dev/pts/3", "")}, A_TERMINAL),
        ({"descriptors": ("", "/dev/pts/3", ""), "under_init": False}, None),
        ({"descriptors": ("", "/dev/console", "")}, DOUBT),
    ],
)
def test_what_tells_of_leaders_without_a_tag(change: dict[str, Any], why: str | None) -> None:
    known = UNDER_INIT._replace(**change)
    assert judge(known) == why
    assert why is None or doubts(known), "nobody is accused by that"


def test_what_is_no_guess() -> None:
    for known in (MEMBER, LEADER._replace(session="web"), LEADER._replace(unit="session-3.scope")):
        assert judge(known) is not None and not doubts(known)


def test_a_container_that_is_one_scope_started_its_own_children() -> None:
    shared = UNDER_INIT._replace(unit="docker-4f.scope", shares_unit=True)
    assert judge(shared) == DOUBT and doubts(shared)
    assert judge(shared._replace(under_init=False)) is None


def test_a_session_from_outside_of_the_container_is_no_session_0() -> None:
    said = judge(MEMBER._replace(sid=0))
    assert said == "it lives in a session from outside of the container, its parent does not"
