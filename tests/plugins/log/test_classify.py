from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.records import Class, Opcode, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import query
from pydns_plugins.log.classify import CLASSES, classify
from tests.plugins.log.conftest import message

NAME = names.from_text("example.org")
DAY = 86_400


def record(type_: int, rdata: bytes = b"\0") -> Record:
    return Record(NAME, type_, Class.IN, 300, rdata)


def signature(begins: int, ends: int) -> Record:
    """An RRSIG of an A record that is valid between these two, in seconds from now (RFC 4034 section 3.1)."""
    now = int(time.time())
    times = ((now + at) % 2**32 for at in (ends, begins))
    rdata = b"\0\1\x08\2" + (300).to_bytes(4) + b"".join(at.to_bytes(4) for at in times) + b"\0\1" + NAME + b"sig"
    return record(Type.RRSIG, rdata)


A, SOA, NS = record(Type.A, bytes(4)), record(Type.SOA), record(Type.NS)


def of(reply: Reply, *, opcode: int = Opcode.QUERY, type_: int = Type.A, do: bool = False) -> tuple[str, str]:
    return classify(message(query(), reply), reply.rcode, opcode, type_, do)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply((A,)), ("NOERROR", "success")),
        (Reply((A,), (NS, SOA)), ("NOERROR", "success")),
        (Reply(authority=(NS, NS)), ("DELEGATION", "success")),
        (Reply(), ("NOERROR", "success")),
        (Reply(additional=(SOA,)), ("NOERROR", "success")),
        (Reply(authority=(SOA,)), ("NODATA", "denial")),  # RFC 2308 section 2.2
        (Reply(authority=(NS, SOA)), ("NODATA", "denial")),
        (Reply(authority=(SOA,), rcode=Rcode.NXDOMAIN), ("NXDOMAIN", "denial")),
        (Reply((A,), (SOA,), rcode=Rcode.NXDOMAIN), ("OTHERERROR", "error")),
        (Reply(rcode=Rcode.SERVFAIL), ("SERVERERROR", "error")),
        (Reply((A,), rcode=Rcode.SERVFAIL), ("SERVERERROR", "error")),
        (Reply(rcode=Rcode.NOTIMP), ("SERVERERROR", "error")),
        (Reply(rcode=Rcode.REFUSED), ("OTHERERROR", "error")),
        (Reply((A,), rcode=Rcode.REFUSED), ("OTHERERROR", "error")),
        (Reply(rcode=Rcode.BADVERS), ("OTHERERROR", "error")),
    ],
)
def test_answers_are_of_coredns_s_types_and_classes(reply: Reply, verdict: tuple[str, str]) -> None:
    assert of(reply) == verdict


@pytest.mark.parametrize(
    ("opcode", "type_", "kind"),
    [
        (Opcode.UPDATE, Type.SOA, "UPDATE"),
        (Opcode.NOTIFY, Type.SOA, "META"),
        (Opcode.QUERY, Type.AXFR, "META"),
        (Opcode.QUERY, Type.IXFR, "META"),
    ],
)
def test_transfers_and_updates_are_no_success(opcode: int, type_: int, kind: str) -> None:
    assert of(Reply((A,)), opcode=opcode, type_=type_) == (kind, "error")


@pytest.mark.parametrize(
    ("rrsig", "kind"),
    [
        (signature(-DAY, DAY), "NOERROR"),
        (signature(-2 * DAY, -DAY), "OTHERERROR"),
        (signature(DAY, 2 * DAY), "OTHERERROR"),
        (record(Type.RRSIG, bytes(15)), "OTHERERROR"),
    ],
)
def test_a_signature_out_of_its_time_is_an_error_for_who_asked_for_signatures(rrsig: Record, kind: str) -> None:
    assert of(Reply((A, rrsig)), do=True)[0] == kind
    assert of(Reply((A, rrsig)), do=False)[0] == "NOERROR"


def test_a_signature_s_time_runs_on_past_2106() -> None:
    # RFC 4034 section 3.1.5: serial arithmetic, so a validity may reach over the 32 bits' end.
    assert of(Reply((A, signature(-DAY, 2**31 - 1))), do=True)[0] == "NOERROR"


def test_nothing_sent_is_an_error() -> None:
    assert classify(None, None, Opcode.QUERY, Type.A, True) == ("OTHERERROR", "error")


@given(st.binary(min_size=12), st.integers(0, 23), st.booleans())
def test_any_bytes_have_a_class(answer: bytes, rcode: int, do: bool) -> None:
    assert classify(answer, rcode, Opcode.QUERY, Type.A, do)[1] in CLASSES
