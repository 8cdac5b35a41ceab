"""What the tests of setup, generations and the process share: plugins in files, a Corefile that changes, a client."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import dnslib
import trio

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup, StartError, ungrouped
from pydns.metrics import Metric
from pydns.plugin import House
from pydns.run import Process
from pydns.setup import Configuration, load
from pydns.upstream.testing import Asked, Script

T = TypeVar("T")
WriteFile = Callable[[str, str], Path]
"""Writes a file of that name and text, and gives its path."""

PLUGIN: Final = """
import trio
from pydns.plugin import Plugin
from pydns.reply import Reply

class Own(Plugin):
    name = "own"
    # opcodes

    @classmethod
    def parse(cls, directives, block):
        return (cls(),)

    def configure(self, settings):
        pass
        # configure

    async def serve(self, query, call_next):
        return Reply(rcode=10, by="own")

    async def run(self, *, task_status):
        pass
        # run
        task_status.started()

    def inherit(self, old):
        pass
        # inherit
"""
"""A plugin `own` that answers with rcode 10. A test puts lines in place of its comments."""


class Source:
    """A Corefile as text that a test changes. `loaded` counts how often it was read."""

    def __init__(self, text: str, port: int = 0) -> None:
        self.text = text
        self.port = port
        self.loaded = 0

    def __call__(self) -> Configuration:
        self.loaded += 1
        return load(lambda: parse_text(self.text, environ={}), self.port)


@asynccontextmanager
async def running(source: Callable[[], Configuration], house: House | None = None) -> AsyncIterator[Process]:
    process = Process(source, house)
    with ungrouped(CorefileErrorGroup, StartError):
        async with trio.open_nursery() as nursery:
            await nursery.start(process.run)
            yield process
            nursery.cancel_scope.cancel()


async def until(read: Callable[[], T], wanted: Callable[[T], object], within: float = 10) -> T:
    """Reads at each turn until it is as wanted."""
    found = read()
    with trio.move_on_after(within):
        while not wanted(found):
            await trio.sleep(0.005)
            found = read()
    assert wanted(found), f"still {found!r}"
    return found


def wire(name: str = "example.org", type_: str = "A") -> bytes:
    return bytes(dnslib.DNSRecord.question(name, type_).pack())


async def answer(port: int, name: str = "example.org", type_: str = "A", host: str = "127.0.0.1") -> dnslib.DNSRecord:
    """What comes over UDP. Raises trio.TooSlowError where nothing does."""
    with trio.socket.socket(
        trio.socket.AF_INET6 if ":" in host else trio.socket.AF_INET, trio.socket.SOCK_DGRAM
    ) as sock:
        await sock.connect((host, port))
        await sock.send(wire(name, type_))
        with trio.fail_after(10):
            return dnslib.DNSRecord.parse(await sock.recv(4096))


async def rcode(port: int, name: str = "example.org", host: str = "127.0.0.1") -> int:
    return int((await answer(port, name, host=host)).header.rcode)


async def addresses(port: int, name: str = "example.org") -> list[str]:
    return [str(record.rdata) for record in (await answer(port, name)).rr]


FIRST: Final = ". {\n bind 127.0.0.1\n hosts {\n 192.0.2.1 example.org\n }\n}"
SECOND: Final = FIRST.replace("192.0.2.1", "192.0.2.2")
BROKEN: Final = FIRST.replace("hosts", "host")


def port_of(process: Process, index: int = 0) -> int:
    return list(process.bound.values())[index].port


def value(process: Process, name: str, *labels: str) -> float:
    """Of a metric, 0 where it is not there yet."""
    found = (metric for metric in process.house.metrics.read() if metric.name == name and isinstance(metric, Metric))
    return next((metric.value(*labels) for metric in found), 0)


def failures(process: Process) -> float:
    return value(process, "coredns_reload_failed_total")


async def reloaded(process: Process) -> None:
    """Asks for a reload and waits until another configuration runs."""
    before = process.configuration
    process.reload()
    await until(lambda: process.configuration, lambda now: now is not before)


async def failed(process: Process) -> None:
    """Asks for a reload and waits until it has failed."""
    before = failures(process)
    process.reload()
    await until(lambda: failures(process), lambda count: count > before)


def is_free(host: str, port: int) -> bool:
    try:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stream.bind((host, port))
            datagram.bind((host, port))
    except OSError:
        return False
    return True


def slow(release: trio.Event) -> Script:
    async def script(asked: Asked) -> None:
        await release.wait()
        await asked.send(asked.answer())

    return script


async def keep(found: list[list[str]], port: int) -> None:
    found.append(await addresses(port))
