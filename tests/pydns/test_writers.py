from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import trio

from pydns import writers
from pydns.watch import read_whole
from pydns.writers import closed_by_writers, is_written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "file"
    found.write_text("half")
    return found


def told(path: Path) -> bool:
    with path.open("rb") as file:
        return is_written(file.fileno())


def test_a_file_that_somebody_has_open_for_writing_is_told(path: Path) -> None:
    with path.open("a"):
        assert told(path)
    assert not told(path)


def test_readers_are_no_writers(path: Path) -> None:
    with path.open():
        assert not told(path)


def test_where_it_cannot_be_told_nobody_writes() -> None:
    reading, writing = os.pipe()
    assert not is_written(reading)
    os.close(reading)
    os.close(writing)
    assert not is_written(reading)


async def test_a_file_is_read_when_its_writer_has_closed_it(
    path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, read = threading.Event(), trio.Event()
    content = b""

    def is_written_and_told(descriptor: int) -> bool:
        found = is_written(descriptor)
        if found:
            seen.set()
        return found

    async def reader() -> None:
        nonlocal content
        content = await read_whole(path, 100)
        read.set()

    monkeypatch.setattr(writers, "is_written", is_written_and_told)
    with path.open("a") as file:
        nursery.start_soon(reader)
        await trio.to_thread.run_sync(seen.wait, 10)
        assert not read.is_set()
        file.write(" and half")
    with trio.fail_after(10):
        await read.wait()
    assert content == b"half and half"


def test_who_never_closes_it_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "PATIENCE", 0.2)
    with path.open("a"), path.open("rb") as file:
        assert not closed_by_writers(file.fileno())


async def test_then_it_is_read_as_it_is_and_that_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writers, "PATIENCE", 0.0)
    with path.open("a"):
        assert await read_whole(path, 100) == b"half"
    assert "somebody has it open for writing" in caplog.text
