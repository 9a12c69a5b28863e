from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from proctui.sessions import places
from proctui.sessions.places import RUNTIME_VARIABLE, STATE_VARIABLE
from proctui.sessions.private import NotPrivate, check_private, private_directory


def test_it_is_made_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = private_directory(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    for directory in (made, made.parent, made.parent.parent):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert private_directory(made) == made


def test_a_link_is_refused(tmp_path: Path) -> None:
    private_directory(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(NotPrivate, match=r"link is a link, which is not followed"):
        private_directory(tmp_path / "link")


def test_one_that_is_open_to_others_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    with pytest.raises(NotPrivate, match=r"open to other users \(mode 0755\)"):
        private_directory(tmp_path / "open")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_somebody_elses_is_refused(tmp_path: Path) -> None:
    private_directory(tmp_path / "theirs")
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(NotPrivate, match=r"belongs to user 12345, not to you \(user 0\)"):
        private_directory(tmp_path / "theirs")


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotPrivate, match="Not a directory"):
        private_directory(tmp_path / "file")
    with pytest.raises(NotPrivate, match="can't be made"):
        private_directory(tmp_path / "file" / "below")
    with pytest.raises(NotPrivate, match="can't be used"):
        check_private(tmp_path / "missing")


def test_environment_variables_point_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, str(tmp_path / "r"))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "s"))
    assert places.existing_state_directory() is None
    assert places.runtime_directory() == tmp_path / "r"
    assert places.state_directory() == tmp_path / "s"
    assert places.existing_state_directory() == tmp_path / "s"


def test_without_a_runtime_directory_of_the_system_there_is_one_per_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(RUNTIME_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert places.runtime_directory() == tmp_path / f"proctui-{os.geteuid()}"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert places.runtime_directory() == tmp_path / f"proctui-{os.geteuid()}"
    (tmp_path / "xdg").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "xdg"))
    assert places.runtime_directory() == tmp_path / "xdg" / "proctui"


def test_state_stands_where_the_platform_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STATE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert places.state_directory() == tmp_path / "state" / "proctui"


def test_a_socket_s_path_stays_within_what_the_kernel_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, str(tmp_path))
    assert places.socket_path("web") == tmp_path / "web.sock"
    one, other = places.socket_path("w" * 90), places.socket_path("w" * 89)
    assert one != other
    for path in (one, other):
        assert path.parent == tmp_path
        assert len(os.fsencode(path)) <= 107
    deep = tmp_path / ("d" * 100)
    monkeypatch.setenv(RUNTIME_VARIABLE, str(deep))
    with pytest.raises(NotPrivate, match="too long a path for a socket"):
        places.socket_path("web")
