"""Tables as a worker file holds them → specifications.

Which keys there are, what each may be, and what they mean together.  Where the tables come
from (a file, words, a form) doesn't matter here, and whether a target or a program exists
shows only in the child, on that worker's row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from proctui.files import checks
from proctui.files.checks import Check
from proctui.files.mistakes import Mistakes, Wrong, described, dotted, hint, quoted, shortened
from proctui.spec import ReapPolicy, RestartPolicy, SessionSpec, StartMethod, WorkerSpec

MOST_INSTANCES: Final = 10_000
MOST_WORKERS: Final = 100_000
"""Of a session, all instances counted."""
SHELL: Final = ("/bin/sh", "-c")

WORKER_KEYS: Final[dict[str, Check]] = {
    "target": checks.target,
    "command": checks.command,
    "args": checks.arguments,
    "kwargs": checks.keywords,
    "name": checks.text,
    "count": checks.integer(1, MOST_INSTANCES),
    "daemon": checks.boolean,
    "start_method": checks.choice(*get_args(StartMethod)),
    "autostart": checks.boolean,
    "reap": checks.choice(*get_args(ReapPolicy)),
    "restart": checks.choice(*get_args(RestartPolicy)),
    "max_restarts": checks.integer(0, 1_000_000),
    "restart_window": checks.seconds(),
    "backoff": checks.seconds(above=False),
    "backoff_max": checks.seconds(above=False),
    "stop_signal": checks.stop_signal,
    "stop_timeout": checks.seconds(),
    "join_timeout": checks.seconds(),
    "cwd": checks.path,
    "env": checks.environment,
    "python": checks.path,
    "import_root": checks.path,
}
"""Every key of ``[workers.NAME]``."""

ONLY_OF_WORKERS: Final = ("target", "command", "args", "kwargs", "name", "count", "daemon")
ONLY_OF_TARGETS: Final = ("args", "kwargs", "start_method", "python", "import_root")

SETTINGS: Final[dict[str, Check]] = {
    "name": checks.name,
    "adopt": checks.boolean,
    "log_limit": checks.size(64 * 1024, 1 << 40),
    "refresh": checks.seconds(0.1, 3600, above=False),
}
"""Keys of ``[session]`` that are about the session itself."""

SESSION_KEYS: Final[dict[str, Check]] = SETTINGS | {
    key: check for key, check in WORKER_KEYS.items() if key not in ONLY_OF_WORKERS
}
"""Every key of ``[session]``; those that a worker has too stand for all workers."""

_DEFAULTS: Final = WorkerSpec(id="defaults")
_ONLY_OF_SESSION: Final = tuple(key for key in SETTINGS if key not in WORKER_KEYS)


def session_from_tables(data: Mapping[str, Any], file: Path) -> SessionSpec:
    """The session that a worker file's tables mean.

    `file` is absolute; relative paths resolve against its folder.  Raises `ConfigError`:
    mistakes of ``[session]`` first, then those of the workers in file order.
    """
    mistakes = Mistakes(file)
    for key in data:
        if key not in ("session", "workers"):
            mistakes.add(dotted(key), _no_such_table(key))
    settings, shared = _session_values(mistakes, data.get("session", {}))
    workers = _workers(mistakes, data.get("workers", {}), shared, file.parent)
    mistakes.tell()
    return SessionSpec(
        name=settings.pop("name", None) or safe_name(file.parent.name),
        source=str(file),
        folder=str(file.parent),
        workers=workers,
        **settings,
    )


def worker_from_table(
    name: str, table: Mapping[str, Any], folder: Path, *, file: str
) -> tuple[WorkerSpec, ...]:
    """The instances of one worker whose keys are those of ``[workers.NAME]``.

    `file` is how errors name where the table came from; their keys are bare (``count``).
    Raises `ConfigError`.
    """
    mistakes = Mistakes(file)
    specs = _worker(mistakes, "", name, table, {}, folder)
    mistakes.tell()
    return specs


def safe_name(text: str) -> str:
    """`text` made into a name that `checks.name` lets pass; ``session`` where nothing is left."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).lstrip(".-")[:64].rstrip(".-") or "session"


def _no_such_table(key: str) -> str:
    if key in SESSION_KEYS:
        return "stands outside of any table; it belongs under [session]"
    if key in WORKER_KEYS:
        return "stands outside of any table; it belongs under [workers.NAME]"
    return f"is not known; expected [session] and [workers.NAME]{hint(key, ('session', 'workers'))}"


