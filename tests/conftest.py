"""Fixtures for all tests: nothing is left behind, and a supervisor of one's own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import platformdirs
import pytest

from proctui.spec import WorkerSpec
from tests import strays
from tests.support import Supervisor, session

HOME_PLACES = (
    Path(platformdirs.user_state_dir("proctui")),
    Path(platformdirs.user_config_dir("proctui")),
)
"""Where proctui would put its files if a test forgot to send it elsewhere."""

# Examples are kept nowhere: the directory may be read-only, and a run must not depend on another.
# They are the same each time, so that a failure is of the change that is tested; others are
# tried with PROCTUI_TEST_ALL=1.  How long one takes says more of the machine than of the program.
hypothesis.settings.register_profile(
    "proctui",
    database=None,
    derandomize=os.environ.get("PROCTUI_TEST_ALL") != "1",
    deadline=None,
)
hypothesis.settings.load_profile("proctui")


@pytest.fixture(scope="session", autouse=True)
def orphans_come_to_us() -> None:
    strays.adopt_orphans()


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fails a test after which a process still runs, or the user's own places were touched."""
    before, places = strays.known(), strays.entries(*HOME_PLACES)
    yield
    left = strays.find(before)
    assert not left, f"left running: {left}"
    assert strays.entries(*HOME_PLACES) == places, "the user's own files were touched"


@pytest.fixture(scope="session")
def short_root() -> Iterator[Path]:
    """The path of a socket has at most 107 bytes (unix(7)); pytest's own are longer."""
    root = Path(tempfile.mkdtemp(prefix="pt-"))
    yield root
    shutil.rmtree(root)


@pytest.fixture
def short_tmp(short_root: Path) -> Iterator[Path]:
    """A directory for this test with a short path, mode 0700."""
    directory = Path(tempfile.mkdtemp(dir=short_root))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch, short_root: Path) -> Iterator[None]:
    """Sends proctui's directories to a place of this test's own."""
    directory = Path(tempfile.mkdtemp(dir=short_root))
    monkeypatch.setenv("PROCTUI_RUNTIME_DIR", str(directory / "run"))
    monkeypatch.setenv("PROCTUI_STATE_DIR", str(directory / "state"))
    monkeypatch.setenv("PROCTUI_CONFIG_DIR", str(directory / "config"))
    yield
    shutil.rmtree(directory)


Tell = Callable[[str], None]
"""Takes one line that stands below the results, whatever they are."""

TOLD = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(pytestconfig: pytest.Config) -> Tell:
    """For what a person must know of a run that was right: figures, seeds, what was left out."""
    return pytestconfig.stash.setdefault(TOLD, []).append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Prints what was told."""
    for line in config.stash.get(TOLD, []):
        terminalreporter.write_line(line)


Supervise = Callable[..., Supervisor]
"""Takes workers and the settings of a session; starts its supervisor."""


@pytest.fixture
def supervise(short_root: Path) -> Iterator[Supervise]:
    """Starts supervisors.  At the end of the test they end their sessions, without a complaint."""
    started: list[Supervisor] = []
    directories: list[Path] = []

    def start(
        *workers: WorkerSpec,
        env: dict[str, str] | None = None,
        hold: bool = False,
        **settings: object,
    ) -> Supervisor:
        directories.append(Path(tempfile.mkdtemp(dir=short_root)))
        spec = session(*workers, **settings)
        supervisor = Supervisor(spec, directories[-1], env=env, hold=hold)
        started.append(supervisor)
        assert supervisor.answer.ready, supervisor.answer.error
        return supervisor

    yield start
    complaints = [said for supervisor in started if (said := supervisor.end())]
    for directory in directories:
        shutil.rmtree(directory)
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def umask() -> Iterator[int]:
    """The process's umask, unchanged by the test."""
    mask = os.umask(0)
    os.umask(mask)
    yield mask
    assert os.umask(mask) == mask, "the umask was changed"
