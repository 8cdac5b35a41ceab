"""Pages over HTTP: what stands where, and clients that are slow or hostile."""

from __future__ import annotations

import gc
import socket
import struct
from collections.abc import AsyncIterator

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydns.http import Page
from pydns.listen.http import HttpListener
from pydns.listen.sockets import open_sockets
from tests.pydns.pages import Got, fetch

PARTS = 400
PART = b"x" * 20_000


class Site:
    """A listener with some pages; `made` counts the parts of `/parts` that were made."""

    def __init__(self) -> None:
        sockets = open_sockets("127.0.0.1", 0, datagram=False)
        self.port = sockets.port
        self.made = 0
        self.listener = HttpListener(sockets.stream)
        self.listener.route({"/ok": self.ok, "/parts": self.parts, "/broken": self.broken, "/busy": self.busy})

    async def ok(self) -> Page:
        return Page(b"OK")

    async def busy(self) -> Page:
        return Page(b"hosts", 503)

    async def broken(self) -> Page:
        raise ValueError("a secret")

    async def parts(self) -> Page:
        async def make() -> AsyncIterator[bytes]:
            for _ in range(PARTS):
                self.made += 1
                yield PART
                await trio.lowlevel.checkpoint()

        return Page(make(), type="text/x")


@pytest.fixture
async def site(nursery: trio.Nursery) -> AsyncIterator[Site]:
    made = Site()
    await nursery.start(made.listener.run)
    with trio.fail_after(60):
        yield made
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/ok", 200, "OK"),
        ("/ok?verbose=1", 200, "OK"),
        ("/busy", 503, "hosts"),
        ("/", 404, "404 page not found\n"),
        ("/ok/", 404, "404 page not found\n"),
        ("/../etc/passwd", 404, "404 page not found\n"),
        ("/%00%ff", 404, "404 page not found\n"),
        ("/broken", 500, "500 ValueError\n"),
    ],
)
async def test_a_path_has_its_page(path: str, status: int, body: str, site: Site) -> None:
    got = await fetch(site.port, path)
    assert (got.status, got.body) == (status, body)


async def test_a_page_that_fails_is_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    await fetch(site.port, "/broken")
    assert "/broken failed" in caplog.text
    assert "a secret" in caplog.text


@pytest.mark.parametrize("path", ["/ok", "/parts"])
async def test_head_has_no_body(path: str, site: Site) -> None:
    got = await fetch(site.port, path, "HEAD")
    assert (got.status, got.body, site.made) == (200, "", 0)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
async def test_other_methods_are_not_allowed(method: str, site: Site) -> None:
    assert (await fetch(site.port, "/ok", method)).status == 405


async def test_a_page_may_come_in_parts(monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery) -> None:
    monkeypatch.setattr("pydns.listen.http.READ", 60)  # the connection is closed behind it, not when that is over
    site = Site()
    await nursery.start(site.listener.run)
    got = await fetch(site.port, "/parts")
    assert (len(got.body), got.headers["content-type"]) == (PARTS * len(PART), "text/x; charset=utf-8")
    nursery.cancel_scope.cancel()


async def test_other_pages_may_take_their_place(site: Site) -> None:
    site.listener.route({"/new": site.ok})
    assert [(await fetch(site.port, path)).status for path in ("/ok", "/new")] == [404, 200]


async def test_a_connection_serves_one_request(site: Site) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", site.port) as stream:
        await stream.send_all(b"GET /ok HTTP/1.1\r\nHost: test\r\n\r\n")
        assert b"".join([part async for part in stream]).endswith(b"OK")


# Clients that are slow or hostile.


async def sent(port: int, octets: bytes) -> bytes:
    """What comes back until the connection is closed."""
    found = b""
    with trio.fail_after(20):
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            try:
                await stream.send_all(octets)
                async for part in stream:
                    found += part
            except trio.BrokenResourceError:
                return found  # it was closed with octets unread
    return found


@pytest.mark.parametrize("octets", [b"", b"GET /ok HT", b"GET /ok HTTP/1.1\r\nHost: a\r\n"])
async def test_a_connection_is_closed_when_its_time_is_over(
    octets: bytes, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydns.listen.http.LIFE", 0.2)
    assert await sent(site.port, octets) == b""


async def test_a_request_must_come_in_time(monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery) -> None:
    monkeypatch.setattr("pydns.listen.http.READ", 1)
    site = Site()
    await nursery.start(site.listener.run)
    assert await sent(site.port, b"GET /ok HT") == b""
    nursery.cancel_scope.cancel()


async def test_a_header_without_end_is_refused(site: Site) -> None:
    await sent(site.port, b"GET /ok HTTP/1.1\r\nX: " + b"a" * 1_000_000)
    assert (await fetch(site.port, "/ok")).status == 200


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=300), max_size=10))
def test_no_octets_end_it(junk: list[bytes]) -> None:
    async def main() -> Got:
        async with trio.open_nursery() as nursery:
            site = Site()
            await nursery.start(site.listener.run)
            for octets in junk:
                async with await trio.open_tcp_stream("127.0.0.1", site.port) as stream:
                    await stream.send_all(octets)
            got = await fetch(site.port, "/ok")
            nursery.cancel_scope.cancel()
            return got

    assert trio.run(main).status == 200


@pytest.mark.parametrize("octets", [b"", b"GET /parts HTTP/1.1\r\nHost: a\r\n\r\n" * 3])
async def test_a_reset_ends_one_connection_alone(octets: bytes, site: Site) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", site.port)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.send(octets)
    assert (await fetch(site.port, "/ok")).status == 200


async def test_who_connects_and_says_nothing_keeps_nobody_out(site: Site) -> None:
    idle = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(1000)]
    try:
        assert (await fetch(site.port, "/ok")).status == 200
        first = trio.socket.from_stdlib_socket(idle[0])
        with trio.fail_after(20):
            assert await first.recv(1) == b""  # closed: the oldest make room
    finally:
        for sock in idle:
            sock.close()


# The end.


async def stopped(site: Site, nursery: trio.Nursery) -> trio.CancelScope:
    """Starts it within a scope of its own."""
    scope = trio.CancelScope()

    async def run(*, task_status: trio.TaskStatus[None]) -> None:
        with scope:
            await site.listener.run(task_status=task_status)

    await nursery.start(run)
    return scope


async def ended(nursery: trio.Nursery) -> None:
    with trio.fail_after(3):
        while nursery.child_tasks:
            await trio.lowlevel.checkpoint()


async def test_a_client_that_does_not_read_does_not_keep_it_from_stopping(nursery: trio.Nursery) -> None:
    site = Site()
    scope = await stopped(site, nursery)
    async with await trio.open_tcp_stream("127.0.0.1", site.port) as stream:
        await stream.send_all(b"GET /parts HTTP/1.1\r\nHost: a\r\n\r\n")
        await stream.receive_some(1)
        scope.cancel()
        await ended(nursery)
    assert 0 < site.made < PARTS


@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.parametrize("turns", [0, 1, 5, 50])
async def test_whenever_it_is_stopped_its_port_is_free(turns: int, nursery: trio.Nursery) -> None:
    """Also while the libraries are being imported."""
    site = Site()
    scope = await stopped(site, nursery)
    for _ in range(turns):
        await trio.sleep(0.001)
    scope.cancel()
    await ended(nursery)
    gc.collect()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", site.port))
