from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydns.dnssec import canonical
from pydns.names import LOWER, from_text
from tests.pydns.dnssec.signing import name_of

octets = st.binary(min_size=1, max_size=4) | st.sampled_from([b"\0", b"\1", b"\0\0", b"\xff", b"a", b"A", b"@", b"["])
some_names = st.lists(octets, max_size=4).map(
    lambda labels: b"".join(bytes((len(each),)) + each for each in labels).translate(LOWER) + b"\0"
)


@given(some_names, some_names)
def test_names_are_ordered_as_dnspython_orders_them(one: bytes, other: bytes) -> None:
    assert (canonical.order(one) < canonical.order(other)) == (name_of(one) < name_of(other))


@given(some_names)
def test_a_successor_comes_next(name: bytes) -> None:
    assert canonical.successor(name) == b"\1\0" + name


def test_a_successor_of_a_name_that_is_too_long_for_that_comes_later() -> None:
    for last in (b"a" * 61, b"\xff" * 61, b"a" * 60 + b"@", b"a" * 60):
        name = b"\x3f" + b"x" * 63 + b"\x3f" + b"y" * 63 + b"\x3f" + b"z" * 63
        name = bytes((len(last),)) + last + name + b"\0"
        found = canonical.successor(name)
        assert len(found) <= 255
        assert found == found.translate(LOWER)
        assert canonical.order(name) < canonical.order(found)


def test_the_order_of_rfc_4034() -> None:
    # Section 6.1's example.
    texts = [
        "example", "a.example", "yljkjljk.a.example", "z.a.example", "zabc.a.example", "z.example",
        r"\001.z.example", "*.z.example", r"\200.z.example",
    ]  # fmt: skip
    names = [from_text(text) for text in texts]
    assert sorted(names, key=canonical.order) == names
