"""One corpus of hostile text for all tests: what processes might call themselves, say or be told.

`TEXTS` are strings as they come out of /proc and files (bytes that are no UTF-8 as surrogates);
`BYTES` is the same as it stands in a log.  `any_text` makes more of the kind.
"""

from __future__ import annotations

import re
import unicodedata

from hypothesis import strategies as st

MARKUP = {
    "closing tag": "[/foo]",
    "unclosed tag": "[bold",
    "style tags": "[bold red]x[/]",
    "click action": "[@click=app.quit]x[/]",
    "link tag": "[link=http://evil]x[/link]",
    "emoji code": ":skull:",
    "format string": "%s%n{0}{x!r}$HOME`id`",
}
SEQUENCES = {
    "clipboard, OSC 52": "\x1b]52;c;cm0gLXJmIC8K\x07",
    "clipboard, ended by ST": "\x1b]52;c;cm0gLXJmIC8K\x1b\\",
    "clipboard, C1": "\x9d52;c;cm0gLXJmIC8K\x9c",
    "link, OSC 8": "\x1b]8;;http://evil\x1b\\x\x1b]8;;\x1b\\",
    "title": "\x1b]0;PWNED\x07",
    "icon name": "\x1b]1;PWNED\x07",
    "palette": "\x1b]4;1;rgb:00/00/00\x07",
    "title stack": "\x1b[22;0t\x1b[23;0t",
    "report title": "\x1b[21t",
    "window size": "\x1b[8;1;1t",
    "device status": "\x1b[6n\x1b[c\x1b[5n\x05",
    "DCS": "\x1bP1;1|17/ab\x1b\\",
    "DCS status request": '\x1bP$q"p\x1b\\',
    "APC, PM, SOS": "\x1b_a\x1b\\\x1b^b\x1b\\\x1bXc\x1b\\",
    "unended OSC": "\x1b]0;PWNED",
    "unended DCS": "\x1bPq",
    "paste begins and ends": "\x1b[200~rm -rf /\n\x1b[201~",
    "paste end nested": "\x1b\x1b[201~[201~",
    "paste modes": "\x1b[?2004l",
    "reset": "\x1bc",
    "soft reset": "\x1b[!p",
    "clear": "\x1b[2J\x1b[3J\x1b[H",
    "cursor": "\x1b[10;10H\x1b[1A\x1b7\x1b8",
    "scroll region": "\x1b[1;2r",
    "alternate screen": "\x1b[?1049l",
    "mouse": "\x1b[?1003l\x1b[?1006l",
    "hidden cursor": "\x1b[?25h",
    "charset": "\x1b(0\x1b)0\x0e",
    "8 bit CSI": "\x9b31m\x9b2J",
    "colour": "\x1b[31;1mred",
    "conceal": "\x1b[8mhidden",
    "kitty graphics": "\x1b_Ga=T,f=24;AAAA\x1b\\",
    "kitty keyboard": "\x1b[>1u",
    "synchronised output": "\x1b[?2026h",
}
CONTROLS = {
    "every C0": "".join(map(chr, range(32))),
    "DEL and C1": "".join(map(chr, range(0x7F, 0xA0))),
    "NUL": "a\x00b",
    "newlines": "a\nb\r\nc\rd",
    "tabs": "a\tb\x0bc\x0cd",
    "backspaces": "secret\x08\x08\x08\x08\x08\x08public",
    "bells": "\x07\x07",
    "line separators": "a\u2028b\u2029c\u0085d",
}
ENCODING = {
    "not UTF-8": "caf\udce9\udcff\udcfe",
    "overlong": "\udcc0\udc80",
    "half a character": "\udce2\udc82",
    "lone surrogate": "\ud800\udbff",
    "C1 as a byte": "\udc9b31m",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "private use": "\ue000\U000f0000",
}
UNSEEN = {
    "bidi override": "abc\u202egpj.exe",
    "bidi isolates": "\u2066\u2067\u2068\u2069",
    "bidi marks": "a\u200e\u200f\u061cb",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060f",
    "soft hyphen": "a\u00adb",
    "tag characters": "x\U000e0041\U000e007f",
    "variation selectors": "x\ufe0e\ufe0f\U000e0100",
    "fillers": "\u3164\u115f\u1160\uffa0\u2800",
    "invisible operators": "\u2061\u2062\u2063\u2064",
    "interlinear": "\ufff9\ufffa\ufffb",
    "Mongolian": "\u180e\u180b",
    "Khmer": "\u17b4\u17b5",
}
WIDTHS = {
    "wide": "日本語テスト",
    "full width": "ＡＢＣ",
    "combining": "e\u0301a\u0308",
    "pile": "Z" + "\u0310\u0334\u0489" * 30,
    "mark on nothing": "\u0301x",
    "enclosing": "x\u20dd\u20e3",
    "emoji with skin": "👍🏽",
    "flags": "🇩🇪🇫",
    "family": "👩\u200d👩\u200d👧",
    "keycap": "1\ufe0f\u20e3",
    "jamo": "\u1100\u1161\u11a8",
    "ambiguous": "±§°·×",
    "Arabic": "العربية",
    "Devanagari": "क्षि",
    "Thai": "กำ้",
    "spaces": "\u00a0\u2003\u3000|",
}
STRUCTURE = {
    "a comm that ends itself": ") R 1",
    "a comm of parentheses": "((()))) Z 1 1",
    "empty": "",
    "blank": "   ",
    "path": "../../etc/passwd",
    "option": "--help",
    "glob": "*?[a-z]",
    "100 kB": "x" * 100_000,
    "100 kB of wide": "日" * 100_000,
    "100 kB of escapes": "\x1b[" * 50_000,
    "100 kB of marks": "\u0301" * 100_000,
}

TEXTS: dict[str, str] = {
    **MARKUP, **SEQUENCES, **CONTROLS, **ENCODING, **UNSEEN, **WIDTHS, **STRUCTURE,
}  # fmt: skip
BYTES: dict[str, bytes] = {
    name: text.encode("utf-8", "surrogateescape")
    for name, text in TEXTS.items()
    if "\ud800" not in text
}
SHORT: dict[str, str] = {name: text for name, text in TEXTS.items() if len(text) <= 200}

_PIECES = sorted({piece for text in SHORT.values() for piece in re.findall(r"\x1b?.", text, re.S)})
any_text = st.lists(
    st.one_of(
        st.sampled_from(sorted(SHORT.values())),
        st.sampled_from(_PIECES),
        st.text(st.characters(), max_size=6),  # lone surrogates too
    ),
    max_size=10,
).map("".join)
"""Pieces of the corpus, cut and joined anew, and anything else."""
any_bytes = st.one_of(
    any_text.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=40)
)

_ACTED_ON = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def unsafe(shown: str) -> str:
    """Those characters of `shown` that a terminal acts on, can't draw or draws as nothing."""
    return "".join(c for c in shown if unicodedata.category(c) in _ACTED_ON)
