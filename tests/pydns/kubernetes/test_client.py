from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
import trio.lowlevel
from trio.testing import MockClock, wait_all_tasks_blocked

from pydns.kubernetes import client as module
from pydns.kubernetes.access import Access
from pydns.kubernetes.client import Client
from pydns.kubernetes.endpoint import Certificates, Endpoint
from pydns.kubernetes.errors import ApiError, GoneError
from pydns.kubernetes.limits import Limits
from tests.pydns.kubernetes import certificates
from tests.pydns.kubernetes import standin as api
from tests.pydns.kubernetes.conftest import Known
from tests.pydns.kubernetes.served import served
from tests.pydns.kubernetes.standin import Answer, Cut, MemoryTransport, Request, StandIn

SERVICES = "/api/v1/services"
LIST = {"limit": "100"}
WATCH = {"watch": "1", "resourceVersion": "267", "timeoutSeconds": "300"}
PATIENCE = 20.0  # seconds, on a machine that is busy


@pytest.fixture
def asked(standin: StandIn, known: Known) -> Client:
    """A client whose access the test sets."""
    return Client(known, transport=lambda: MemoryTransport(standin))


async def names(client: Client) -> list[str]:
    with trio.fail_after(PATIENCE):
        return [item["metadata"]["name"] for item in json.loads(await client.read(SERVICES, LIST))["items"]]


@pytest.fixture
async def url(standin: StandIn) -> AsyncIterator[str]:
    async with served(standin) as url:
        yield url


async def test_a_list_over_a_socket(url: str, standin: StandIn) -> None:
    standin.piece = 100
    client = Client(Endpoint(url))
    assert "web" in await names(client)
    await client.aclose()


async def test_a_watch_over_a_socket(url: str, standin: StandIn) -> None:
    client = Client(Endpoint(url))
    with trio.fail_after(PATIENCE):
        async with client.stream(SERVICES, WATCH, 60) as pieces:
            standin.put("services", {"metadata": {"name": "fresh", "namespace": "dev"}})
            assert b'"fresh"' in await anext(pieces)
    await client.aclose()


@pytest.mark.parametrize("cut", [b"", b'{"items":['])
async def test_a_connection_that_is_cut_is_an_error(cut: bytes, url: str, standin: StandIn) -> None:
    client = Client(Endpoint(url))
    standin.faults.append(lambda _: api.cut_after(cut))
    with pytest.raises(ApiError) as raised:
        await names(client)
    assert raised.value.status == 0
    assert "web" in await names(client)
    await client.aclose()


async def test_nobody_there_is_an_error() -> None:
    with pytest.raises(ApiError):
        await names(Client(Endpoint("http://127.0.0.1:1")))


async def test_who_left_is_not_waited_for(url: str, standin: StandIn) -> None:
    client = Client(Endpoint(url))
    with trio.fail_after(PATIENCE):
        async with client.stream(SERVICES, WATCH, 60):
            while not standin.watching:
                await trio.lowlevel.checkpoint()
        while standin.watching:
            await trio.lowlevel.checkpoint()
    await client.aclose()


@certificates.without
async def test_the_certificate_of_the_api_must_lead_to_ours(standin: StandIn, tmp_path: Path) -> None:
    certificate, key = certificates.make(tmp_path, "server")
    other, other_key = certificates.make(tmp_path, "other")
    async with served(standin, certificates.server(certificate, key, client=other)) as url:
        client = Client(Endpoint(url, Certificates(other, other_key, other)))
        with pytest.raises(ApiError, match="certificate verify failed"):
            await names(client)
        # The file is put right while we run.
        other_bytes = other.read_bytes()
        await trio.Path(tmp_path / "authority").write_bytes(other_bytes)
        client = Client(Endpoint(url, Certificates(other, other_key, tmp_path / "authority")))
        with pytest.raises(ApiError, match="certificate verify failed"):
            await names(client)
        await trio.Path(tmp_path / "authority").write_bytes(certificate.read_bytes())
        assert "web" in await names(client)
        await client.aclose()


@certificates.without
async def test_our_certificate_must_be_one_that_the_api_knows(standin: StandIn, tmp_path: Path) -> None:
    certificate, key = certificates.make(tmp_path, "server")
    async with served(standin, certificates.server(certificate, key, client=certificate)) as url:
        with pytest.raises(ApiError):
            await names(Client(Endpoint(url, Certificates(*certificates.make(tmp_path, "other"), certificate))))


@certificates.without
async def test_the_name_in_the_certificate_may_be_given(standin: StandIn, tmp_path: Path, known: Known) -> None:
    certificate, key = certificates.make(tmp_path, "server", san="DNS:kubernetes.default.svc")
    async with served(standin, certificates.server(certificate, key)) as url:
        known.access = Access(url, certificate.read_bytes(), server_name="kubernetes.default.svc")
        client = Client(known)
        assert "web" in await names(client)
        await client.aclose()


async def test_a_token_is_sent(asked: Client, standin: StandIn) -> None:
    await names(asked)
    assert standin.requests[0].headers["authorization"] == "Bearer one"


