"""A cluster changes behind its API while dig asks: one process, and several."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import trio

from pydns.records import Ede
from pydns.testing import RunningServer, running_server
from tests.e2e.multisocket import get
from tests.e2e.programs import Answer, dig, free_port, installed, serving, until
from tests.pydns.kubernetes.served import served
from tests.pydns.kubernetes.standin import StandIn

SOON = 5.0
"""Seconds in which a change is answered. A machine that is busy may need more than the half second that is meant."""

COREFILE = """. {{
    bind 127.0.0.1
    {more}
    cache 30
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        endpoint {url}
        pods verified
        ttl 30
        startup_timeout 1s
        fallthrough in-addr.arpa ip6.arpa
    }}
    hosts {{
        192.0.2.80 www.example.com
        fallthrough
    }}
}}
"""

WEB = "web.default.svc.cluster.local"

pytestmark = pytest.mark.skipif(installed("dig") is None, reason="dig is not installed")

T = TypeVar("T")


@pytest.fixture
def standin() -> StandIn:
    found = StandIn()
    found.load_recording()
    found.piece = 777
    return found


@pytest.fixture
async def url(standin: StandIn) -> AsyncIterator[str]:
    async with served(standin) as url:
        yield url


@pytest.fixture
async def server(url: str) -> AsyncIterator[RunningServer]:
    async with running_server(COREFILE.format(url=url, more="")) as server:
        yield server


async def eventually(read: Callable[[], T], wanted: Callable[[T], bool], within: float = SOON) -> T:
    """The stand-in answers in this very process, so nothing here may wait on the loop."""
    return await trio.to_thread.run_sync(until, read, wanted, within)


async def asked(server: RunningServer, name: str, type_: str = "A") -> Answer:
    return await trio.to_thread.run_sync(dig, server.port, name, type_)


@pytest.mark.parametrize(("name", "type_", "expected"), [
    (WEB, "A", ["10.96.1.10"]),
    ("db-0.db.default.svc.cluster.local", "A", ["10.244.0.21"]),
    ("10-244-0-21.default.pod.cluster.local", "A", ["10.244.0.21"]),
    ("10.1.96.10.in-addr.arpa", "PTR", [f"{WEB}."]),
    ("ext.default.svc.cluster.local", "A", ["www.example.com.", "192.0.2.80"]),
])  # fmt: skip
async def test_it_answers(name: str, type_: str, expected: list[str], server: RunningServer) -> None:
    assert (await asked(server, name, type_)).data == expected


async def test_a_change_is_answered_though_the_old_answer_was_cached(server: RunningServer, standin: StandIn) -> None:
    for _ in range(3):
        assert (await asked(server, WEB)).data == ["10.96.1.10"]
        assert (await asked(server, "fresh.dev.svc.cluster.local")).status == "NXDOMAIN"
    web = standin.objects["services"]["default", "web"]
    web["spec"]["clusterIPs"] = ["10.96.1.11"]
    standin.put("services", web)
    standin.play_recording()
    await eventually(lambda: dig(server.port, WEB).data, lambda found: found == ["10.96.1.11"])
    await eventually(lambda: dig(server.port, "fresh.dev.svc.cluster.local").status, lambda found: found == "NOERROR")


async def test_an_outage_is_got_over(server: RunningServer, standin: StandIn) -> None:
    standin.down = True
    standin.cut()
    standin.delete("services", "default", "web")
    standin.forget()
    assert (await asked(server, WEB)).data == ["10.96.1.10"]
    standin.down = False
    await eventually(lambda: dig(server.port, WEB).status, lambda found: found == "NXDOMAIN")


async def test_until_the_api_is_heard_other_zones_are_answered(standin: StandIn, url: str) -> None:
    standin.down = True
    ready = free_port()
    with trio.fail_after(30):
        async with running_server(COREFILE.format(url=url, more=f"ready 127.0.0.1:{ready}")) as server:
            found = await asked(server, WEB)
            assert (found.status, found.errors[0][0]) == ("SERVFAIL", Ede.NOT_READY)
            assert (await asked(server, "www.example.com")).data == ["192.0.2.80"]
            status, text = await eventually(lambda: get(ready, "/ready"), lambda found: found[0] == 503)
            assert (status, text) == (503, "kubernetes")
            standin.down = False
            await eventually(lambda: get(ready, "/ready")[0], lambda found: found == 200, 10)
            assert (await asked(server, WEB)).data == ["10.96.1.10"]


async def test_each_of_several_processes_hears_the_api(standin: StandIn, url: str, tmp_path: Path) -> None:
    port = free_port()
    corefile = tmp_path / "Corefile"
    corefile.write_text(COREFILE.format(url=url, more="multisocket 2"))

    def many() -> set[str]:
        return {"".join(dig(port, WEB).data) for _ in range(20)}

    running = serving(corefile, port)
    program = await trio.to_thread.run_sync(running.__enter__)
    try:
        assert await trio.to_thread.run_sync(many) == {"10.96.1.10"}
        await eventually(lambda: standin.watching, lambda found: found == 2 * 4)
        standin.delete("services", "default", "web")
        await eventually(many, lambda found: found == {""})
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(running.__exit__, None, None, None)
    assert program.wait() == 0
