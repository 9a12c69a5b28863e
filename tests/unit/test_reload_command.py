"""``reload`` sends what was agreed to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proctui.cli import main
from proctui.files import config
from proctui.protocol import AnyCommand, Describe, Message, Reload, Reply
from tests.isolated import greeting, home, made_up_session, pretending

__all__ = ["home"]


def test_the_revision_that_was_shown_goes_along(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "proctui.toml"
    file.write_text('[session]\nname = "s"\n[workers.new]\ncommand = "true"\n')
    spec = config.load(file)
    now = type(spec)(name="s", source=spec.source)

    def answer(command: AnyCommand) -> list[Message | bytes | None]:
        if isinstance(command, Describe):
            return [Reply(id=command.id, session=now, revision=41)]
        return [Reply(id=command.id, error="not reloaded: the session has changed")]

    where = made_up_session(home, "s", pid=os.getpid())
    where.socket.unlink()
    with pretending(where.socket, greeting(answer)) as pretender:
        assert main(["reload", "--yes"]) == 1
    (sent,) = [command for command in pretender.heard if isinstance(command, Reload)]
    assert (sent.revision, sent.spec) == (41, spec)
    told = capsys.readouterr()
    assert told.out == "+ new: true\n" and "the session has changed" in told.err
