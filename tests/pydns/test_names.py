"""Names in wire form: RFC 1035 sections 3.1 and 5.1, RFC 4343."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names

label = st.binary(min_size=1, max_size=12)
wire_name = st.lists(label, max_size=8).map(
    lambda labels: b"".join(bytes((len(part),)) + part for part in labels).translate(names.LOWER) + b"\0"
)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (".", b"\0"),
        ("", b"\0"),
        ("Example.ORG", b"\x07example\x03org\0"),
        ("example.org.", b"\x07example\x03org\0"),
        (r"a\.b.c", b"\x03a.b\x01c\0"),
        (r"\065b.c.", b"\x02ab\x01c\0"),
        ("*.x", b"\x01*\x01x\0"),
    ],
)
def test_text_becomes_lower_case_wire_form(text: str, wire: bytes) -> None:
    assert names.from_text(text) == wire


@pytest.mark.parametrize("text", ["a..b", ".a", "a" * 64, ".".join(["a" * 60] * 5), "a\\", r"\999.x", "a.."])
def test_bad_text_is_refused(text: str) -> None:
    with pytest.raises(names.NameSyntaxError):
        names.from_text(text)


@pytest.mark.parametrize("text", ["\ud800", "a.\udfff.b", "\\\ud800"])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    # JSON may hold one, and no octets stand for it.
    with pytest.raises(names.NameSyntaxError):
        names.from_text(text)


def test_octets_that_were_no_utf_8_come_back() -> None:
    # What Python reads with `surrogateescape`, from the environment say.
    assert names.from_text(b"\xff.org".decode("utf-8", "surrogateescape")) == b"\1\xff\3org\0"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"\0", "."),
        (b"\3www\3org\0", "www.org."),
        (b"\3a.b\0", r"a\.b."),
        (b"\4\0 \xff\n\0", r"\000\032\255\010."),
        (b'\3"\\@\0', r"\"\\\@."),
        (b"\1*\2_x\0", "*._x."),
    ],
)
def test_wire_form_becomes_text(name: bytes, text: str) -> None:
    assert names.to_text(name) == text


@given(wire_name)
def test_the_text_of_a_name_is_one_printable_word(name: bytes) -> None:
    text = names.to_text(name)
    assert text.isascii()
    assert text.isprintable()
    assert " " not in text


@given(wire_name)
def test_text_and_wire_form_are_inverse(name: bytes) -> None:
    assert names.from_text(names.to_text(name)) == name


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_a_clear_error(text: str) -> None:
    try:
        name = names.from_text(text)
    except names.NameSyntaxError:
        return
    assert len(name) <= names.MAX_LENGTH
    assert b"".join(bytes((len(part),)) + part for part in names.labels(name)) + b"\0" == name


def test_a_suffix_in_bytes_is_not_a_parent() -> None:
    assert not names.is_within(b"\x06ab\x03com\0", b"\x03com\0")


@given(wire_name, wire_name)
def test_is_within_is_what_ancestors_say(name: bytes, zone: bytes) -> None:
    assert names.is_within(name, zone) == (zone in list(names.ancestors(name)))


@given(st.ip_addresses())
def test_reverse_names_give_the_address_back(address: object) -> None:
    packed = ip_address(str(address)).packed
    assert names.from_text(ip_address(str(address)).reverse_pointer) == names.reverse(packed)
    assert names.address_of_reverse(names.reverse(packed)) == packed


@pytest.mark.parametrize(
    "text",
    [
        "1.in-addr.arpa",
        "x.ip6.arpa",
        "256.0.0.1.in-addr.arpa",
        "1.2.3.4.5.in-addr.arpa",
        "01.2.3.4.in-addr.arpa",
        r"2\.1.3.4.in-addr.arpa",  # three labels whose text has four parts
        r"4.3.2.1.foo.\007in-addr\004arpa",  # ends with the octets of in-addr.arpa, within a label
        ".".join(["0"] * 31) + ".ip6.arpa",
        ".".join(["00"] * 16) + ".ip6.arpa",
        ".".join(["0"] * 31 + ["g"]) + ".ip6.arpa",
        ".".join(["0"] * 31 + [r"\032"]) + ".ip6.arpa",
        ".".join(["0"] * 32) + r".foo.\003ip6\004arpa",
        "in-addr.arpa",
        "ip6.arpa",
        "example.org",
    ],
)
def test_no_whole_address_gives_none(text: str) -> None:
    assert names.address_of_reverse(names.from_text(text)) is None


@pytest.mark.parametrize(
    ("name", "zones", "found"),
    [
        ("www.example.org", ["org", "example.org", "net"], "example.org"),
        ("example.org", ["example.org", "org"], "example.org"),
        ("org", ["example.org"], None),
        ("xexample.org", ["example.org"], None),
        ("www.example.org", ["."], "."),
        (".", ["org"], None),
    ],
)
def test_the_longest_zone_that_holds_a_name_is_found(name: str, zones: list[str], found: str | None) -> None:
    match = names.longest_match(names.from_text(name), {names.from_text(zone) for zone in zones})
    assert match == (None if found is None else names.from_text(found))


@pytest.mark.parametrize(
    ("zone", "zones", "expected"),
    [
        ("example.org", ["example.org"], True),
        ("example.org", ["org"], True),
        ("example.org", ["net", "www.example.org"], True),
        ("example.org", ["net", "xexample.org"], False),
        ("example.org", [], False),
    ],
)
def test_zones_overlap_where_one_holds_the_other(zone: str, zones: list[str], expected: bool) -> None:
    assert names.overlaps(names.from_text(zone), map(names.from_text, zones)) is expected


@given(wire_name)
def test_ancestors_are_the_parents_one_after_the_other(name: bytes) -> None:
    found = [name]
    while found[-1] != names.ROOT:
        found.append(names.parent(found[-1]))
    assert list(names.ancestors(name)) == found


def test_the_root_is_its_own_parent() -> None:
    assert names.parent(names.ROOT) == names.ROOT


@pytest.mark.parametrize(
    ("octets", "is_one"),
    [
        (b"\0", True),
        (b"\3Www\0", True),
        (b"\3www", False),
        (b"\3www\0\0", False),
        (b"\3ww", False),
        (b"", False),
        (b"\xc0\x0c", False),
        (b"\x40" + bytes(64) + b"\0", False),
        ((b"\x3f" + b"x" * 63) * 3 + b"\x3d" + b"x" * 61 + b"\0", True),
        ((b"\x3f" + b"x" * 63) * 3 + b"\x3e" + b"x" * 62 + b"\0", False),
    ],
)
def test_a_name_is_whole_and_nothing_else(octets: bytes, is_one: bool) -> None:
    assert names.is_name(octets) is is_one
