from __future__ import annotations

from pydns.names import from_text
from pydns.records import Type
from pydns.transfer.incoming import Asked
from pydns.transfer.question import soa_query, transfer_query
from pydns.wire.opened import sections
from pydns.wire.scan import HEADER
from pydns.zone.rrset import RRset
from tests.pydns.transfer.messages import ID, ORIGIN, soa

OURS = RRset(ORIGIN, Type.SOA, 3600, (soa(5).rdata,))


def test_an_axfr_query_is_a_question_alone() -> None:
    wire = transfer_query(Asked(ORIGIN, ID), None)
    assert wire == HEADER.pack(ID, 0, 1, 0, 0, 0) + ORIGIN + b"\0\xfc\0\1"


def test_an_ixfr_query_says_what_we_have() -> None:
    wire = transfer_query(Asked(ORIGIN, ID, 5), OURS)
    assert wire[12 + len(ORIGIN) :][:4] == b"\0\xfb\0\1"
    assert sections(wire) == ((), (soa(5),), ())


def test_an_soa_query_asks_for_the_apex() -> None:
    assert soa_query(from_text("org"), 1) == b"\0\1\0\0\0\1\0\0\0\0\0\0\3org\0\0\6\0\1"
