import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.errors import ZoneError
from pydns.zone.builder import Builder
from pydns.zone.master import reader
from pydns.zone.master.driver import read_whole
from pydns.zone.master.reader import MAX_DEPTH, read_zone
from pydns.zone.master.reading import MAX_FAULTS, Severity
from pydns.zone.master.state import Where
from tests.pydns.zone.master.reading import HEAD, ORIGIN, read, read_below


def test_a_zone_file_is_read() -> None:
    text = """\
; the zone of an example
$TTL 1h
@  IN SOA ns1 host\\.master (
        2024010101 ; serial
        2h 15m 2w 300 )
   NS ns1
ns1     A 192.0.2.1 ; an address
        AAAA 2001:db8::1
WWW 300 IN CNAME ns1
$ORIGIN sub.example.org.
x IN 5m A 192.0.2.2
"""
    assert read(text)[:2] == (
        [
            "@ 3600 SOA ns1.example.org. host\\.master.example.org. 2024010101 7200 900 1209600 300",
            "@ 3600 NS ns1.example.org.",
            "ns1 3600 A 192.0.2.1",
            "ns1 3600 AAAA 2001:db8::1",
            "www 300 CNAME ns1.example.org.",
            "x.sub 300 A 192.0.2.2",
        ],
        [],
    )


def test_line_ends_of_windows_and_a_byte_order_mark_are_taken() -> None:
    assert read(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode() + b"www A 192.0.2.1\r\n")[:2] == (
        [*read(HEAD).records, "www 3600 A 192.0.2.1"],
        [],
    )


@pytest.mark.parametrize("data", [b"\0\0\0\2" * 3, HEAD.encode("utf-16"), HEAD.encode() + b"\0" * 9])
def test_what_is_no_text_is_one_fault(data: bytes) -> None:
    told = read(data)
    assert told.records == []
    assert told.faults == [
        "1: this is no text: it holds NUL octets (BIND's raw format becomes text by `named-compilezone -f raw`)"
    ]


def test_a_nul_octet_may_stand_in_text() -> None:
    assert read_below("www TXT a\0b\n").records == ['www 3600 TXT "a\\000b"']


def test_the_file_of_another_zone_is_one_fault() -> None:
    told = read(f"$ORIGIN example.com.\n{HEAD}www A 192.0.2.1\n")
    assert told.records == []
    assert told.faults == ["3:1: warning: the file is of the zone example.com. by its SOA, and not of example.org."]


def test_records_of_another_zone_are_told_one_by_one_where_there_is_a_soa_of_this_one() -> None:
    faults = read_below("$ORIGIN example.com.\n@ SOA ns admin 1 7200 900 1209600 300\nwww A 192.0.2.1\n").faults
    assert faults == [
        "2:1: warning: example.com. is out of the zone example.org.: the record is left out",
        "3:1: warning: www.example.com. is out of the zone example.org.: the record is left out",
    ]


def test_a_zone_that_is_taken_for_the_root_is_told() -> None:
    told = read(f"$ORIGIN example.org.\n{HEAD}", origin=names.ROOT)
    assert told.faults == [
        "3:3: a SOA record at example.org., which is not the apex of the zone, the root: "
        "is the zone's name missing behind its file?"
    ]


def test_the_last_line_may_lack_its_end() -> None:
    assert read_below("www A 192.0.2.1").records == ["www 3600 A 192.0.2.1"]


def test_letters_beyond_ascii_are_octets() -> None:
    assert read_below("b\xc3\xbccher A 192.0.2.1").records == ["b\\195\\188cher 3600 A 192.0.2.1"]


def test_all_faults_are_told() -> None:
    told = read_below("a A 1.2.3\nb A 192.0.2.1\nc FOO x\n  A 192.0.2.2\nd MX x ns\n")
    assert told.records == ["b 3600 A 192.0.2.1", "c 3600 A 192.0.2.2"]
    assert told.faults == [
        "1:5: A, the address: '1.2.3' is no IPv4 address",
        "3:3: unknown type 'FOO'",
        "5:6: MX, the preference: 'x' is no number",
    ]
    assert told.reading.errors == 3


def test_faults_beyond_some_are_counted() -> None:
    told = read_below("a A x\n" * 1000 + "b.other. A 192.0.2.1\n" * 200)
    assert (told.reading.errors, told.reading.warnings) == (1000, 200)
    assert len(told.faults) == 2 * MAX_FAULTS
    assert {fault.severity for fault in told.reading.faults} == set(Severity)


