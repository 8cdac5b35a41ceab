"""Prerequisites: RFC 2136 section 3.2, each form where it holds and where it does not."""

from __future__ import annotations

import pytest

from pydns.records import Rcode, Record
from pydns.steps import whole
from pydns.update.errors import UpdateError
from pydns.update.prerequisites import check_prerequisites
from tests.pydns.update.messages import address, equals, exists, lacks
from tests.pydns.zone.zones import record, zone_of

ZONE = zone_of(
    record("www", "A", address(1)),
    record("www", "A", address(2)),
    record("mail", "MX", b"\0\x0a\x04Mail\0"),
    record("a.empty", "TXT", b"\x01x"),
)

CASES = {
    # 2.4.1: the RRset exists, whatever it holds
    "an RRset": ([exists("www", "A")], 0),
    "no RRset": ([exists("www", "AAAA")], Rcode.NXRRSET),
    "no RRset of no name": ([exists("nobody", "A")], Rcode.NXRRSET),
    # 2.4.2: the RRset exists and holds this
    "its value": (equals("www", "A", address(2), address(1)), 0),
    "its value twice": (equals("www", "A", address(2), address(1), address(1)), 0),
    "a part of its value": (equals("www", "A", address(1)), Rcode.NXRRSET),
    "more than its value": (equals("www", "A", address(1), address(2), address(3)), Rcode.NXRRSET),
    "another value": (equals("www", "A", address(1), address(3)), Rcode.NXRRSET),
    "a value of nothing": (equals("nobody", "A", address(1)), Rcode.NXRRSET),
    "a value in other letters": (equals("mail", "MX", b"\0\x0a\x04mAIL\0"), 0),
    "two values": ([*equals("www", "A", address(1), address(2)), *equals("a.empty", "TXT", b"\x01y")], Rcode.NXRRSET),
    # 2.4.3: the RRset does not exist
    "not an RRset": ([lacks("www", "AAAA")], 0),
    "not an RRset of no name": ([lacks("nobody", "A")], 0),
    "not an RRset that is there": ([lacks("www", "A")], Rcode.YXRRSET),
    # 2.4.4: the name is in use
    "a name": ([exists("www")], 0),
    "the apex": ([exists("@")], 0),
    "no name": ([exists("nobody")], Rcode.NXDOMAIN),
    "an empty non-terminal": ([exists("empty")], Rcode.NXDOMAIN),
    # 2.4.5: the name is not in use
    "not a name": ([lacks("nobody")], 0),
    "not an empty non-terminal": ([lacks("empty")], 0),
    "not a name that is there": ([lacks("www")], Rcode.YXDOMAIN),
    # of several, the first
    "two": ([exists("nobody"), lacks("www")], Rcode.NXDOMAIN),
    "values last": ([*equals("www", "A", address(9)), lacks("www")], Rcode.YXDOMAIN),
    "none": ([], 0),
}


@pytest.mark.parametrize(("prerequisites", "rcode"), CASES.values(), ids=CASES)
def test_it_holds_or_has_its_rcode(prerequisites: list[Record], rcode: int) -> None:
    if not rcode:
        whole(check_prerequisites(ZONE, prerequisites))
        return
    with pytest.raises(UpdateError) as caught:
        whole(check_prerequisites(ZONE, prerequisites))
    assert caught.value.rcode == rcode


def test_many_are_looked_at_in_steps() -> None:
    present = [exists("www"), *equals("www", "A", address(1), address(2))]
    assert len(list(check_prerequisites(ZONE, present * 300))) >= 5
