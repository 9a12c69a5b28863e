"""The filter language: ``state:zombie``, ``cpu>50 !daemon:true``, ``name:worker or orphan:true``.

Pure.  A filter is words side by side (all must hold), ``or`` between alternatives, ``!`` or
``not`` before what must not hold, and parentheses.  A word without a key is searched for in
name, target and pid.  Quotes make one word of several, or plain text of what looks like a key.

====================  =======================================================================
``name:x``            contains x, upper and lower case alike; ``name=x`` is exactly x;
                      likewise ``target``, ``worker`` (whose descendant)
``state:zombie``      a state's word or letter, ``joined``, ``orphan``
``alive:false``       true, false, or ``none`` where Python says nothing; likewise ``daemon``,
                      ``orphan``, ``zombie``
``is:orphan``         alive, ended, zombie, orphan, worker, descendant, helper, failed, daemon
``pid:4711``          with ``:`` ``=`` ``!=`` ``<`` ``<=`` ``>`` ``>=``; likewise ``ppid``, ``cpu``
                      (per cent), ``mem`` (``100M``), ``age`` (``5m``, ``1h30m``), ``exitcode``
                      (``-9``, ``SIGKILL``), ``restarts``, ``threads``
====================  =======================================================================

What is not known matches nothing, not even ``!=``; ``exitcode:none`` finds it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from proctui.model import Row
from proctui.views.conditions import IS, KEYS, STATES, Clock, FilterError, condition, words
from proctui.views.view import Predicate, containing

__all__ = ["Filter", "FilterError", "completions", "parse", "without_unfinished"]

_MAX_LENGTH = 500
_MAX_DEPTH = 50


class Filter(msgspec.Struct, frozen=True):
    """A filter that was understood."""

    text: str
    """As it was written."""
    matches: Predicate

    def __call__(self, row: Row) -> bool:
        """Whether a row passes."""
        return self.matches(row)


def parse(text: str, clock: Clock = time.time) -> Filter | None:
    """The filter that `text` means; None where it is empty.

    Raises `FilterError`.  `clock` tells seconds since the epoch when ages are compared.
    """
    if len(text) > _MAX_LENGTH:
        raise FilterError(f"the filter is longer than {_MAX_LENGTH} characters", "", _MAX_LENGTH)
    tokens = list(_tokens(text))
    if not tokens:
        return None
    return Filter(text, _Parser(tokens, clock, len(text)).all())


# ------------------------------------------------------------------------------ the words


class _Token(NamedTuple):
    text: str
    position: int
    quoted: bool = False
    """Began with a quote: plain text whatever it looks like."""


def _tokens(text: str) -> Iterator[_Token]:
    """Words, parentheses and exclamation marks.  Raises `FilterError`."""
    position = depth = 0
    while position < len(text):
        character = text[position]
        if character.isspace():
            position += 1
        elif character == "(" or (character == ")" and depth):
            depth += 1 if character == "(" else -1
            yield _Token(character, position)
            position += 1
        elif character == "!" and text[position + 1 : position + 2] != "=":
            yield _Token(character, position)
            position += 1
        else:
            token, position = _word(text, position, depth)
            yield token


def _word(text: str, start: int, depth: int) -> tuple[_Token, int]:
    """The word that begins at `start`, and where it ends."""
    pieces: list[str] = []
    position, opened = start, 0
    while position < len(text) and not text[position].isspace():
        character = text[position]
        if character in "\"'" and (position == start or text[position - 1] in ":=<>"):
            end = text.find(character, position + 1)
            if end < 0:
                raise FilterError(f"a quote {character} is never closed", character, position)
            pieces.append(text[position + 1 : end])
            position = end + 1
            continue
        opened += (character == "(") - (character == ")")
        if opened < 0 and depth:
            break
        pieces.append(character)
        position += 1
    quoted = text[start] in "\"'"
    return _Token("".join(pieces), start, quoted), position


# ---------------------------------------------------------------------------- the grammar


class _Parser:
    """Reads ``or`` of ``and`` of maybe negated terms."""

    def __init__(self, tokens: list[_Token], clock: Clock, end: int) -> None:
        self.tokens = tokens
        self.clock = clock
        self.end = end
        self.index = 0
        self.depth = 0

    def all(self) -> Predicate:
        found = self.alternatives()
        if (token := self.peek()) is not None:
            raise FilterError(f"{token.text!r} is not expected here", token.text, token.position)
        return found

    def peek(self) -> _Token | None:
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    def says(self, *words: str) -> bool:
        """Takes the next token if it is one of these, written without quotes."""
        token = self.peek()
        if token is None or token.quoted or token.text.lower() not in words:
            return False
        self.index += 1
        return True

    def alternatives(self) -> Predicate:
        found = self.together()
        while self.says("or", "|", "||"):
            found = _either(found, self.together())
        return found

    def together(self) -> Predicate:
        found = self.term()
        while not self.ends():
            self.says("and", "&", "&&")
            found = _both(found, self.term())
        return found

    def ends(self) -> bool:
        token = self.peek()
        return token is None or (not token.quoted and token.text.lower() in (")", "or", "|", "||"))

    def term(self) -> Predicate:
        if self.says("!", "not"):
            return self.nested(lambda: _not(self.term()))
        if self.says("("):
            return self.nested(self.group)
        token = self.peek()
        if token is None or (not token.quoted and token.text.lower() in _OPERATORS):
            where = self.end if token is None else token.position
            raise FilterError("a condition is missing", "" if token is None else token.text, where)
        self.index += 1
        if token.quoted:
            return containing(token.text)
        return condition(token.text, token.position, self.clock)

    def group(self) -> Predicate:
        found = self.alternatives()
        if not self.says(")"):
            raise FilterError("a parenthesis is never closed", "(", self.end)
        return found

    def nested(self, read: Callable[[], Predicate]) -> Predicate:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise FilterError("the filter is nested too deeply", "(", self.end)
        found = read()
        self.depth -= 1
        return found


_OPERATORS = frozenset({")", "or", "and", "|", "||", "&", "&&"})


def _either(one: Predicate, other: Predicate) -> Predicate:
    return lambda row: one(row) or other(row)


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda row: one(row) and other(row)


def _not(matches: Predicate) -> Predicate:
    return lambda row: not matches(row)


# ------------------------------------------------------------------------------ completion

_VALUES: dict[str, tuple[str, ...]] = {
    "state": tuple(words(STATES)),
    "is": tuple(IS),
    **dict.fromkeys(("alive", "daemon"), ("true", "false", "none")),
    **dict.fromkeys(("orphan", "zombie"), ("true", "false")),
    "method": ("fork", "spawn", "forkserver"),
    "exitcode": ("none", "0", "SIGKILL", "SIGTERM", "SIGSEGV"),
}

_OPENERS: dict[str, str] = {**dict.fromkeys(KEYS, ":"), "cpu": ">", "mem": ">", "age": "<"}


def completions(text: str) -> list[str]:
    """Whole filters that `text` may become: its last word completed to a key or a value."""
    before, word = _last_word(text)
    if not word or _may_be_operator(before, word):
        return []
    key, colon, value = word.partition(":")
    if colon:
        known = _VALUES.get(key.lower(), ())
        return [f"{before}{key}:{known_value}" for known_value in _starting(known, value)]
    return [f"{before}{known}{_OPENERS[known]}" for known in _starting(KEYS, word)]


def without_unfinished(text: str) -> str:
    """`text` without a last word that is on its way to a condition: ``cpu``, ``!st``, ``mem>``.

    Taken as plain text it would hide nearly everything while somebody types a filter.
    """
    before, word = _last_word(text)
    key = word.rstrip(_OPENING)
    if key == word:
        unfinished = any(known.startswith(word.lower()) for known in KEYS)
    else:
        unfinished = key.lower() in KEYS
    if not word or not unfinished:
        return text
    return before.rstrip("( !")


def _last_word(text: str) -> tuple[str, str]:
    """What is before the last word, and that; the word is empty after a space."""
    start = max(text.rfind(" "), text.rfind("(")) + 1
    start += len(text[start:]) - len(text[start:].lstrip("!"))
    return text[:start], text[start:]


def _may_be_operator(before: str, word: str) -> bool:
    """Whether the word stands between conditions, or will."""
    if word.lower() not in _OPERATORS:
        return False
    said = before.rstrip()
    return bool(said) and said[-1] not in "(!" and said.split()[-1].lower() not in _OPERATORS


_OPENING = ":=<>!"
"""What stands between a key and its value."""


def _starting(known: Mapping[str, object] | tuple[str, ...], given: str) -> list[str]:
    wanted = given.lower()
    return [word for word in known if word.lower().startswith(wanted) and word != given]
