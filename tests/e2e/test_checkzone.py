"""What the checks of a zone find, beside BIND's named-checkzone on the same files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pydns import names
from pydns.zone.inspection import inspect
from pydns.zone.master.driver import read_whole
from pydns.zone.master.reader import read_zone
from tests.e2e import programs

CASES = Path(__file__).parents[1] / "golden" / "zones"

OURS_ALONE = {
    "dname-with-children": "RFC 6672 section 2.4: it is legal to write them, and they are never answered",
    "occluded-data": "RFC 2136 section 7.18: occluded data, which is never answered",
}
"""Cases in which we warn and BIND does not."""


def run(case: Path, *options: str) -> subprocess.CompletedProcess[str]:
    program = programs.installed("named-checkzone")
    if program is None:
        pytest.skip("named-checkzone is not installed")
    words = [program, "-i", "local", *options, "example.org", str(case / "zone")]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=30)


def checkzone(case: Path) -> tuple[int, list[str]]:
    """Its exit status and complaints. Names of other zones are not looked up (`-i local`)."""
    done = run(case)
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    return done.returncode, [line for line in lines if line != "OK" and "loaded serial" not in line]


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_what_bind_refuses_is_an_error_and_what_it_warns_of_a_warning(case: Path) -> None:
    status, complaints = checkzone(case)
    found = inspect((case / "zone").read_bytes(), "zone", names.from_text("example.org"))
    assert bool(found.errors) == bool(status), complaints
    if case.name not in OURS_ALONE:
        assert bool(found.errors + found.warnings) == bool(complaints), complaints


@pytest.mark.parametrize("case", ["glue-missing", "host-names", "srv-targets", "syntax", "ttls-that-differ"])
def test_it_is_told_as_often(case: str) -> None:
    _, complaints = checkzone(CASES / case)
    found = inspect((CASES / case / "zone").read_bytes(), "zone", names.from_text("example.org"))
    verdicts = [line for line in complaints if "loading from master file" in line or "not loaded due" in line]
    # BIND reads on in the next line where $FOO has no argument, and tells of that too.
    twice = [line for line in complaints if "unexpected end of line" in line]
    assert found.errors + found.warnings == len(complaints) - len(verdicts) - len(twice), complaints


@pytest.mark.parametrize("case", ["sound", "spellings", "duplicates", "out-of-the-zone"])
def test_the_records_are_those_that_bind_reads(case: str) -> None:
    theirs = run(CASES / case, "-o", "-", "-s", "full").stdout
    assert records(theirs.encode()) == records((CASES / case / "zone").read_bytes())


def records(data: bytes) -> set[tuple[bytes, int, int, bytes]]:
    """Letters are small, since BIND writes some names in those of others."""
    found = set()

    def add(owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
        found.add((owner, type_, ttl, rdata.lower()))

    reading = read_whole(read_zone(data, "zone", names.from_text("example.org"), add))
    assert reading.errors == 0
    return found
