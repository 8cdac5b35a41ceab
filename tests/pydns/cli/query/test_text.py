import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli.query.answer import read_answer
from pydns.cli.query.asking import Ignored, Outcome
from pydns.cli.query.question import Question
from pydns.cli.query.text import as_json, lines, short_lines
from pydns.errors import WireError
from pydns.names import from_text
from pydns.upstream.endpoint import Endpoint
from pydns.wire.edns import opt_record

NAME = from_text("www.example.org")
QUESTION = Question(NAME)
SERVER = Endpoint("192.0.2.53", 1053)
HEAD = b"\x12\x34\x85\x80\0\1\0\2\0\0\0\1" + NAME + b"\0\1\0\1"
TEXT = b'\xc0\x0c\0\x10\0\1\0\0\1\x2c\0\6\5a\x1b"\\b'
WIRE = HEAD + b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1" + TEXT + opt_record(1232, 0, True, [(15, b"\0\x03old")])


def outcome(wire: bytes = WIRE, ignored: Ignored | None = None, remark: str = "") -> Outcome:
    return Outcome(read_answer(wire, wire[:2], QUESTION), "udp", 0.00123, ignored or Ignored(), remark)


def shown(found: Outcome) -> list[str]:
    return ["".join(piece for piece, _ in line) for line in lines(QUESTION, found, SERVER)]


def test_an_answer_is_shown_as_a_zone_file_with_comments() -> None:
    assert shown(outcome()) == [
        ";; status: NOERROR, flags: qr aa rd ra, id: 4660",
        ";; EDNS: version 0, size 1232, do",
        ";; EDE: 3 (Stale Answer): old",
        "",
        ";; QUESTION",
        ";www.example.org. IN A",
        "",
        ";; ANSWER",
        "www.example.org.    300 IN A      192.0.2.1",
        r'www.example.org.    300 IN TXT    "a\027\"\\b"',
        "",
        ";; 1.2 ms, from 192.0.2.53:1053 over UDP, 87 octets",
    ]


def test_what_was_ignored_is_told() -> None:
    text = ";; before it came what is no answer; 2 messages were ignored, at last for this: another id"
    assert text in shown(outcome(ignored=Ignored(2, "another id")))


def test_a_remark_is_told() -> None:
    assert ";; it is cut" in shown(outcome(remark="it is cut"))


def test_a_bare_header_is_told_with_a_guess() -> None:
    found = shown(outcome(b"\x12\x34\x81\x81" + bytes(8)))
    assert found[:3] == [
        ";; status: FORMERR, flags: qr rd ra, id: 4660",
        ";; it is a bare header, without our question",
        ";; the server may not know EDNS: try --no-edns",
    ]


def test_short_is_the_data_alone() -> None:
    found = ["".join(piece for piece, _ in line) for line in short_lines(outcome().answer)]
    assert found == ["192.0.2.1", r'"a\027\"\\b"']


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "NOERROR"),
        ("flags", ["qr", "aa", "rd", "ra"]),
        ("question", {"name": "www.example.org.", "class": "IN", "type": "A"}),
        ("authority", []),
        ("server", "192.0.2.53:1053"),
        ("transport", "udp"),
        ("milliseconds", 1.2),
        ("size", 87),
    ],
)
def test_json_holds(key: str, value: Any) -> None:
    assert as_json(QUESTION, outcome(), SERVER)[key] == value


def test_json_holds_records() -> None:
    assert as_json(QUESTION, outcome(), SERVER)["answer"][0] == {
        "name": "www.example.org.", "ttl": 300, "class": "IN", "type": "A", "data": "192.0.2.1",
    }  # fmt: skip


def test_json_holds_extended_errors() -> None:
    assert as_json(QUESTION, outcome(), SERVER)["edns"]["options"] == [
        {"code": 15, "name": "EDE", "text": "3 (Stale Answer): old",
         "error": {"code": 3, "name": "Stale Answer", "text": "old"}},
    ]  # fmt: skip


@given(st.binary(max_size=80), st.sampled_from((HEAD, HEAD[:4], WIRE[:-20])))
def test_any_answer_is_shown(octets: bytes, head: bytes) -> None:
    try:
        found = outcome(head + octets)
    except WireError:
        return
    shown(found)
    json.dumps(as_json(QUESTION, found, SERVER))
