"""Whatever bytes come for a block with transfer and tsig: an answer or none, and no failure."""

from __future__ import annotations

import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns.tsig.client import SignedRequest
from pydns.tsig.key import Key
from pydns_plugins.tsig import Tsig
from tests.plugins.asking import block, directives
from tests.plugins.transfer.asking import Client, Site, axfr, held, ixfr, zone

SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cw=="
KEY = Key.from_text("key.example", SECRET)
QUERIES = [
    axfr(),
    axfr(edns=1232),
    ixfr(1),
    ixfr(1, edns=512),
    SignedRequest(ixfr(1, edns=1232), KEY).wire,
    SignedRequest(axfr(), KEY).wire,
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A query that octets were put into, taken out of, or changed in, its id left."""
    wire = bytearray(draw(st.sampled_from(QUERIES)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(2, len(wire) - 1))
        wire[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(wire) if len(wire) > 2 else b"\0\0"


@settings(deadline=None, max_examples=150)
@given(st.lists(mutated(), min_size=1, max_size=20), st.sampled_from(["udp", "tcp"]))
def test_nothing_fails(wires: list[bytes], transport: str) -> None:
    async def ask_all() -> None:
        async with trio.open_nursery() as nursery:
            tsig = Tsig.parse(directives(f"tsig\n secret key.example {SECRET}\n require IXFR"), block())
            site = Site(nursery, "transfer\n to *", held(zone(1), zone(2, "a 60 A 192.0.2.1")), before=tsig)
            for wire in wires:
                client = Client(transport=transport)
                answer = await site.server.ask(wire, client)
                assert answer is None or answer[:2] == wire[:2]
                client.read()
            assert site.server.counted("coredns_panics_total") == 0
            assert site.under_way == 0
            nursery.cancel_scope.cancel()

    trio.run(ask_all)
