import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns_plugins.hosts.spelling import address, is_wildcard, packed_address, spelled_address, text, wire


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        (b"192.0.2.1", b"192.0.2.1"),
        (b"2001:DB8:0::1", b"2001:db8::1"),
        (b"::ffff:192.0.2.1", b"192.0.2.1"),
        (b"fe80::1%eth0", b"fe80::1"),
    ],
)
def test_an_address_has_one_spelling(written: bytes, spelled: bytes) -> None:
    assert address(written) == spelled


@pytest.mark.parametrize(
    "written", [b"", b"localhost", b"256.0.0.1", b"192.0.2", b"192.0.2.01", b"1:2", b"\xff", b"192.0.2.1\0", b"%", b"1"]
)
def test_what_is_no_address_is_none(written: bytes) -> None:
    assert address(written) is None


@given(st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16))
def test_packing_and_spelling_are_each_other_s_inverse(packed: bytes) -> None:
    spelled = spelled_address(packed)
    assert packed_address(spelled) == packed.removeprefix(bytes(10) + b"\xff\xff" if len(packed) == 16 else b"")


@pytest.mark.parametrize(
    ("name", "wildcard"), [(b"*.example.org", True), (b"*", True), (b"*a.example.org", False), (b"a.*.org", False)]
)
def test_only_a_whole_leftmost_star_is_a_wildcard(name: bytes, wildcard: bool) -> None:
    assert is_wildcard(name) is wildcard


@pytest.mark.parametrize("name", ["www.example.org.", "localhost.", "."])
def test_text_and_wire_are_each_other_s_inverse(name: str) -> None:
    packed = names.from_text(name)
    found = text(packed)
    assert found == name.rstrip(".").encode()
    assert wire(found) == packed


def test_a_label_that_holds_a_dot_cannot_stand_in_a_hosts_file() -> None:
    assert text(names.from_text(r"a\.b.example.org")) is None
