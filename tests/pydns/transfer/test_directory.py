from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from pydns.names import from_text
from pydns.transfer.directory import Directory
from tests.pydns.transfer.messages import ORIGIN, a
from tests.pydns.transfer.test_packed import zone_of

ZONE = zone_of(a("www.example.org"))


async def test_a_zone_is_kept_with_the_time_of_the_last_success(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "made" / "here")
    assert await directory.save(ZONE, 1_000_000.5)
    kept = await directory.load(ORIGIN)
    assert kept is not None
    assert (kept.zone.records, kept.checked) == (3, 1_000_000.5)
    assert os.listdir(directory.path) == ["example.org.zone"]


async def test_a_success_that_brings_nothing_new_is_noted(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    await directory.save(ZONE, 1000)
    await directory.touch(ORIGIN, 2000)
    kept = await directory.load(ORIGIN)
    assert kept is not None
    assert kept.checked == 2000


async def test_what_is_not_there_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = Directory(tmp_path / "nowhere")
    assert await directory.load(ORIGIN) is None
    await directory.touch(ORIGIN, 1)
    await directory.remove(ORIGIN)
    assert not caplog.records


async def test_a_damaged_file_is_told_and_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = Directory(tmp_path)
    await directory.save(ZONE, 1000)
    path = directory.file(ORIGIN)
    path.write_bytes(path.read_bytes()[:-1])
    assert await directory.load(ORIGIN) is None
    assert "example.org.zone: not used" in caplog.text


async def test_a_folder_in_its_place_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = Directory(tmp_path)
    directory.file(ORIGIN).mkdir()
    assert await directory.load(ORIGIN) is None
    assert not await directory.save(ZONE, 1)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_a_pipe_in_its_place_does_not_hold_us(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = Directory(tmp_path)
    os.mkfifo(directory.file(ORIGIN))
    assert await directory.load(ORIGIN) is None
    assert "example.org.zone: cannot be read: Not a regular file" in caplog.text
    assert await directory.save(ZONE, 1)
    assert await directory.load(ORIGIN) is not None


async def test_a_removed_zone_is_gone(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    await directory.save(ZONE, 1000)
    await directory.remove(ORIGIN)
    assert os.listdir(tmp_path) == []


LONG = ".".join(["x" * 63] * 3 + ["y" * 50])
NAMES = ["example.org", ".", "root", "0/25.2.0.192.in-addr.arpa", "a b.c", "*.org", "..a".replace("..", "\\."), LONG,
         LONG + "z", "ü.example"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_zone_has_a_file_of_its_own(name: str, tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    path = directory.file(from_text(name))
    assert path.parent == tmp_path
    assert len(path.name) < 255
    assert len({directory.file(from_text(each)) for each in NAMES}) == len(NAMES)
