"""Other spellings of a message find its answer without being read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.errors import WireError
from pydns.wire.edns import COOKIE, PADDING, opt_record
from tests.pydns.keeping import PLAIN, WITH_OPT, Cache
from tests.pydns.wire.messages import message, question

OPT = opt_record(1232, 0, False)
EDNS = message(question(), OPT, counts=WITH_OPT)


def with_options(*options: tuple[int, bytes]) -> bytes:
    return message(question(), opt_record(1232, 0, False, options), counts=WITH_OPT)


@pytest.fixture
def cache() -> Cache:
    cache = Cache()
    cache.keep(PLAIN)
    cache.keep(EDNS)
    return cache


SPELLINGS = {
    "capitals": (PLAIN.replace(b"www", b"WwW").replace(b"org", b"ORG"), PLAIN),
    "capitals and an OPT": (EDNS.replace(b"www", b"wWw"), EDNS),
    "a client's cookie": (with_options((COOKIE, b"8 octets")), EDNS),
    "both cookies": (with_options((COOKIE, bytes(24))), EDNS),
    "capitals and a cookie": (with_options((COOKIE, b"8 octets")).replace(b"example", b"EXAMPLE"), EDNS),
}


@pytest.mark.parametrize(("wire", "same"), SPELLINGS.values(), ids=SPELLINGS)
def test_another_spelling_finds_the_answer(wire: bytes, same: bytes, cache: Cache) -> None:
    found = cache.packets.find_folded(wire[2:], 0)
    assert found is not None
    kept, end = found
    assert kept is cache.packets.find(same[2:], 0)
    assert end + 2 == cache.read(wire).question_end


OTHERS = {
    "another name": PLAIN.replace(b"www", b"FTP"),
    "another type": message(question("www.example.org", 28)).replace(b"www", b"WWW"),
    "a cookie of a wrong length": with_options((COOKIE, bytes(9))),
    "two options": with_options((COOKIE, bytes(8)), (PADDING, b"")),
    "another option": with_options((3, bytes(8))),
    "octets behind it": PLAIN.replace(b"www", b"WWW") + b"\0",
    "a header alone": PLAIN[:12],
    "nothing": b"",
    "a name without an end": PLAIN[:12] + b"\3WWW",
    "a length that looks like a capital": PLAIN[:12] + b"\x57" + PLAIN[13:],
}


@pytest.mark.parametrize("wire", OTHERS.values(), ids=OTHERS)
def test_another_message_does_not(wire: bytes, cache: Cache) -> None:
    assert cache.packets.find_folded(wire[2:], 0) is None


def test_a_cookie_that_a_plugin_reads_stays() -> None:
    cache = Cache(reads=frozenset((COOKIE,)))
    cache.keep(EDNS)
    assert cache.packets.find_folded(with_options((COOKIE, bytes(8)))[2:], 0) is None


@given(st.sampled_from([PLAIN, EDNS, *(wire for wire, _ in SPELLINGS.values())]), st.data())
def test_it_finds_nothing_that_reading_would_not_find(wire: bytes, data: st.DataObject) -> None:
    cache = Cache()
    cache.keep(PLAIN)
    cache.keep(EDNS)
    changed = bytearray(wire)
    for _ in range(data.draw(st.integers(0, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    wire = bytes(changed[: data.draw(st.sampled_from([len(changed), len(changed) - 1]))])
    found = cache.packets.find_folded(wire[2:], 0)
    if found is not None:
        try:
            key = cache.key(wire)
        except WireError:
            key = None
        assert key is not None
        assert cache.packets.find(key, 0) is found[0]
