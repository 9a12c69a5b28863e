"""Keys: how they are written, what presets make of them, and that no key does two things."""

from __future__ import annotations

import pytest
from textual.keys import _character_to_key

from proctui.files.mistakes import Wrong
from proctui.files.settings import Settings
from proctui.files.settings_rules import clashes
from proctui.tui import keymap, keynames
from proctui.tui.keys import usual_keys

PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("j", "j"), ("J", "J"), ("/", "slash"), ("?", "question_mark"), ("F9", "f9"),
        ("^q", "ctrl+q"), ("Ctrl+Q", "ctrl+q"), ("shift+j", "J"), ("space", "space"),
        ("comma", "comma"), ("-", "minus"), ("+", "plus"), ("PgUp", "pageup"), ("esc", "escape"),
        ("ctrl+plus", "ctrl+plus"), ("alt+x", "alt+x"), ("shift+f5", "shift+f5"), ("é", "é"),
    ],
)  # fmt: skip
def test_keys_as_people_write_them(written: str, name: str) -> None:
    assert keynames.key(written) == name


@pytest.mark.parametrize("sign", PRINTABLE)
def test_signs_have_the_names_that_textual_gives_them(sign: str) -> None:
    assert keynames.key(sign) == _character_to_key(sign)
    assert keynames.key_name(keynames.key(sign)) == sign


@pytest.mark.parametrize("written", ["", "  ", "F25", "spcae", "ctrl+", "hyper+x", "ab", "\t", "^"])
def test_what_is_no_key(written: str) -> None:
    if written == "^":
        assert keynames.key(written) == "circumflex_accent"
        return
    with pytest.raises(Wrong):
        keynames.key(written)


def test_a_misspelt_key_is_guessed_at() -> None:
    with pytest.raises(Wrong, match=r'has no such key as "spcae".*did you mean "space"\?'):
        keynames.key("spcae")


def test_several_keys_stand_between_commas() -> None:
    assert keynames.keys("j, F2,comma") == ("j", "f2", "comma")
    with pytest.raises(Wrong, match='written "comma"'):
        keynames.keys(",")


@pytest.mark.parametrize("preset", keymap.PRESETS)
def test_no_key_of_a_preset_does_two_things(preset: str) -> None:
    full = keymap.resolved(usual_keys(), preset, {})
    assert list(keymap.conflicts(full)) == []
    assert set(keymap.PRESETS[preset]) <= set(usual_keys())
    assert not {key for keys in full.values() for key in keys} & set(keymap.RESERVED)


def test_what_the_vim_preset_is_for() -> None:
    full = keymap.resolved(usual_keys(), "vim", {})
    assert full["move_up"] == ("up", "k")
    assert full["move_down"] == ("down", "j")
    assert (full["join"], full["kill"]) == (("J",), ("K",))


def test_what_the_person_chose_beats_the_preset() -> None:
    full = keymap.resolved(usual_keys(), "vim", {"kill": ("f8",)})
    assert full["kill"] == ("f8",)
    assert full["join"] == ("J",)


def test_a_key_that_would_do_two_things_is_one_sentence() -> None:
    (said,) = clashes(Settings(keys={"new": ("k",)}))
    assert said == 'gives "k" to new, and kill has that key too; give kill another one as well'


def test_swapping_two_keys_is_no_clash() -> None:
    assert clashes(Settings(keys={"new": ("k",), "kill": ("n",)})) == []


def test_some_keys_are_never_given_away() -> None:
    (said,) = clashes(Settings(keys={"kill": ("ctrl+c",)}))
    assert said == 'gives "^c" to kill, but that key always copies, or leaves'


def test_keys_in_force_are_those_that_are_shown() -> None:
    try:
        keymap.put_in_force({"kill": ("K",)})
        assert keymap.in_force("kill", ("k",)) == ("K",)
        assert keymap.in_force("join", ("j",)) == ("j",)
    finally:
        keymap.put_in_force({})