def _session_values(mistakes: Mistakes, table: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Checked settings of the session itself, and those that stand for all workers."""
    if not isinstance(table, Mapping):
        mistakes.add("session", f"must be a table, not {described(table)}")
        return {}, {}
    elsewhere = dict.fromkeys(ONLY_OF_WORKERS, "belongs in a worker's own table, [workers.NAME]")
    values = _checked(mistakes, "session", table, SESSION_KEYS, elsewhere)
    settings = {key: values.pop(key) for key in SETTINGS if key in values}
    return settings, values


def _workers(
    mistakes: Mistakes, tables: object, shared: Mapping[str, Any], folder: Path
) -> tuple[WorkerSpec, ...]:
    if not isinstance(tables, Mapping):
        mistakes.add(
            "workers", f"must be tables of their own, [workers.NAME], not {described(tables)}"
        )
        return ()
    made: dict[str, WorkerSpec] = {}
    origin: dict[str, str] = {}
    for name, table in tables.items():
        place = dotted("workers", name)
        specs = _worker(mistakes, place, name, table, shared, folder)
        if len(made) + len(specs) > MOST_WORKERS:
            mistakes.add(place, f"makes more than {MOST_WORKERS} workers in this session")
            break
        double = next((spec.id for spec in specs if spec.id in made), None)
        if double is not None:
            mistakes.add(
                place,
                f"makes a worker named {quoted(double)}, and so does {origin[double]}; "
                "every worker needs a name of its own",
            )
            continue
        made |= {spec.id: spec for spec in specs}
        origin |= {spec.id: place for spec in specs}
    return tuple(made.values())


def _worker(
    mistakes: Mistakes,
    place: str,
    name: str,
    table: object,
    shared: Mapping[str, Any],
    folder: Path,
) -> tuple[WorkerSpec, ...]:
    """The instances of one worker; nothing where a mistake was found in it."""
    before = mistakes.count
    if not isinstance(table, Mapping):
        mistakes.add(place, f"must be a table, [workers.NAME], not {described(table)}")
        return ()
    if not checks.is_name(name):
        why = f"is no name for a worker, which {checks.NAME_RULE}"
        mistakes.add(
            place or "name", why if place else f"{checks.NAME_RULE}, not be {quoted(name)}"
        )
    elsewhere = dict.fromkeys(_ONLY_OF_SESSION, "belongs to the whole session, under [session]")
    values = _checked(mistakes, place, table, WORKER_KEYS, elsewhere)
    _check_what_runs(mistakes, place, table)
    if mistakes.count > before:
        return ()
    try:
        spec = WorkerSpec(id=name, **_fields(values, shared, folder))
        return _instances(spec, values.get("count", 1))
    except Wrong as wrong:
        mistakes.add(_joined(place, wrong.at), str(wrong))
        return ()


def _checked(
    mistakes: Mistakes,
    place: str,
    table: Mapping[str, Any],
    known: Mapping[str, Check],
    elsewhere: Mapping[str, str],
) -> dict[str, Any]:
    """The values of `table` as they are used, without those that are wrong."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = _joined(place, dotted(key))
        if key in known:
            try:
                values[key] = known[key](value)
            except Wrong as wrong:
                mistakes.add(where + wrong.at, str(wrong))
        elif key in elsewhere:
            mistakes.add(where, elsewhere[key])
        else:
            near = hint(key, known) or f"; known here are {', '.join(sorted(known))}"
            if isinstance(value, Mapping) and place.startswith("workers."):
                near = (
                    f'; a worker whose name has a dot is written [workers."NAME.{shortened(key)}"]'
                )
            mistakes.add(where, f"is not a known key{near}")
    return values


def _check_what_runs(mistakes: Mistakes, place: str, table: Mapping[str, Any]) -> None:
    if "target" in table and "command" in table:
        mistakes.add(place, "has both target and command; expected exactly one of them")
    elif "command" in table:
        for key in ONLY_OF_TARGETS:
            if key in table:
                more = "; put arguments into the command itself" if key == "args" else ""
                mistakes.add(_joined(place, key), f"goes only with target, not with command{more}")
    elif "target" not in table:
        mistakes.add(place, "has neither target nor command; expected exactly one of them")


def _fields(values: Mapping[str, Any], shared: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The fields of a `WorkerSpec` but its id.  Raises `Wrong` with `at` the key."""
    fields = {key: value for key, value in {**shared, **values}.items() if key != "count"}
    fields["env"] = {**shared.get("env", {}), **values.get("env", {})}
    fields["cwd"] = _resolved(fields.get("cwd", ""), folder)
    _settle_backoff(fields)
    if "target" in values:
        _settle_target(fields, folder)
        return fields
    for key in ONLY_OF_TARGETS:
        fields.pop(key, None)
    if isinstance(fields["command"], str):
        fields["shell_line"] = fields["command"]
        fields["command"] = (*SHELL, fields["command"])
    return fields


def _settle_target(fields: dict[str, Any], folder: Path) -> None:
    fields["import_root"] = _resolved(fields.get("import_root", ""), folder)
    where, _, attribute = fields["target"].rpartition(":")
    if where.endswith(".py") and fields["import_root"] != str(folder):
        # The child resolves a file against the import root; in the file it was the folder.
        fields["target"] = f"{_resolved(where, folder)}:{attribute}"
    if "/" in fields.get("python", ""):
        fields["python"] = _resolved(fields["python"], folder)


def _settle_backoff(fields: dict[str, Any]) -> None:
    backoff: float = fields.get("backoff", _DEFAULTS.backoff)
    longest: float = fields.setdefault("backoff_max", max(backoff, _DEFAULTS.backoff_max))
    if longest < backoff:
        raise Wrong(
            f"must be at least as long as backoff, {backoff:g}, not {longest:g}", "backoff_max"
        )


def _instances(spec: WorkerSpec, count: int) -> tuple[WorkerSpec, ...]:
    if count == 1:
        return (spec,)
    last = f"{spec.id}-{count}"
    if len(last) > 64:
        raise Wrong(f"makes the name {last}, which has more than 64 characters", "count")
    return tuple(msgspec.structs.replace(spec, id=f"{spec.id}-{i + 1}") for i in range(count))


def _resolved(path: str, folder: Path) -> str:
    """Absolute; symbolic links stay, since a virtual environment's python is one."""
    return str(folder / path)


def _joined(place: str, key: str) -> str:
    return f"{place}.{key}" if place and key else place or key
