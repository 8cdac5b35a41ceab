"""Pages over HTTP, as a plain client sees them."""

from __future__ import annotations

import re
from typing import NamedTuple

import trio

from pydns.run import Process
from pydns.setup import Place


class Got(NamedTuple):
    """A response: its status, its headers in small letters, and its body, chunks put together."""

    status: int
    headers: dict[str, str]
    body: str


async def fetch(port: int, path: str = "/", method: str = "GET", host: str = "127.0.0.1") -> Got:
    """Asks once. Raises OSError or trio.BrokenResourceError where nobody answers."""
    with trio.fail_after(20):
        async with await trio.open_tcp_stream(host, port) as stream:
            await stream.send_all(f"{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
            return opened(b"".join([part async for part in stream]))


def opened(octets: bytes) -> Got:
    head, _, body = octets.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(octets.partition(b"\r\n\r\n")[2])
    return Got(int(first.split()[1]), headers, body)


def _joined(octets: bytes) -> str:
    """The chunks of a body in one (RFC 9112 section 7.1)."""
    found = bytearray()
    while octets:
        size, _, octets = octets.partition(b"\r\n")
        found += octets[: int(size, 16)]
        octets = octets[int(size, 16) + 2 :]
    return found.decode()


def page_port(process: Process, host: str = "127.0.0.1", port: int = 0) -> int:
    """The port of an HTTP address of the Corefile."""
    return process.bound[Place("http", host, port)].port


def samples(text: str) -> dict[str, float]:
    """The values of a page of metrics by name and labels, as they are written."""
    lines = (re.fullmatch(r"(\w+(?:\{.*\})?) (\S+)", line) for line in text.splitlines() if not line.startswith("#"))
    return {line[1]: float(line[2]) for line in lines if line is not None}


async def scraped(process: Process) -> dict[str, float]:
    """What the page of a `prometheus 127.0.0.1:0` says."""
    got = await fetch(page_port(process), "/metrics")
    assert got.status == 200
    return samples(got.body)
