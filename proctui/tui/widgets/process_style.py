"""Component classes of the process table and their colours, all from the theme."""

from __future__ import annotations

COMPONENT_CLASSES: set[str] = {
    f"process-table--{name}"
    for name in (
        "header", "sorted", "header-hover", "placeholder",
        "cursor", "cursor-zombie", "cursor-orphan", "hover", "tagged", "faint",
        "zombie", "orphan",
        "glyph-zombie", "glyph-orphan", "glyph-failed", "glyph-alive", "glyph-busy",
        "glyph-stopped", "glyph-idle", "glyph-ended", "glyph-crashed",
        "edge-zombie", "edge-orphan", "edge-failed", "tag",
        "name", "dim", "good", "warm", "hot", "bad", "guide", "thumb",
    )
}  # fmt: skip

ORNAMENTS = ("guide", "thumb", "edge-zombie", "edge-orphan", "edge-failed")
"""Component classes of what is no text."""

CSS = """
ProcessLines {
    height: 1fr;
    background: $background;
    color: $foreground;
    & > .process-table--header { background: $panel; color: $text-muted; text-style: bold; }
    & > .process-table--sorted { color: $text-primary; }
    & > .process-table--header-hover { background: $primary-muted; color: $text; }
    & > .process-table--placeholder { color: $text-muted; }

    & > .process-table--zombie { background: $error-muted; color: $text-error; }
    & > .process-table--orphan { background: $warning-muted; color: $text-warning; }
    & > .process-table--hover { background: $foreground 7%; }
    & > .process-table--tagged { background: $accent 15%; }
    & > .process-table--faint { color: $text-muted; }

    & > .process-table--cursor { background: $primary 35%; color: $text; }
    & > .process-table--cursor-zombie { background: $error 60%; color: $text; }
    & > .process-table--cursor-orphan { background: $warning 60%; color: $text; }
    &:focus > .process-table--cursor { background: $primary; color: $text; }
    &:focus > .process-table--cursor-zombie { background: $error; color: $text; }
    &:focus > .process-table--cursor-orphan { background: $warning; color: $text; }

    & > .process-table--glyph-zombie { color: $text-error; text-style: bold; }
    & > .process-table--glyph-orphan { color: $text-warning; text-style: bold; }
    & > .process-table--glyph-failed { color: $text-error; text-style: bold; }
    & > .process-table--glyph-alive { color: $text-success; }
    & > .process-table--glyph-busy { color: $text-success; text-style: bold; }
    & > .process-table--glyph-stopped { color: $text-warning; }
    & > .process-table--glyph-idle { color: $text-muted; }
    & > .process-table--glyph-ended { color: $text-success; }
    & > .process-table--glyph-crashed { color: $text-error; }
    & > .process-table--edge-zombie { color: $error; }
    & > .process-table--edge-orphan { color: $warning; }
    & > .process-table--edge-failed { color: $error; }
    & > .process-table--tag { color: $accent; text-style: bold; }

    & > .process-table--name { text-style: bold; }
    & > .process-table--dim { color: $text-muted; }
    & > .process-table--good { color: $text-success; }
    & > .process-table--warm { color: $text-warning; }
    & > .process-table--hot { color: $text-error; text-style: bold; }
    & > .process-table--bad { color: $text-error; }
    & > .process-table--guide { color: $foreground 40%; }
    & > .process-table--thumb { color: $primary; }

    &:nocolor, &:nocolor:focus {
        & > .process-table--cursor {
            background: $background; color: $foreground; text-style: reverse;
        }
        & > .process-table--cursor-zombie {
            background: $background; color: $foreground; text-style: reverse bold;
        }
        & > .process-table--cursor-orphan {
            background: $background; color: $foreground; text-style: reverse bold;
        }
        & > .process-table--zombie { color: $text; text-style: bold; }
        & > .process-table--orphan { color: $text; text-style: bold; }
        & > .process-table--hover { text-style: underline; }
        & > .process-table--sorted { text-style: bold underline; }
    }
    &:ansi, &:ansi:focus {
        & > .process-table--header { text-style: bold underline; }
        & > .process-table--zombie { background: ansi_red; color: ansi_bright_white; }
        & > .process-table--orphan { background: ansi_yellow; color: ansi_black; }
        & > .process-table--hover { text-style: underline; }
        & > .process-table--cursor {
            background: ansi_default; color: ansi_default; text-style: reverse;
        }
        & > .process-table--cursor-zombie {
            background: ansi_bright_white; color: ansi_red; text-style: bold;
        }
        & > .process-table--cursor-orphan {
            background: ansi_bright_white; color: ansi_magenta; text-style: bold;
        }
    }
}
"""
