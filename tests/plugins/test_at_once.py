"""What a chain says at once is what it says when it is asked the long way, octet by octet."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from pydns.chain import fold, fold_at_once
from pydns.plugin import House
from pydns.query import Edns, Query
from pydns.records import Opcode, Type
from pydns.testing import Someone, plugins_of, query
from pydns.watch import Watcher
from pydns.wire.message import render

HOSTS = """
192.0.2.1 one.test two.test
192.0.2.2 two.test
2001:db8::2 two.test
192.0.2.3 *.wild.test
"""
SERVICES = """
[services.shop.web]
cluster_ips = ["10.96.1.10", "fd00::10"]
ports = ["http:80"]
external_ips = ["203.0.113.9"]
endpoints = ["10.244.0.11"]

[services.shop.db]
endpoints = ["10.244.0.21", "10.244.0.22"]

[services.shop]
docs = { external_name = "one.test" }
"""
CHAIN = """
    errors
    bufsize 512
    nsid here
    cancel
    any
    chaos
    log
    cache 30 {above}
    loadbalance
    minimal
    hosts {folder}/hosts test {{
        fallthrough wild.test
    }}
    k8s_external outside.test
    kubernetes cluster.local {{
        services {folder}/services.toml
    }}
    whoami
"""
NAMES = (
    "one.test", "TWO.test", "a.wild.test", "no.wild.test", "none.test", "other.example", "version.bind",
    "web.shop.svc.cluster.local", "db.shop.svc.cluster.local", "docs.shop.svc.cluster.local",
    "_http._tcp.web.shop.svc.cluster.local", "none.shop.svc.cluster.local", "svc.cluster.local", "cluster.local",
    "web.shop.outside.test", "none.shop.outside.test", "outside.test", "ns1.dns.outside.test",
    "a.b.c.svc.cluster.local", "none.svc.cluster.local", "10-244-0-11.web.shop.svc.cluster.local",
)  # fmt: skip

Questions = st.builds(
    lambda name, type_, flags, edns: query(name, type_, Someone(), flags=flags, edns=edns),
    st.sampled_from(NAMES),
    st.sampled_from(("A", "AAAA", "SRV", "TXT", "ANY", "SOA", "NS", "HINFO", "PTR")),
    st.sampled_from((0x0100, 0x0000, 0x0130)),
    st.sampled_from((None, Edns(1232, 0, False, ()), Edns(4096, 0, True, ((3, b""),)))),
)


@pytest.mark.parametrize("above", ["", "test"])
@settings(max_examples=30, deadline=None)
@given(st.lists(Questions, min_size=20, max_size=60))
def test_it_is_the_same(tmp_path_factory: pytest.TempPathFactory, above: str, asked: list[Query]) -> None:
    folder = tmp_path_factory.mktemp("once")
    (folder / "hosts").write_text(HOSTS)
    (folder / "services.toml").write_text(SERVICES)
    trio.run(_compare, folder, above, asked)


async def _compare(folder: Path, above: str, asked: list[Query]) -> None:
    text = f". {{{CHAIN.format(folder=folder, above=above)}}}"
    # Two of each plugin, so that neither learns from what the other was asked.
    quick, slow = plugins_of(text), plugins_of(text)
    house = House(watcher=Watcher(), generations=[(quick,), (slow,)])
    async with trio.open_nursery() as nursery:
        assert house.watcher is not None
        await nursery.start(house.watcher.run)
        for plugin in (*quick, *slow):
            plugin.house = house
            await nursery.start(plugin.run)
        at_once, chain = fold_at_once(quick, Opcode.QUERY), fold(slow, Opcode.QUERY)
        assert at_once is not None
        answered = 0
        for each in asked:
            each.ask = chain
            found = at_once(each)
            if found is None:
                continue
            answered += 1
            other = await chain(each)
            assert _text(each, found) == _text(each, other)
            assert (found.replay, found.ages, found.lifetime) == (other.replay, other.ages, other.lifetime)
            assert found.local == other.local
        assert answered
        nursery.cancel_scope.cancel()


def _text(asked: Query, reply: object) -> tuple[bytes, ...]:
    """The message, as records where their order is a matter of luck."""
    from pydns.reply import Reply

    assert isinstance(reply, Reply)
    if any(record.type in (Type.A, Type.AAAA) for record in reply.answer):
        reply = reply.replace(answer=sorted(reply.opened().answer))
    return (render(asked, reply, stream=False),)
