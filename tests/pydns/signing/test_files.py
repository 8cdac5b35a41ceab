from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydns.errors import ZoneError
from pydns.signing import files
from tests.pydns.zone.zones import ORIGIN

DB = "$TTL 300\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n$INCLUDE more\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "db").write_text(DB)
    (tmp_path / "more").write_text("ns A 192.0.2.1\n")
    return tmp_path


def test_the_digest_is_of_all_files(folder: Path) -> None:
    digests = [files.read(str(folder / "db"), ORIGIN).digest]
    for name in ("db", "more"):
        text = (folder / name).read_text()
        (folder / name).write_text(f"{text}; a word\n")
        digests.append(files.read(str(folder / "db"), ORIGIN).digest)
        (folder / name).write_text(text)
        digests.append(files.read(str(folder / "db"), ORIGIN).digest)
    assert digests[0] == digests[2] == digests[4]
    assert len(set(digests)) == 3


def test_a_signed_file_tells_what_it_was_made_from(folder: Path) -> None:
    source = files.read(str(folder / "db"), ORIGIN)
    path = str(folder / "new" / "signed")
    files.write(path, DB.splitlines(keepends=True)[:-1], source.digest)
    assert files.made_from(path) == source.digest
    assert files.read(path, ORIGIN).zone.soa == source.zone.soa


def test_a_file_that_cannot_be_written_is_told(folder: Path) -> None:
    with pytest.raises(ZoneError, match="db/signed: File exists"):
        files.write(str(folder / "db" / "signed"), [], "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_another_file_tells_nothing(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "signed").write_bytes(octets)
    assert files.made_from(str(tmp_path / "signed")) == ""
