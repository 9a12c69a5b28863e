"""Modules made before the fork: the same as importlib's, or left to importlib."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from proctui.supervisor import ahead

pytestmark = pytest.mark.insides

NAME = "written_for_ahead"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file that importlib has compiled."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    path = tmp_path.resolve() / f"{NAME}.py"
    path.write_text("import os\n\ndef answer():\n    return 42\n")
    by_importlib(path)
    before = list(sys.path)
    yield path
    sys.path[:] = before
    sys.modules.pop(NAME, None)


def by_importlib(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_us(path: Path) -> ModuleType | None:
    prospect = ahead.look_ahead(path.name, str(path.parent))
    assert prospect is not None
    return ahead.load(prospect)


def test_a_module_is_as_importlib_makes_it(source: Path) -> None:
    ours, theirs = by_us(source), by_importlib(source)
    assert ours is not None
    assert ours.answer() == 42
    assert sys.modules[NAME] is ours
    assert sys.path[0] == str(source.parent)
    mine, others = dict(vars(ours)), dict(vars(theirs))
    for name in ("answer", "__spec__", "__loader__"):
        assert type(mine.pop(name)) is type(others.pop(name))
    assert mine == others
    assert ours.__spec__ is not None
    assert theirs.__spec__ is not None
    for name in ("name", "origin", "cached", "has_location", "submodule_search_locations"):
        assert getattr(ours.__spec__, name) == getattr(theirs.__spec__, name)
    assert ours.answer.__code__.co_filename == str(source)


def test_a_changed_source_is_left_to_importlib(source: Path) -> None:
    source.write_text("def answer():\n    return 'changed, and of another length'\n")
    assert by_us(source) is None
    assert NAME not in sys.modules


def test_a_source_as_long_but_newer_is_left_to_importlib(source: Path) -> None:
    os.utime(source, (1, 1))
    assert by_us(source) is None


def test_what_was_never_compiled_is_left_to_importlib(source: Path) -> None:
    Path(importlib.util.cache_from_source(str(source))).unlink()
    assert by_us(source) is None


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"N" * 40])
def test_a_torn_compiled_file_is_left_to_importlib(source: Path, rubbish: bytes) -> None:
    compiled = Path(importlib.util.cache_from_source(str(source)))
    compiled.write_bytes(compiled.read_bytes()[:16] + rubbish)
    assert by_us(source) is None
    assert NAME not in sys.modules


def test_a_link_on_the_way_is_left_to_importlib(source: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(source.parent)
    prospect = ahead.look_ahead(source.name, str(link))
    assert prospect is not None
    assert ahead.load(prospect) is None


def test_a_fifo_is_not_waited_for(source: Path) -> None:
    source.unlink()
    os.mkfifo(source)
    assert by_us(source) is None


def test_names_in_use_and_modules_are_left_to_importlib() -> None:
    assert ahead.look_ahead("json.py", "/") is None
    assert ahead.look_ahead("package.module", "/") is None


def test_a_prepared_parent_gives_its_workers_what_others_make(tmp_path: Path) -> None:
    """Streams, environment and start method, without anything being done in the child."""
    (tmp_path / "found.py").write_text(
        textwrap.dedent(
            """
            import multiprocessing, os, sys
            def tell():
                print(repr(sys.stdin.read()), sys.stdout.encoding, sys.stdout.write_through)
                print(multiprocessing.get_start_method(), os.environ["PYTHONUNBUFFERED"])
                print(os.environ["PROCTUI_WORKER"], os.environ["PROCTUI_SESSION"])
                os.system("echo $PROCTUI_WORKER of a child")
                sys.stderr.write("error\\n")
            """
        )
    )
    script = f"""
        import os
        from proctui.spec import WorkerSpec
        from proctui.supervisor import child
        child.prepare()
        assert child._chores() == ()
        def log(i):
            return os.open(f"log-{{i}}", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        spec = dict(target="found.py:tell", cwd="/", import_root={str(tmp_path)!r})
        orders = [child.Order(WorkerSpec(id=f"w-{{i}}", **spec), log(i)) for i in range(2)]
        for launched in child.launch_together(orders, tag="tag"):
            launched.process.join()
            assert launched.process.exitcode == 0
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=True,
    )
    for i in range(2):
        told = (tmp_path / f"log-{i}").read_text().splitlines()
        assert told == ["'' utf-8 True", "fork 1", f"w-{i} tag", f"w-{i} of a child", "error"]
