"""Hostile datagrams, each named by its defect, and what must happen to them (RFC 9267 is the list of classic mistakes).

A file holds hexadecimal digits; `c00c*300` stands for 300 times those octets, `#` begins a comment. One comment says
what `read_question` makes of it: `silence`, `formerr`, or `ok` where it is read as a query.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pydns.errors import WireError
from pydns.wire.opened import open_message, sections
from pydns.wire.question import read_question
from pydns.wire.scan import scan
from tests.pydns.wire.messages import CLIENT, WWW

PACKETS = sorted(Path(__file__).parent.glob("*.hex"))
READERS = [lambda wire: read_question(wire, CLIENT, 0), scan, sections, open_message]
STEPS_PER_OCTET = 200
"""Lines of `pydns.wire` that may run for each octet. A name of 127 labels behind 12 octets of record is the worst."""


def octets(text: str) -> bytes:
    found = b""
    for line in text.splitlines():
        for word in line.partition("#")[0].split():
            digits, _, times = word.partition("*")
            found += bytes.fromhex(digits) * int(times or 1)
    return found


def expectation(text: str) -> str:
    return text.partition("# expect: ")[2].split()[0]


@pytest.fixture(params=PACKETS, ids=[path.stem for path in PACKETS])
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text())


def test_the_query_is_read_or_refused_as_the_file_says(text: str) -> None:
    try:
        read_question(octets(text), CLIENT, 0)
    except WireError as error:
        outcome = {None: "silence", 1: "formerr"}[error.reply_with]
    else:
        outcome = "ok"
    assert outcome == expectation(text)


@pytest.mark.parametrize("reader", READERS, ids=["question", "scan", "sections", "open_message"])
def test_only_a_wire_error_leaves_a_reader_and_soon(text: str, reader: Any) -> None:
    wire = octets(text)
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        if "/pydns/wire/" not in frame.f_code.co_filename:
            return None
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        reader(wire)
    except WireError:
        pass
    finally:
        sys.settrace(before)
    assert steps <= 200 + STEPS_PER_OCTET * len(wire)


def test_no_packet_is_too_long_for_tcp(text: str) -> None:
    assert len(octets(text)) <= 65_535


def test_a_query_read_from_a_good_packet_is_for_its_name() -> None:
    text = (Path(__file__).parent / "cookie-of-8.hex").read_text()
    assert read_question(octets(text), CLIENT, 0).name == WWW
