"""What differs between two specifications of a session.  Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from proctui.spec import SessionSpec, WorkerSpec

SETTINGS = ("adopt", "log_limit", "refresh")
"""Of the session as a whole."""


NAMED = 5
"""Workers that are named where their order differs."""


class Change(NamedTuple):
    """One field that differs, as text; environment values are never shown."""

    field: str
    before: str
    after: str


class Difference(NamedTuple):
    """What has to happen so that a session becomes another."""

    added: tuple[WorkerSpec, ...]
    removed: tuple[WorkerSpec, ...]
    changed: dict[str, tuple[Change, ...]]
    """By worker id."""
    settings: tuple[Change, ...]
    other_name: Change | None = None
    """What the session is called and what it would be, which makes no difference: the name is how
    it was found, and it stays."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.settings)

    def lines(self) -> list[str]:
        """For a person: ``+`` new, ``-`` gone, ``~`` changed.  Untrusted text in it."""
        stays = self.other_name
        note = (
            [f"~ session: name stays {stays.before} (the file says {stays.after})"] if stays else []
        )
        if not self:
            return ["nothing else differs" if note else "nothing differs", *note]
        return [
            *(f"+ {spec.id}: {spec.label}" for spec in self.added),
            *(f"- {spec.id}: {spec.label}" for spec in self.removed),
            *(f"~ {id}: {_listed(changes)}" for id, changes in self.changed.items()),
            *([f"~ session: {_listed(self.settings)}"] if self.settings else []),
            *note,
        ]

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "added": [spec.id for spec in self.added],
            "removed": [spec.id for spec in self.removed],
            "changed": {
                id: [change._asdict() for change in changes] for id, changes in self.changed.items()
            },
            "settings": [change._asdict() for change in self.settings],
        }


def difference(now: SessionSpec, wanted: SessionSpec) -> Difference:
    """What has to happen so that `now` becomes `wanted`, in the order of their workers."""
    here = {spec.id: spec for spec in now.workers}
    there = {spec.id: spec for spec in wanted.workers}
    return Difference(
        added=tuple(spec for spec in wanted.workers if spec.id not in here),
        removed=tuple(spec for spec in now.workers if spec.id not in there),
        changed={
            id: _changes(here[id], spec, WorkerSpec.__struct_fields__)
            for id, spec in there.items()
            if id in here and here[id] != spec
        },
        settings=(*_changes(now, wanted, SETTINGS), *_order(list(here), list(there))),
        other_name=(Change("name", now.name, wanted.name) if now.name != wanted.name else None),
    )


def _changes(
    before: SessionSpec | WorkerSpec, after: SessionSpec | WorkerSpec, fields: tuple[str, ...]
) -> tuple[Change, ...]:
    return tuple(
        _change(field, getattr(before, field), getattr(after, field))
        for field in fields
        if getattr(before, field) != getattr(after, field)
    )


def _order(here: list[str], there: list[str]) -> tuple[Change, ...]:
    """Of the workers that are in both; what is new has its place beside them."""
    known, wanted = set(here), set(there)
    before = [id for id in here if id in wanted]
    after = [id for id in there if id in known]
    if before == after:
        return ()
    first = next(place for place, id in enumerate(before) if after[place] != id)
    return (Change("order", _beginning(before[first:]), _beginning(after[first:])),)


def _beginning(ids: list[str]) -> str:
    return ", ".join([*ids[:NAMED], *(["…"] if len(ids) > NAMED else [])])


def _change(field: str, before: Any, after: Any) -> Change:
    if field != "env":
        return Change(field, repr(before), repr(after))
    differing = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    return Change(
        field,
        _names(name for name in differing if name in before),
        _names(name for name in differing if name in after),
    )


def _names(names: Any) -> str:
    return ", ".join(names) or "nothing"


def _listed(changes: tuple[Change, ...]) -> str:
    return "; ".join(f"{change.field} {change.before} → {change.after}" for change in changes)
