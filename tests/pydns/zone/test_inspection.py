from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.zone import inspection
from pydns.zone.inspection import find_origin, inspect, read_data
from tests.pydns.zone.master.lines_of_records import FILES
from tests.pydns.zone.master.reading import HEAD, ORIGIN

CASES = Path(__file__).parents[2] / "golden" / "zones"


def verdict(case: Path) -> str:
    """As `found` has it beside each zone."""
    found = inspect((case / "zone").read_bytes(), "zone", ORIGIN)
    counts = f"{found.errors} errors, {found.warnings} warnings"
    return "\n".join([*map(str, found.faults), counts]) + "\n"


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_what_is_wrong_is_found(case: Path) -> None:
    assert verdict(case) == (case / "found").read_text()


def test_a_sound_zone_is_given() -> None:
    found = inspect((CASES / "sound" / "zone").read_bytes(), "zone", ORIGIN)
    assert found.zone is not None
    assert (found.zone.serial, found.zone.records) == (1, 17)


def test_what_is_included_is_known_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "more").write_text("www CNAME ns\n\nwww TXT x\n")
    path = tmp_path / "db"
    path.write_text(HEAD + "ns A 192.0.2.1\n$INCLUDE more\n")
    found = inspect(read_data(str(path)), str(path), ORIGIN)
    assert [(fault.file, fault.line) for fault in found.faults] == [(str(tmp_path / "more"), 1)]


def test_faults_without_end_are_counted() -> None:
    data = HEAD + "ns A 192.0.2.1\n" + "".join(f"a{i} MX 1 none\n" for i in range(1000))
    found = inspect(data.encode(), "db", ORIGIN)
    assert (found.errors, found.warnings, len(found.faults)) == (0, 1000, 100)


def test_the_checks_may_be_left_out() -> None:
    found = inspect(HEAD.encode(), "db", ORIGIN, check=False)
    assert found.zone is not None
    assert found.faults == ()


@given(FILES)
def test_whatever_a_zone_holds_it_is_inspected(text: str) -> None:
    found = inspect((HEAD + text).encode("latin-1"), "db", ORIGIN)
    assert found.errors + found.warnings >= len(found.faults)


# The name of the zone

SOA = "SOA ns admin 1 2 3 4 5\n"


@pytest.mark.parametrize(
    ("text", "path", "origin"),
    [
        (f"$ORIGIN example.net.\n@ 60 {SOA}", "db.example.org", "example.net"),
        (f"example.net. 60 {SOA}", "db.example.org", "example.net"),
        (f"; x\n$TTL 5\n@ {SOA}", "/etc/db.example.org", "example.org"),
        (f"@ 60 {SOA}", "example.org.zone", "example.org"),
        (f"@ 60 {SOA}", "example.org.db", "example.org"),
        (f"@ 60 {SOA}", "org.zone", "org"),
        (f"@ 60 {SOA}", "example.org", "example.org"),
        ("", "example.org", "example.org"),
        ("(((", "DB.Example.org", "example.org"),
    ],
)
def test_the_name_of_the_zone_is_found(text: str, path: str, origin: str) -> None:
    assert find_origin(text.encode(), path) == names.from_text(origin)


@pytest.mark.parametrize("path", ["zone", "-", "a..b.zone", "x" * 64 + ".zone"])
def test_nobody_can_tell(path: str) -> None:
    assert find_origin(f"@ 60 {SOA}".encode(), path) is None


def test_the_soa_is_not_looked_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "_HEAD", 100)
    text = "$TTL 1\n$ORIGIN example.net.\n" + "a A 192.0.2.1\n" * 100 + f"@ {SOA}"
    assert find_origin(text.encode(), "db.example.org") == names.from_text("example.org")


@given(st.binary(max_size=200))
def test_any_octets_have_a_name_or_none(data: bytes) -> None:
    assert find_origin(data, "-") is None or b"SOA" in data.upper() or b"TYPE6" in data.upper()


def test_a_root_that_names_itself_its_server_is_told() -> None:
    found = inspect(b"$TTL 60\n. SOA ns. a. 1 2 3 4 5\n. NS .\n", "root", names.ROOT)
    assert [fault.message for fault in found.faults] == ["NS . has no address (A or AAAA)"]
