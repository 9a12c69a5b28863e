from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.injecting import Faults


@pytest.fixture
def faults(short_tmp: Path) -> Faults:
    return Faults(short_tmp / "faults")
