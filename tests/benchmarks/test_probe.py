"""The question that tells whether a server is there, and what answers it."""

from ipaddress import IPv4Address

import dnslib
import pytest
from dnslib import QTYPE, RCODE, RR, A
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.probe import free_port, is_right, question

ADDRESS = IPv4Address("10.1.2.3")


def answer(address: str = "10.1.2.3", rcode: str = "NOERROR", id_change: int = 0) -> bytes:
    reply = dnslib.DNSRecord.parse(question("a.bench.example")).reply()
    reply.header.rcode = getattr(RCODE, rcode)
    reply.header.id ^= id_change
    reply.add_answer(RR("a.bench.example", QTYPE.A, rdata=A(address), ttl=60))
    packed: bytes = reply.pack()
    return packed


def test_the_question_is_for_the_addresses_of_the_name() -> None:
    asked = dnslib.DNSRecord.parse(question("a.bench.example"))
    assert (str(asked.q.qname), asked.q.qtype, asked.header.rd) == ("a.bench.example.", QTYPE.A, 1)


def test_an_answer_with_the_address_is_right() -> None:
    assert is_right(answer(), ADDRESS)


@pytest.mark.parametrize(
    "wrong",
    [
        answer("10.1.2.4"),
        answer(rcode="SERVFAIL"),
        answer(id_change=1),
        question("a.bench.example"),
        answer()[:11],
        b"",
    ],
    ids=["other address", "rcode", "id", "no answer but a question", "cut", "empty"],
)
def test_all_else_is_not(wrong: bytes) -> None:
    assert not is_right(wrong, ADDRESS)


@given(st.binary(max_size=64))
def test_any_bytes_are_right_or_not(data: bytes) -> None:
    assert is_right(data, ADDRESS) in (True, False)


def test_a_free_port_is_one() -> None:
    assert 0 < free_port() < 65536
