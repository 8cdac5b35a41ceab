"""A master file as it changes: what is read anew, what stays in force, what is told."""

from __future__ import annotations

import logging
import os
from hashlib import blake2b
from pathlib import Path

import pytest

from pydns.look import look
from pydns.zone.loader import MAX_TOLD, ZoneFile
from pydns.zone.zone import Zone
from tests.pydns.zone.files import master, replace
from tests.pydns.zone.zones import ORIGIN, absolute


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "db"
    replace(path, master(1, "www A 192.0.2.1"))
    return path


@pytest.fixture
def file(path: Path) -> ZoneFile:
    return ZoneFile(path, ORIGIN)


async def load(file: ZoneFile, serial: int | None = None) -> Zone | None:
    return await file.load(look(file.files), serial)


def touch(path: Path) -> None:
    """Another time of change, and the same content."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def remove(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()


def make_folder(path: Path) -> None:
    path.mkdir()


def content(path: Path) -> str:
    return path.read_text()


async def test_it_is_read(file: ZoneFile) -> None:
    zone = await load(file)
    assert zone is not None
    assert (zone.origin, zone.serial, zone.records) == (ORIGIN, 1, 3)
    assert zone.rrset(absolute("www"), 1) is not None
    assert (file.complaint, file.faults, file.again) == ("", 0, False)
    assert file.loaded > 0


async def test_what_did_not_change_is_not_read_again(file: ZoneFile) -> None:
    await load(file)
    assert await load(file) is None


async def test_what_was_put_there_by_ourselves_is_not_read(file: ZoneFile, path: Path) -> None:
    await load(file)
    replace(path, master(2))
    ((_, signature),) = look(file.files).files
    file.written(digest_of(path), signature or (0, 0, 0, 0, 0))
    assert await load(file) is None
    assert file.has_seen(str(path), signature)
    assert file.digest == digest_of(path)


def digest_of(path: Path) -> bytes:
    return blake2b(path.read_bytes(), digest_size=16).digest()


async def test_the_digest_is_of_all_files(file: ZoneFile, path: Path) -> None:
    await load(file)
    own = file.digest
    assert own == digest_of(path)
    path.with_name("more").write_text("ftp A 192.0.2.1\n")
    replace(path, master(1, "$INCLUDE more"))
    await load(file)
    both = file.digest
    path.with_name("more").write_text("ftp A 192.0.2.2\n")
    await load(file)
    assert len({own, both, file.digest}) == 3


async def test_what_it_forgot_is_read_again(file: ZoneFile) -> None:
    await load(file)
    file.forget()
    assert await load(file) is not None


async def test_what_was_touched_alone_is_no_other_zone(file: ZoneFile, path: Path) -> None:
    await load(file)
    touch(path)
    assert await load(file) is None


async def test_what_changed_is_read(file: ZoneFile, path: Path) -> None:
    await load(file)
    replace(path, master(2))
    zone = await load(file)
    assert zone is not None
    assert zone.serial == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("$TTL 60\n", "example.org. has no SOA record"),
        ("", "example.org. has no SOA record"),
        (master(2, "www A 192.0.2.300"), "1 error"),
        (master(2, "www A", "www AAAA x"), "2 errors"),
        (None, "cannot be read: No such file or directory"),
    ],
)
@pytest.mark.parametrize("serial", [None, 7])
async def test_a_bad_file_gives_no_zone_and_is_told(
    file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture, text: str | None, complaint: str, serial: int | None
) -> None:
    if text is None:
        remove(path)
    else:
        replace(path, text)
    assert await load(file, serial) is None
    kept = "the zone is not served" if serial is None else "the zone of serial 7 stays in force"
    assert caplog.messages[-1] == f"{path}: example.org.: {complaint}; {kept}"
    assert file.complaint == complaint


async def test_faults_are_told_with_their_places(file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    replace(path, master(2, "www A 192.0.2.300"))
    await load(file)
    assert f"{path}:4:7: " in caplog.messages[0]
    assert file.faults == 1


async def test_not_all_of_very_many_faults_are_told(
    file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replace(path, master(2, *["www A x"] * 500))
    await load(file)
    assert len(caplog.messages) == MAX_TOLD + 2
    assert f"{path}: {500 - MAX_TOLD} more faults" in caplog.messages
    assert file.faults == 500


async def test_a_bad_file_is_told_once(file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    remove(path)
    await load(file)
    told = len(caplog.messages)
    await load(file)
    assert len(caplog.messages) == told


async def test_a_file_that_is_good_again_is_told(file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    replace(path, "")
    await load(file)
    replace(path, master(3))
    assert await load(file) is not None
    assert caplog.messages[-1] == f"{path}: is good again"
    assert (file.complaint, file.faults) == ("", 0)


async def test_the_same_content_as_before_a_bad_one_is_taken(file: ZoneFile, path: Path) -> None:
    good = content(path)
    await load(file)
    replace(path, "")
    await load(file, 1)
    replace(path, good)
    assert await load(file, 1) is not None


async def test_what_cannot_be_read_for_now_is_tried_again(file: ZoneFile, path: Path) -> None:
    remove(path)
    make_folder(path)
    assert await load(file) is None
    assert file.again
    remove(path)
    replace(path, master(1))
    assert await load(file) is not None


async def test_included_files_belong_to_it(file: ZoneFile, path: Path, tmp_path: Path) -> None:
    included = tmp_path / "hosts"
    replace(included, "a A 192.0.2.1\n")
    replace(path, master(1, "$INCLUDE hosts"))
    assert await load(file) is not None
    assert file.files == (str(path), str(included))
    assert await load(file) is None
    replace(included, "b A 192.0.2.1\n")
    zone = await load(file)
    assert zone is not None
    assert zone.rrset(absolute("b"), 1) is not None


async def test_an_included_file_may_come_later(file: ZoneFile, path: Path, tmp_path: Path) -> None:
    replace(path, master(1, "$INCLUDE hosts"))
    assert await load(file) is None
    assert await load(file) is None
    replace(tmp_path / "hosts", "a A 192.0.2.1\n")
    assert await load(file) is not None


async def test_another_goes_on_where_one_was(file: ZoneFile, path: Path) -> None:
    await load(file)
    heir = ZoneFile(path, ORIGIN)
    heir.inherit(file)
    assert await load(heir) is None
    assert heir.loaded == file.loaded


async def test_a_zone_that_makes_no_sense_is_told_and_counted(
    file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replace(path, master(1, "www A 192.0.2.1", "www CNAME ns"))
    zone = await load(file)
    assert zone is not None
    await file.look_through(zone)
    assert f"{path}: www.example.org. has a CNAME beside other data: A" in caplog.messages
    assert file.faults == 1


async def test_not_all_that_makes_no_sense_is_told(
    file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replace(path, master(1, *(f"@ MX 1 gone{i}" for i in range(MAX_TOLD + 5))))
    zone = await load(file)
    assert zone is not None
    await file.look_through(zone)
    assert len(caplog.messages) == MAX_TOLD + 1
    assert caplog.messages[-1] == f"{path}: 5 more"


async def test_a_zone_that_makes_no_sense_takes_no_sound_ones_place(
    file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sound = await load(file)
    assert sound is not None
    await file.look_through(sound)
    replace(path, master(2, "www A 192.0.2.1", "www CNAME ns"))
    assert await load(file, sound.serial) is None
    assert file.complaint == "1 error"
    assert f"{path}: www.example.org. has a CNAME beside other data: A" in caplog.messages
    assert file.faults == 1


async def test_it_takes_the_place_of_one_that_made_none_either(file: ZoneFile, path: Path) -> None:
    replace(path, master(1, "www A 192.0.2.1", "www CNAME ns"))
    before = await load(file)
    assert before is not None
    await file.look_through(before)
    replace(path, master(2, "ftp A 192.0.2.1", "ftp CNAME ns"))
    assert await load(file, before.serial) is not None


async def test_a_sound_zone_is_looked_through_once(
    file: ZoneFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sound = await load(file)
    assert sound is not None
    await file.look_through(sound)
    replace(path, master(2, "@ MX 1 gone"))
    after = await load(file, sound.serial)
    assert after is not None
    await file.look_through(after)
    assert file.sound
    assert len([text for text in caplog.messages if "gone" in text]) == 1
