from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.zone.master.lines import Lines
from pydns.zone.master.plain import PlainReader
from pydns.zone.master.spelling import Naming
from pydns.zone.master.state import State
from tests.pydns.zone.master.lines_of_records import FILES
from tests.pydns.zone.master.reading import HEAD, ORIGIN, Told, read


def read_slowly(text: str) -> Told:
    """Every line as an entry."""
    with mock.patch.object(PlainReader, "take", lambda self, lines: lines.at):
        return read(text)


def piece(text: str) -> Lines:
    lines = Lines(text.encode(), lambda number: None)
    lines.fill()
    return lines


@given(FILES, st.sampled_from([HEAD, HEAD.replace("$TTL 3600\n", ""), HEAD.replace("$TTL 3600\n@", "@ 60")]))
def test_plain_lines_are_read_as_any_entry_is(text: str, head: str) -> None:
    assert read(head + text) == read_slowly(head + text)


@pytest.mark.parametrize(
    "line",
    [
        "www A 192.0.2.1",
        "www.example.org. 60 IN A 192.0.2.1",
        "www.sub 60 AAAA 2001:db8::1",
        "WWW.SUB.Example.ORG. in 1h ns NS.Example.net.",
        "1.2.3 PTR host",
        "www MX 10 mail",
        "a DS 1 13 2 " + "ab" * 32,
    ],
)
def test_common_lines_are_plain(line: str) -> None:
    found: list[bytes] = []
    state = State(lambda owner, *_: found.append(owner), Naming(ORIGIN), default_ttl=60)
    assert PlainReader(state, ORIGIN).take(piece(line)) == 1
    assert len(found) == 1


@pytest.mark.parametrize(
    "line",
    [
        *[
            "www.example.com. A 192.0.2.1",
            "@ A 192.0.2.1",
            " A 192.0.2.1",
            "a SOA a b 1 2 3 4 5",
            "a A 1.2.3",
            "a A",
            "a",
            "a LOC x",
        ],
        *[
            "a 3000000000 A 192.0.2.1",
            "a IN IN A 192.0.2.1",
            "a A 192.0.2.1 ;",
            "a TXT (x)",
            'a TXT "x"',
            "a A 192.0.2.1 x",
        ],
    ],
)
def test_what_is_odd_is_left_to_others(line: str) -> None:
    found: list[bytes] = []
    state = State(lambda owner, *_: found.append(owner), Naming(ORIGIN), default_ttl=60)
    assert PlainReader(state, ORIGIN).take(piece("\n" + line)) == 1
    assert found == []
