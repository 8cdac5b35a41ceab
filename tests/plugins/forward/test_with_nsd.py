"""Against a real name server: NSD as Debian packages it."""

import dnslib
import pytest

from pydns.query import Edns
from pydns.upstream.endpoint import Endpoint
from tests.plugins.forward.helpers import ask_for, parse, running


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_an_address_is_found(nsd: Endpoint, transport: str) -> None:
    async with running(*parse(f"forward . {nsd}")) as ask:
        reply = await ask(ask_for("www.example.org", transport=transport))
    assert reply.wire is not None
    message = dnslib.DNSRecord.parse(reply.wire)
    assert [str(record.rdata) for record in message.rr] == ["192.0.2.1"]
    assert 41 not in [record.rtype for record in message.ar]
    assert f" {transport} " in reply.why


@pytest.mark.parametrize(("name", "type_", "rcode", "answers"), [
    ("none.example.org", 1, 3, 0),
    ("www.example.org", 28, 0, 0),
    ("example.net", 1, 5, 0),
    ("big.example.org", 16, 0, 60),
])  # fmt: skip
async def test_what_nsd_says_is_passed_on(nsd: Endpoint, name: str, type_: int, rcode: int, answers: int) -> None:
    async with running(*parse(f"forward . {nsd}")) as ask:
        reply = await ask(ask_for(name, type_, edns=Edns(1232, 0, True, ())))
    assert reply.wire is not None
    assert reply.rcode == rcode
    assert len(dnslib.DNSRecord.parse(reply.wire).rr) == answers


async def test_what_is_too_large_for_udp_comes_over_tcp(nsd: Endpoint) -> None:
    async with running(*parse(f"forward . {nsd}")) as ask:
        reply = await ask(ask_for("big.example.org", 16))
    assert " tcp " in reply.why
    assert not reply.flags & reply.TC
