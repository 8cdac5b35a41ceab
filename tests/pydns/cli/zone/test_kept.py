"""The verb with files that a secondary keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydns.cli.zone.source import SourceError
from pydns.transfer.packed import MAGIC, packed
from tests.pydns.cli.zone.test_zone import GOOD, file, run
from tests.pydns.zone.zones import record, zone_of

DATA = b"".join(packed(zone_of(record("@", "NS", "ns"), record("ns", "A", b"\xc0\0\2\1"))))


def kept(folder: Path, data: bytes = DATA) -> Path:
    path = folder / "example.org.zone"
    path.write_bytes(data)
    return path


def test_it_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", kept(tmp_path)) == (0, "OK example.org. serial 1, 3 records\n", "")


def test_what_makes_no_sense_in_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = kept(tmp_path, b"".join(packed(zone_of())))
    assert run(capsys, "check", path) == (1, f"{path}: example.org. has no NS record\n", "")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (DATA[:-1] + b"x", "its hash is another"),
        (DATA[:-40], "the end is missing"),
        (DATA.replace(b"\3org", b"\3net"), "its hash is another"),
    ],
)
def test_a_damaged_one_is_told(data: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check", kept(tmp_path, data))
    assert status == 1
    assert words in out


@pytest.mark.parametrize("data", [MAGIC, MAGIC + b"\0", MAGIC + b"\0\3abc", MAGIC + b"\0\1\1"])
def test_one_of_no_zone_is_told(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="does not say which zone"):
        run(capsys, "check", kept(tmp_path, data))


def test_one_of_another_zone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check", kept(tmp_path), "example.net")
    assert status == 1
    assert "another zone, not example.net." in out


def test_it_is_compared_with_a_master_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "diff", kept(tmp_path), file(tmp_path, GOOD))
    assert status == 1
    assert "\n+ www.example.org. 60 IN A 192.0.2.2\n" in out
