"""Worker files as files: finding, reading, refusing, warning, and the starter."""

from __future__ import annotations

import os
import re
import resource
from pathlib import Path

import pytest

from proctui.files import config
from proctui.files.config import ConfigError
from proctui.files.tables import SETTINGS, WORKER_KEYS
from proctui.spec import WorkerSpec

WORKER = '[workers.a]\ncommand = "x"\n'


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path.resolve()


# ---------------------------------------------------------------- reading


def test_load_resolves_against_the_file_and_not_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "project").mkdir()
    (folder / "project" / "w.toml").write_text(WORKER)
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    session = config.load(Path("../project/w.toml"))
    assert session.name == "project"
    assert session.source == str(folder / "project" / "w.toml")
    assert session.folder == session.workers[0].cwd == str(folder / "project")


def test_a_link_to_a_folder_is_followed_and_one_to_the_file_is_not(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real" / "w.toml").write_text(WORKER)
    (folder / "link").symlink_to("real")
    (folder / "w.toml").symlink_to("real/w.toml")
    assert config.load(folder / "link" / "w.toml").folder == str(folder / "real")
    assert config.load(folder / "w.toml").folder == str(folder)


@pytest.mark.parametrize("name", ["Procfile", "Procfile.dev", "web.procfile", "procfile"])
def test_procfiles_are_known_by_their_name(folder: Path, name: str) -> None:
    (folder / name).write_text("web: serve\n")
    assert config.load(folder / name).workers[0].shell_line == "serve"


def test_any_other_name_is_refused(folder: Path) -> None:
    (folder / "workers.ini").write_text(WORKER)
    path = folder / "workers.ini"
    assert refusal(path) == f"{path} must be named like NAME.toml or Procfile"


def test_a_byte_order_mark_and_crlf_are_taken(folder: Path) -> None:
    path = folder / "w.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WORKER.replace("\n", "\r\n").encode())
    assert config.load(path).workers[0].id == "a"


def test_a_file_that_is_not_there(folder: Path) -> None:
    path = folder / "w.toml"
    assert refusal(path) == f"{path} can't be read: no such file or directory"


def test_a_folder(folder: Path) -> None:
    assert refusal(folder) == f"{folder} is a folder, expected a worker file"


def test_a_file_that_may_not_be_read(folder: Path) -> None:
    path = folder / "w.toml"
    path.write_text(WORKER)
    path.chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # root may read everything
    try:
        assert refusal(path) == f"{path} can't be read: permission denied"
    finally:
        os.seteuid(me)


def test_a_fifo_does_not_block(folder: Path) -> None:
    os.mkfifo(folder / "w.toml")
    assert refusal(folder / "w.toml") == f"{folder / 'w.toml'} is not a regular file"


def test_a_device_is_not_read_for_ever(folder: Path) -> None:
    (folder / "w.toml").symlink_to("/dev/zero")
    assert refusal(folder / "w.toml") == f"{folder / 'w.toml'} is not a regular file"


def test_a_huge_file(folder: Path) -> None:
    path = folder / "w.toml"
    with path.open("wb") as file:
        file.truncate((1 << 20) + 1)
    assert refusal(path) == f"{path} is larger than the 1048576 bytes a worker file may have"


def test_a_loop_of_links(folder: Path) -> None:
    path = folder / "w.toml"
    path.symlink_to(path)
    assert refusal(path) == f"{path} can't be read: too many levels of symbolic links"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_what_is_not_utf8(folder: Path, bom: bytes) -> None:
    path = folder / "w.toml"
    path.write_bytes(bom + "# é\n[workers.\xff]".encode("latin-1").replace(b"\xe9", "é".encode()))
    assert refusal(path) == f"{path}: line 2, column 10 is not UTF-8: byte 0xff"


def test_a_path_with_nul() -> None:
    path = Path("a\0b.toml")
    sentence = "a\\x00b.toml has a path that must not contain a NUL character"
    assert refusal(path) == sentence
    for use in (config.write_starter, lambda path: config.loads_toml("", path)):
        with pytest.raises(ConfigError) as caught:
            use(path)
        assert str(caught.value) == sentence


def test_a_path_that_is_not_utf8(folder: Path) -> None:
    odd = folder / os.fsdecode(b"\xff")
    odd.mkdir()
    (odd / "w.toml").write_text(WORKER)
    assert refusal(odd / "w.toml") == f"{folder}/\\udcff/w.toml has a path that must be valid UTF-8"


# ---------------------------------------------------------------- finding


def test_discover_prefers_the_worker_file(folder: Path) -> None:
    assert config.discover(folder) is None
    (folder / "Procfile").write_text("")
    assert config.discover(folder) == folder / "Procfile"
    (folder / "proctui.toml").write_text("")
    assert config.discover(folder) == folder / "proctui.toml"


def test_discover_does_not_pass_over_what_load_would_refuse(folder: Path) -> None:
    (folder / "Procfile").write_text("")
    (folder / "proctui.toml").symlink_to("nowhere")
    assert config.discover(folder) == folder / "proctui.toml"
    assert config.discover(folder / "nowhere") is None


# ---------------------------------------------------------------- who else may write it


def warnings(path: Path, file_mode: int, folder_mode: int) -> list[str]:
    path.write_text(WORKER)
    path.chmod(file_mode)
    path.parent.chmod(folder_mode)
    return config.warnings(path)


@pytest.mark.parametrize(("file", "folder_mode"), [(0o600, 0o700), (0o644, 0o755), (0o644, 0o1777)])
def test_no_warning_where_only_the_owner_writes(folder: Path, file: int, folder_mode: int) -> None:
    assert warnings(folder / "w.toml", file, folder_mode) == []


def test_a_warning_for_a_file_that_others_may_write(folder: Path) -> None:
    path = folder / "w.toml"
    assert warnings(path, 0o646, 0o700) == [
        f"{path}: this worker file may be written by everybody, "
        "who then decide what your workers run"
    ]


def test_a_warning_for_a_folder_that_others_may_write(folder: Path) -> None:
    assert warnings(folder / "w.toml", 0o600, 0o777) == [
        f"{folder}: this folder of the worker file may be written by everybody, "
        "who then decide what your workers run"
    ]


def test_a_group_warns_unless_it_is_the_owners_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "w.toml"
    monkeypatch.setattr(config, "_is_private_group", lambda uid, gid: False)
    (sentence,) = warnings(path, 0o664, 0o755)
    assert "may be written by others of its group" in sentence
    monkeypatch.setattr(config, "_is_private_group", lambda uid, gid: True)
    assert warnings(path, 0o664, 0o775) == []


def test_a_group_nobody_knows_is_not_private() -> None:
    assert not config._is_private_group(os.getuid(), 2**31 - 5)


def test_no_warning_for_a_file_that_is_not_there(folder: Path) -> None:
    assert config.warnings(folder / "w.toml") == []


# ---------------------------------------------------------------- the starter


def test_the_starter_is_a_worker_file(folder: Path) -> None:
    config.write_starter(folder / "proctui.toml")
    session = config.load(folder / "proctui.toml")
    assert [worker.id for worker in session.workers] == ["clock", "sleeper-1", "sleeper-2"]


def test_every_line_of_the_starter_can_be_uncommented() -> None:
    text = re.sub(r"(?m)^#(?! )", "", config.STARTER)
    assert text.count("\n#") < config.STARTER.count("\n#")
    session = config.loads_toml(text, Path("/srv/app/proctui.toml"))
    assert session.name == "my-session"
    sleeper = session.workers[-1]
    plain = WorkerSpec(id=sleeper.id)
    examples = {"id", "target", "args", "kwargs", "name", "join_timeout", "cwd", "env", "python"}
    for field in set(WorkerSpec.__struct_fields__) - examples - {"daemon", "import_root"}:
        assert getattr(sleeper, field) == getattr(plain, field), f"{field}: not its default"


def test_the_starter_names_every_key() -> None:
    for key in (*SETTINGS, *WORKER_KEYS):
        assert re.search(rf"(?m)^#?{key} = ", config.STARTER), key


def test_the_starter_overwrites_nothing(folder: Path) -> None:
    path = folder / "proctui.toml"
    path.write_text("mine")
    with pytest.raises(ConfigError) as caught:
        config.write_starter(path)
    assert str(caught.value) == f"{path} is there already and is left as it is"
    assert path.read_text() == "mine"


def test_the_starter_in_a_folder_that_is_not_there(folder: Path) -> None:
    path = folder / "nowhere" / "proctui.toml"
    with pytest.raises(ConfigError) as caught:
        config.write_starter(path)
    assert str(caught.value) == f"{path} can't be written: no such file or directory"


def test_a_starter_that_could_not_be_written_leaves_nothing(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(ConfigError, match="can't be written: file too large"):
            config.write_starter(folder / "proctui.toml")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_warning_for_a_file_of_somebody_else(folder: Path) -> None:
    path = folder / "w.toml"
    path.write_text(WORKER)
    os.chown(path, 65534, 65534)
    (sentence,) = config.warnings(path)
    assert (
        sentence == f"{path}: this worker file belongs to nobody, who decides what your workers run"
    )
    os.chown(folder, 2**31 - 5, -1)
    assert len(config.warnings(path)) == 2
