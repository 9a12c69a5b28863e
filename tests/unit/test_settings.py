"""Settings files: read, checked like worker files, written back whole."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.files import settings, settings_file, settings_rules
from proctui.files.mistakes import ConfigError
from proctui.files.settings import CONFIRMED, Settings
from proctui.tui import keynames
from proctui.tui.themes import names
from proctui.views.view import COLUMNS

FILE = Path("/home/egon/.config/proctui/config.toml")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(settings.VARIABLE, str(tmp_path / "config"))
    return tmp_path / "config" / settings.FILE


def test_without_a_file_everything_is_usual(file: Path) -> None:
    assert settings.path() == file
    assert settings.load() == Settings()


def test_the_file_is_where_configuration_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(settings.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/egon/.config")
    assert settings.path() == FILE


def test_all_that_can_be_said() -> None:
    said = settings_rules.loads(
        'theme = "nord"\nkeymap = "vim"\ncolumns = ["name", "pid", "cpu"]\ntree = false\n'
        'sort = "-cpu"\nrefresh = 0.5\nconfirm = ["kill"]\non_quit = "detach"\n'
        '[keys]\nnew = "a, F8"\nmove_up = "up"\n[widths]\nname = 30\n',
        FILE,
    )
    assert said == Settings(
        theme="nord", keymap="vim", columns=("name", "pid", "cpu"), tree=False, sort="cpu",
        reverse=True, refresh=0.5, confirm=("kill",), on_quit="detach",
        keys={"new": ("a", "f8"), "move_up": ("up",)}, widths={"name": 30},
    )  # fmt: skip


def test_every_entry_of_a_table_tells_its_own_mistake() -> None:
    text = '[keys]\nkil = "K"\nnew = "F99"\n[widths]\nname = 1\npid = 9\nage = "wide"\n'
    with pytest.raises(ConfigError) as told:
        settings_rules.loads(text, FILE)
    sentences = told.value.sentences
    assert [sentence.split()[1] for sentence in sentences] == [
        "keys.kil", "keys.new", "widths.name", "widths.age",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('them = "nord"', 'them is not a known setting; did you mean "theme"?'),
        ('theme = "nrod"', 'not "nrod"; did you mean "nord"?'),
        ('keymap = "emacs"', 'keymap must be "default", "vim" or "htop", not "emacs"'),
        ("keymap = 3", 'keymap must be "default", "vim" or "htop", not 3'),
        ('[keys]\nkil = "K"', 'keys.kil is not an action; did you mean "kill"?'),
        ("[keys]\nkill = 3", "keys.kill must be a string, not 3"),
        ('[keys]\nkill = "F99"', 'keys.kill has no such key as "F99"'),
        ('keys = "j"', "keys must be a table"),
        (
            '[keys]\nnew = "k"',
            'keys gives "k" to new, and kill has that key too; give kill another one as well',
        ),
        ('columns = ["pid"]', 'columns must have "name" among them'),
        ('columns = ["name", "pdi"]', 'columns[1] must be "name", "pid"'),
        ('columns = ["name", "name"]', 'columns[1] names "name" a second time'),
        ('columns = "name"', 'columns must be an array of columns such as ["name"], not "name"'),
        ("[widths]\nname = 2", "widths.name must be a whole number from 3 to 200, not 2"),
        ("[widths]\nnam = 20", 'widths.nam is not a column; did you mean "name"?'),
        ("tree = 1", "tree must be true or false, not 1"),
        ('sort = "cpus"', 'did you mean "cpu"?'),
        ("refresh = 0", "refresh must be a number of seconds from 0.1 on"),
        ('confirm = ["join"]', "confirm[0] must be"),
        ('on_quit = "kill"', 'on_quit must be "ask", "stop", "wait" or "detach", not "kill"'),
        ("theme = nord", "line 1, column 9 is no valid TOML"),
    ],
)
def test_mistakes_are_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_rules.loads(text, FILE)
    assert str(caught.value).startswith(f"{FILE}: ")
    assert sentence in str(caught.value)


def test_all_mistakes_are_told_together() -> None:
    with pytest.raises(ConfigError) as caught:
        settings_rules.loads('tree = 1\non_quit = 2\ntheme = "nord"', FILE)
    assert len(caught.value.sentences) == 2


def test_a_file_that_cannot_be_read_is_a_mistake(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(ConfigError):
        settings.load()


def test_a_link_that_leads_nowhere_is_a_mistake(file: Path) -> None:
    file.parent.mkdir()
    file.symlink_to("gone")
    with pytest.raises(ConfigError, match="no such file"):
        settings.load()


keys = st.sampled_from(
    ["f8", "f11", "ctrl+plus", "alt+comma", "W", "R", "quotation_mark", "backslash", "V", "0"]
)
chosen = st.builds(
    Settings,
    theme=st.sampled_from(names()),
    keymap=st.sampled_from(["default", "vim", "htop"]),
    keys=st.fixed_dictionaries({}, optional={"new": st.tuples(keys)}),
    columns=st.permutations(COLUMNS).map(tuple),
    widths=st.dictionaries(st.sampled_from(COLUMNS), st.integers(3, 200)),
    tree=st.booleans(),
    sort=st.sampled_from(COLUMNS),
    reverse=st.booleans(),
    refresh=st.none() | st.floats(0.1, 3600),
    confirm=st.sets(st.sampled_from(CONFIRMED)).map(tuple),
    on_quit=st.sampled_from(["ask", "stop", "wait", "detach"]),
)


@given(chosen)
def test_what_is_written_is_read_again(said: Settings) -> None:
    if not settings_rules.clashes(said):
        assert settings_rules.loads(settings_file.dumps(said), FILE) == said


def test_defaults_are_written_as_comments() -> None:
    text = settings_file.dumps(Settings())
    assert settings_rules.loads(text, FILE) == Settings()
    assert all(not line or line.startswith("#") for line in text.splitlines())
    as_they_are = "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") else ""
        for line in text.splitlines()
    )
    assert settings_rules.loads(as_they_are, FILE) == Settings(refresh=1.0)


def test_saving_changes_only_what_was_changed(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('on_quit = "detach"\n[keys]\nkill = "f8, comma"\nsettings = "f2"\n')
    assert settings_file.save({"theme": "nord"}) == settings.load()
    assert settings.load() == Settings(
        theme="nord", on_quit="detach", keys={"kill": ("f8", "comma"), "settings": ("f2",)}
    )


def test_a_new_file_is_the_persons_alone_and_nothing_stays_beside_it(file: Path) -> None:
    settings_file.save({"tree": False})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


def test_a_link_is_written_through_and_a_mode_kept(file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("")
    kept.chmod(0o644)
    file.parent.mkdir()
    file.symlink_to(kept)
    settings_file.save({"tree": False})
    assert file.is_symlink()
    assert "tree = false" in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o644


def test_a_file_that_is_wrong_by_now_is_left_alone(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("tree = 1\n")
    with pytest.raises(ConfigError, match="tree must be"):
        settings_file.save({"theme": "nord"})
    assert file.read_text() == "tree = 1\n"


def test_a_change_that_contradicts_the_rest_is_not_written(file: Path) -> None:
    settings_file.save({"keys": {"new": ("J",), "join_all": ("f8",)}})
    before = file.read_text()
    with pytest.raises(ConfigError, match="keys gives"):
        settings_file.save({"keymap": "vim"})
    assert file.read_text() == before


def test_a_folder_that_cannot_be_written_is_one_sentence(file: Path, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("not a folder")
    with pytest.raises(ConfigError):
        settings_file.save({"tree": False})


def test_key_names_survive_being_written() -> None:
    for key in ("comma", "ctrl+comma", "plus", "ctrl+plus", "pageup", "quotation_mark"):
        assert keynames.keys(settings_file._keys((key,))) == (key,)
