"""Inputs made from inputs: bytes changed, pieces cut, doubled and joined, words put in."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.hostile import BYTES

WORDS = [
    b"", b"\0", b"\xff", b"\n", b"\r\n", b"\x1b", b'"', b"'", b"'''", b"[", b"]", b"[[", b"{", b"}",
    b"(", b")", b"=", b",", b":", b";", b"!", b"#", b"\\", b"\\u0000", b"\\ud800", b"-1", b"0",
    b"1e999", b"nan", b"-0.0", b"99999999999999999999", b"null", b"true", b"1979-05-27", b") R 1",
    b" or ", b" and ", b"cpu>", b"state:", b"..", b"/", b"~", b"$", b"%", b"*", b"?",
    *(one for one in BYTES.values() if len(one) < 64),
]  # fmt: skip
LONGEST = 4096
"""Bytes of an input."""

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def _place(chance: random.Random, data: bytes) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.choice((1, 2, 4, 8, 32, 128)))


def _change(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    changed = bytearray(data or b"x")
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwrite(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(chance, data)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def _remove(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(chance, data)
    return data[:start] + data[end:]


def _repeat(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(chance, data)
    return data[:end] + data[start:end] * chance.choice((1, 2, 50)) + data[end:]


def _insert(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, _end = _place(chance, data)
    return data[:start] + chance.choice(WORDS) + data[start:]


def _replace(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(chance, data)
    return data[:start] + chance.choice(WORDS) + data[end:]


def _splice(chance: random.Random, data: bytes, known: Sequence[bytes]) -> bytes:
    other = chance.choice(known)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (
    _change, _overwrite, _remove, _repeat, _insert, _replace, _splice,
)  # fmt: skip


def mutated(chance: random.Random, known: Sequence[bytes]) -> bytes:
    """One of the known, changed once or some times."""
    data = chance.choice(known)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        data = chance.choice(MUTATIONS)(chance, data, known)
    return data[:LONGEST]