async def test_a_token_is_read_again_when_it_is_no_longer_fresh(
    asked: Client, standin: StandIn, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    await names(asked)
    known.access = known.access._replace(authorization="Bearer two")
    await names(asked)
    monkeypatch.setattr(module.time, "time", lambda: 1e12)
    await names(asked)
    assert [request.headers["authorization"][7:] for request in standin.requests] == ["one", "one", "two"]
    assert known.loads == [False, False]


async def test_a_token_that_is_refused_is_read_again_at_once(asked: Client, standin: StandIn, known: Known) -> None:
    await names(asked)
    known.access = known.access._replace(authorization="Bearer two")
    standin.faults.append(lambda _: api.status(401, "Unauthorized"))
    assert "web" in await names(asked)
    assert standin.requests[-1].headers["authorization"] == "Bearer two"
    assert known.loads == [False, True]


async def test_one_that_is_refused_twice_is_an_error(asked: Client, standin: StandIn) -> None:
    standin.faults = [lambda _: api.status(401, "Unauthorized")] * 2
    with pytest.raises(ApiError, match="401 Unauthorized: Unauthorized") as raised:
        await names(asked)
    assert raised.value.status == 401


async def test_another_server_is_asked_while_an_old_watch_goes_on(
    asked: Client, standin: StandIn, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trio.fail_after(PATIENCE):
        async with asked.stream(SERVICES, WATCH, 60) as pieces:
            known.access = known.access._replace(server="http://other.test")
            monkeypatch.setattr(module.time, "time", lambda: 1e12)
            await names(asked)
            standin.put("services", {"metadata": {"name": "fresh", "namespace": "dev"}})
            assert b'"fresh"' in await anext(pieces)
    assert standin.requests[-1].headers["host"] == "other.test"


async def test_a_redirect_is_not_followed(asked: Client, standin: StandIn) -> None:
    standin.faults.append(lambda _: api.text(302, b"", {"location": "http://elsewhere.test"}))
    with pytest.raises(ApiError, match="302"):
        await names(asked)


async def test_an_old_version_is_gone(asked: Client, standin: StandIn) -> None:
    standin.faults.append(lambda _: api.status(410, "too old"))
    with pytest.raises(GoneError, match="too old"):
        await names(asked)


@pytest.mark.parametrize(("header", "seconds"), [
    ("7", 7.0), ("0", 0.0), ("100000", 300.0), ("", 0.0), ("-1", 0.0), ("1e9", 0.0),
    ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
])  # fmt: skip
async def test_retry_after(header: str, seconds: float, asked: Client, standin: StandIn) -> None:
    standin.faults.append(lambda _: api.status(429, "wait", {"retry-after": header}))
    with pytest.raises(ApiError) as raised:
        await names(asked)
    assert raised.value.retry_after == seconds


async def test_an_error_may_hold_anything(asked: Client, standin: StandIn) -> None:
    standin.faults.append(lambda _: api.text(500, b"<html>" + b"\xff" * 100_000))
    with pytest.raises(ApiError, match=r"^500 Internal Server Error$"):
        await names(asked)


async def test_an_answer_has_a_limit(asked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1000)
    with pytest.raises(ApiError, match="more than 1000 bytes"):
        await names(asked)


async def test_an_answer_that_trickles_is_left(asked: Client, standin: StandIn, clock: MockClock) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        while True:
            await trio.sleep(10)
            yield b" "

    standin.faults.append(lambda _: Answer(200, {}, trickle()))
    with pytest.raises(ApiError, match="more than 120 s"):
        await asked.read(SERVICES, LIST)


async def test_a_watch_does_not_count_against_those_at_once(standin: StandIn, known: Known) -> None:
    client = Client(known, Limits(at_once=1), transport=lambda: MemoryTransport(standin))
    with trio.fail_after(PATIENCE):
        async with client.stream(SERVICES, WATCH, 60):
            assert "web" in await names(client)


async def test_lists_wait_for_each_other_where_few_may_be_under_way(
    standin: StandIn, known: Known, nursery: trio.Nursery, clock: MockClock
) -> None:
    client = Client(known, Limits(at_once=1), transport=lambda: MemoryTransport(standin))
    standin.faults = [lambda _: api.silence()] * 3
    for _ in range(3):
        nursery.start_soon(client.read, SERVICES, LIST)
    await wait_all_tasks_blocked()
    assert len(standin.requests) == 1
    nursery.cancel_scope.cancel()


async def test_answers_are_counted(standin: StandIn, known: Known) -> None:
    counted: list[str] = []
    client = Client(known, transport=lambda: MemoryTransport(standin), count=counted.append)

    def cut(_: Request) -> Answer:
        raise Cut

    standin.faults = [lambda _: api.status(500), cut]
    for _ in range(2):
        with pytest.raises(ApiError):
            await names(client)
    await names(client)
    assert counted == ["500", "<error>", "200"]


async def test_no_proxy_of_the_environment_is_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    client = Client(Endpoint(url))
    assert "web" in await names(client)
    await client.aclose()