def test_what_is_out_of_the_zone_is_left_out() -> None:
    told = read_below(
        "www.example.com. A 192.0.2.1\n  A 192.0.2.2\nxexample.org. A 192.0.2.3\n$ORIGIN com.\ny A 192.0.2.1"
    )
    assert told.records == []
    assert told.faults == [
        "1:1: warning: www.example.com. is out of the zone example.org.: the record is left out",
        "2:3: warning: www.example.com. is out of the zone example.org.: the record is left out",
        "3:1: warning: xexample.org. is out of the zone example.org.: the record is left out",
        "5:1: warning: y.com. is out of the zone example.org.: the record is left out",
    ]


def test_a_zone_may_be_the_root() -> None:
    assert read("$TTL 60\n. SOA a b 1 2 3 4 5\norg. NS a.org.\na.org A 192.0.2.1\n", origin=b"\0").records == [
        ". 60 SOA a. b. 1 2 3 4 5".replace(". 60", "@ 60", 1),
        "org. 60 NS a.org.",
        "a.org. 60 A 192.0.2.1",
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_what_add_refuses_is_a_fault_once(count: int) -> None:
    def add(owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
        if owner.startswith(b"\x03bad"):
            raise ZoneError("it is bad")

    data = (HEAD + "bad A 192.0.2.1\n" * count + "x A 192.0.2\n").encode()
    reading = read_whole(read_zone(data, "db", ORIGIN, add))
    assert [str(fault) for fault in reading.faults] == [
        "db:4: it is bad",
        f"db:{4 + count}:5: A, the address: '192.0.2' is no IPv4 address",
    ]


def test_what_add_refuses_of_an_odd_line_is_a_fault() -> None:
    def add(owner: bytes, type_: int, ttl: int, rdata: bytes) -> None:
        raise ZoneError("it is bad")

    assert [str(fault) for fault in read_whole(read_zone(HEAD.encode(), "db", ORIGIN, add)).faults] == [
        "db:2: it is bad"
    ]


def test_who_takes_records_can_know_their_places() -> None:
    where = Where()
    found: list[tuple[str, int]] = []
    data = (HEAD + "a A 192.0.2.1\n$INCLUDE more\nb TXT (\n x )\nc A 192.0.2.1\n").encode()
    more = b"\nd A 192.0.2.1\ne TXT (x)\n"
    add = lambda *_: found.append((where.file, where.line))  # noqa: E731 -- it is short
    read_whole(read_zone(data, "db", ORIGIN, add, include=lambda path: more, where=where))
    assert found == [("db", 2), ("db", 3), ("db", 4), ("more", 2), ("more", 3), ("db", 6), ("db", 8)]


# $INCLUDE


def test_another_file_is_included() -> None:
    told = read_below(
        'a A 192.0.2.1\n$INCLUDE more sub\n  A 192.0.2.2\nb A 192.0.2.3\n$include "more"\n',
        {"more": "x A 192.0.2.4\n$ORIGIN other.example.org.\ny A 192.0.2.5\n"},
    )
    assert told.records == [
        "a 3600 A 192.0.2.1",
        "x.sub 3600 A 192.0.2.4",
        "y.other 3600 A 192.0.2.5",
        "a 3600 A 192.0.2.2",  # owner and origin are as before
        "b 3600 A 192.0.2.3",
        "x 3600 A 192.0.2.4",
        "y.other 3600 A 192.0.2.5",
    ]
    assert told.faults == []
    assert told.reading.files == ("db", "more")


def test_a_fault_names_the_file_that_it_is_in() -> None:
    assert read_below("$INCLUDE more", {"more": "\nx A y\n"}).faults == [
        "more:2:5: A, the address: 'y' is no IPv4 address"
    ]


def test_files_are_sought_beside_the_one_that_includes_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_text("$INCLUDE b\n")
    (tmp_path / "sub" / "b").write_text("www A 192.0.2.1\n")
    path = str(tmp_path / "db")
    found: list[bytes] = []
    data = (HEAD + "$INCLUDE sub/a\n").encode()
    reading = read_whole(read_zone(data, path, ORIGIN, lambda owner, *_: found.append(owner)))
    assert reading.faults == ()
    assert found[-1] == b"\x03www" + ORIGIN
    assert reading.files == (path, str(tmp_path / "sub" / "a"), str(tmp_path / "sub" / "b"))


def test_a_file_that_cannot_be_read_is_a_fault_and_is_among_the_files() -> None:
    told = read_below("$INCLUDE none\n$INCLUDE a\0b\nwww A 192.0.2.1\n")
    assert told.records == ["www 3600 A 192.0.2.1"]
    assert told.faults == [
        "1:10: none cannot be read: No such file or directory",
        "2:10: a path holds a NUL character",
    ]
    assert told.reading.files == ("db", "none")


def test_what_is_no_regular_file_is_not_included(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    data = (HEAD + "$INCLUDE pipe\n$INCLUDE .\n").encode()
    reading = read_whole(read_zone(data, str(tmp_path / "db"), ORIGIN, lambda *_: None))
    assert [fault.message.rpartition(": ")[2] for fault in reading.faults] == ["Not a regular file", "Is a directory"]


def test_files_that_include_themselves_are_a_fault() -> None:
    told = read_below("$INCLUDE a", {"a": "$INCLUDE b\n", "b": "x A 192.0.2.1\n$INCLUDE ./a\n$INCLUDE db\n"})
    assert told.records == ["x 3600 A 192.0.2.1"]
    assert told.faults == ["b:2:10: ./a includes itself", "b:3:10: db includes itself"]


def test_files_that_include_each_other_too_deep_are_a_fault() -> None:
    files = {f"f{i}": f"$INCLUDE f{i + 1}\n" for i in range(30)}
    assert read_below("$INCLUDE f0", files).faults == [
        f"f{MAX_DEPTH - 1}:1:10: over {MAX_DEPTH} files that include each other"
    ]


def test_there_is_an_end_to_files_that_are_included(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_INCLUDES", 50)
    files = {str(i): f"$INCLUDE {i + 1}\n" * 5 for i in range(9)} | {"9": "x A 192.0.2.1\n"}
    assert read_below("$INCLUDE 0", files).reading.errors <= 5 * 50


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("$INCLUDE", "1:9: $INCLUDE wants an argument"),
        ("$INCLUDE a b c", "1:14: 'c' is too much behind $INCLUDE"),
        ("$INCLUDE a b..c", "1:12: an empty label in the name 'b..c'"),
    ],
)
def test_an_include_that_is_wrong_is_a_fault(line: str, fault: str) -> None:
    assert read_below(line).faults == [fault]


# Whatever the bytes are

_PARTS = st.sampled_from(
    rb"""
    $TTL $ORIGIN $GENERATE $INCLUDE $ @ a www . example.org. \ \000 \999 ( ) ; " IN CH 3600 1h A AAAA NS SOA TXT MX
    RRSIG NSEC3 LOC HTTPS \# 192.0.2.1 1-3 ${0,3,n} 0 TYPE65280 TYPE0 ANY 1-1000000000
    """.split()
) | st.sampled_from([b"\n", b"\r\n", b"\r", b" ", b"\t", b"\0", b"\xff", b"x" * 64, b"y" * 300])


@given(st.lists(st.one_of(_PARTS, st.binary(max_size=6)), max_size=60).map(b"".join))
def test_whatever_the_bytes_are_the_reader_ends(data: bytes) -> None:
    builder = Builder(ORIGIN)
    reading = read_whole(read_zone(HEAD.encode() + data, "db", ORIGIN, builder.add, include=lambda path: data))
    assert reading.errors + reading.warnings >= len(reading.faults)
    for fault in reading.faults:
        assert str(fault).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 3_000_000,
        b"a " * 1_500_000,
        b"www A (" + b"192.0.2.1 " * 300_000,
        b"www TXT " + b'"a" ' * 120_000 + b"\n",
        b"(\n" * 100_000,
        b"; " + b"x" * 3_000_000 + b"\nwww A 192.0.2.1\n",
        b"$GENERATE 0-1000000000 a$ A 192.0.2.1\n",
        b"$GENERATE 0-2147483647/1 a${0,99999999,d} A 192.0.2.1\n",
        b"\\" * 200_000,
    ],
)
def test_giants_are_faults(data: bytes) -> None:
    reading = read_whole(read_zone(HEAD.encode() + data, "db", ORIGIN, lambda *_: None))
    assert reading.errors
    assert all(len(str(fault)) < 300 for fault in reading.faults)
