"""A target's module, made ready before the fork as far as that takes neither files nor user code.

Most workers of a session load the same few files.  Importing one takes importlib's functions half
a megabyte of memory in each forked child, where all of them run for the first time (`newborn`
says why).  So the parent makes the module, empty as it is, and the child fills it from what
importlib has compiled before.  Whatever is not as foreseen is left to importlib.

Standard library only.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from marshal import loads
from os import O_CLOEXEC, O_NONBLOCK, O_RDONLY, close, fstat, read, readlink
from os import open as open_descriptor
from stat import S_ISREG
from types import CodeType, ModuleType
from typing import Any, NamedTuple

_FLAGS = O_RDONLY | O_NONBLOCK | O_CLOEXEC
_MODE, _SIZE, _MTIME = 0, 6, 8
"""Places in `os.stat_result`: a name would have to be looked up."""
_PLAIN = MAGIC_NUMBER + bytes(4)
"""How a compiled file begins that is checked by its source's time and size (PEP 552)."""

_DESCRIPTORS = "/proc/self/fd"
"""Each is a link to the real path of its file (proc_pid_fd(5))."""

_modules = sys.modules
_path = sys.path
_finders: dict[str, Any] = sys.path_importer_cache


class Prospect(NamedTuple):
    """A module that has everything but its contents."""

    root: str
    """Where targets are looked for first."""
    folder: str
    full: str
    """Path of the source, if no link is on the way."""
    cached: str
    """Path of what importlib makes of it."""
    name: str
    module: ModuleType
    namespace: dict[str, Any]


def look_ahead(path: str, root: str) -> Prospect | None:
    """The module of the target file `path` below `root`; None where that is left to importlib."""
    tag = sys.implementation.cache_tag
    if not path.endswith(".py") or not tag or sys.flags.optimize or sys.pycache_prefix is not None:
        return None
    full = os.path.normpath(os.path.join(root, path))  # noqa: PTH118
    folder, _, base = full.rpartition("/")
    name = base[: -len(".py")]
    if name in sys.modules:
        return None
    cached = f"{folder}/__pycache__/{name}.{tag}.pyc"
    loader = SourceFileLoader(name, full)
    spec = ModuleSpec(name, loader, origin=full)
    spec.cached, spec.has_location = cached, True
    module = ModuleType(name)
    namespace = vars(module)
    namespace.update(
        __file__=full, __cached__=cached, __loader__=loader, __spec__=spec, __package__=""
    )
    return Prospect(root, folder, full, cached, name, module, namespace)


def load(prospect: Prospect) -> ModuleType | None:
    """In the child: the module as importlib would load it; None where importlib has to.

    Raises what user code raises.
    """
    root, folder, full, cached, name, module, namespace = prospect
    try:
        source = open_descriptor(full, _FLAGS)
        try:
            facts: Any = fstat(source)
            real = readlink(f"{_DESCRIPTORS}/{source}")  # noqa: PTH115
            if real != full or not S_ISREG(facts[_MODE]):
                return None
        finally:
            close(source)
        compiled = open_descriptor(cached, _FLAGS)
        try:
            size: Any = fstat(compiled)[_SIZE]
            data = read(compiled, size)
        finally:
            close(compiled)
    except OSError:
        return None
    stamp = (facts[_MTIME] & 0xFFFFFFFF) | (facts[_SIZE] & 0xFFFFFFFF) << 32
    if data[:16] != _PLAIN + stamp.to_bytes(8, "little"):
        return None
    try:
        code = loads(data[16:])
    except (EOFError, ValueError, TypeError):
        return None
    if type(code) is not CodeType or code.co_filename != full:
        return None
    _path.insert(0, root)
    _finders.pop(root, None)
    if folder != root:
        _path.insert(0, folder)
        _finders.pop(folder, None)
    _modules[name] = module
    exec(code, namespace)
    return module
