import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from pydns.zone import writing
from pydns.zone.writing import PATIENCE, closed_by_writers, is_written

ASIDE = [
    lambda path: None,
    os.mkfifo,
    lambda path: os.symlink(path, path),
    os.mkdir,
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "db"
    found.write_text("x")
    return found


def test_a_file_that_somebody_has_open_for_writing_is_told(path: Path) -> None:
    with path.open("a"):
        assert is_written(str(path))
    assert not is_written(str(path))


def test_readers_are_no_writers(path: Path) -> None:
    with path.open():
        assert not is_written(str(path))


@pytest.mark.parametrize("make", ASIDE, ids=["none", "pipe", "loop", "folder"])
def test_what_is_no_file_is_written_by_nobody(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "db")
    assert not is_written(str(tmp_path / "db"))


def test_a_path_that_can_be_none_is_written_by_nobody() -> None:
    assert not is_written("a\0b")


async def test_it_is_waited_until_the_writer_closes_it(path: Path, nursery: trio.Nursery) -> None:
    closed = trio.Event()

    async def wait() -> None:
        assert await closed_by_writers([str(path)])
        closed.set()

    with path.open("a"):
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        assert not closed.is_set()
    with trio.fail_after(5):
        await closed.wait()


async def test_who_never_closes_it_is_not_waited_for(
    path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_any_is_written", lambda paths: True)
    assert not await closed_by_writers([str(path)])
    assert trio.current_time() == pytest.approx(PATIENCE)
