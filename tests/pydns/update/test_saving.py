"""A zone as its master file."""

from __future__ import annotations

import os
import tempfile
from hashlib import blake2b
from pathlib import Path

import pytest
import trio
from hypothesis import given, settings

from pydns.look import signature
from pydns.records import Record
from pydns.steps import whole
from pydns.update.saving import MARK, digest_of, put_in_place, write_beside
from pydns.zone.builder import Builder
from pydns.zone.master.driver import read_whole
from pydns.zone.master.reader import read_zone
from pydns.zone.zone import Zone
from tests.pydns.zone.model import rrsets_of
from tests.pydns.zone.zones import ORIGIN, RECORDS, build, record, soa, zone_of


def read(data: bytes) -> Zone:
    builder = Builder(ORIGIN)
    reading = read_whole(read_zone(data, "db", ORIGIN, builder.add))
    assert not reading.errors, reading.faults
    return whole(builder.finish())


async def put(zone: Zone, path: Path) -> bytes:
    put_in_place(await write_beside(zone, path), path)
    return content(path)


def content(path: Path) -> bytes:
    return path.read_bytes()


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_what_was_written_is_read_as_the_same_zone(tmp_path: Path) -> None:
    rare = [
        record("a", "CAA", b"\0\x05issueca.example"),
        record("b", "HTTPS", b"\0\1\0\0\1\0\3\2h2"),
        record("c", "TYPE65280", b"\0\1\2"),
        record("d", "TYPE65281", b""),
        record("e", "TXT", b'\x03a"\\\0'),
        record("f", "LOC", bytes((0, 0x12, 0x16, 0x13)) + b"\x8b\x3d\x7c\xc3\x81\0\0\0\0\x98\x96\x80"),
        record("h", "SSHFP", b"\1\1" + bytes(20)),
        Record(b"\x05\0 .;@" + ORIGIN, 1, 1, 0, bytes(4)),
        record("i", "NS", "Sub.Mixed"),
    ]
    zone = zone_of(*rare)
    assert rrsets_of(read(await put(zone, tmp_path / "db"))) == rrsets_of(zone)


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_so_is_any(records: list[Record]) -> None:
    known = [each for each in records if each.type != 46]  # these have no form
    zone = build([soa(), *known])

    async def go() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            return await put(zone, Path(folder) / "db")

    builder = Builder(ORIGIN)
    read_whole(read_zone(trio.run(go), "db", ORIGIN, builder.add))
    assert rrsets_of(whole(builder.finish())) == rrsets_of(zone)


async def test_names_stand_in_order_behind_the_soa(tmp_path: Path) -> None:
    address = bytes(4)
    zone = zone_of(*(record(name, "A", address) for name in ("b", "a.b", "a", "b.a", "@")))
    lines = (await put(zone, tmp_path / "db")).decode().splitlines()
    owners = [line.split("\t")[0].removesuffix("example.org.") for line in lines[1:]]
    assert owners == ["", "", "a.", "b.a.", "b.", "a.b."]
    assert "\tSOA\t" in lines[1]


async def test_the_digest_is_the_files(tmp_path: Path) -> None:
    written = await write_beside(zone_of(), tmp_path / "db")
    placed = put_in_place(written, tmp_path / "db")
    data = (tmp_path / "db").read_bytes()
    assert written.digest == blake2b(data, digest_size=16).digest()
    assert placed == signature(os.stat(tmp_path / "db"))
    assert digest_of(str(tmp_path / "db")) == (written.digest, placed)
    assert digest_of(str(tmp_path / "other")) is None


async def test_what_somebody_wrote_is_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_text("; by hand\n")
    await put(zone_of(), path)
    await put(zone_of(record("a", "A", bytes(4))), path)
    assert path.read_bytes().startswith(MARK)
    assert (tmp_path / "db.orig").read_text() == "; by hand\n"
    path.write_text("; again\n")
    await put(zone_of(), path)
    assert (tmp_path / "db.orig").read_text() == "; again\n"
    assert files(tmp_path) == ["db", "db.orig"]


async def test_it_is_kept_also_where_no_link_may_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the file is root's and the server is not."""

    def fail(*_: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    path = tmp_path / "db"
    path.write_text("; by hand\n")
    await put(zone_of(), path)
    assert path.read_bytes().startswith(MARK)
    assert (tmp_path / "db.orig").read_text() == "; by hand\n"


async def test_what_cannot_be_put_in_place_is_not_left_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no room"):
        await put(zone_of(), tmp_path / "db")
    assert not files(tmp_path)


async def test_the_mode_stays(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_text("")
    path.chmod(0o604)
    await put(zone_of(), path)
    assert path.stat().st_mode & 0o777 == 0o604


async def test_beside_it_the_mode_is_that_of_the_file(tmp_path: Path) -> None:
    """What must not be read in the one must not be read in the other."""
    path = tmp_path / "db"
    path.write_text("")
    path.chmod(0o600)
    beside = tmp_path / "db.in-force"
    put_in_place(await write_beside(zone_of(), beside, path), beside)
    assert beside.stat().st_mode & 0o777 == 0o600


async def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError("no room")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no room"):
        await write_beside(zone_of(), tmp_path / "db")
    assert not files(tmp_path)
