"""A primary in the test's own nursery, which says what it is told to say."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

import trio

from pydns.records import Rcode, Record, Type
from pydns.transfer.client import Primary
from pydns.tsig.key import Key
from pydns.tsig.record import split
from pydns.tsig.server import Signature, read_signature
from pydns.upstream.endpoint import Endpoint
from tests.pydns.transfer.messages import AA, ORIGIN, QR, message, ns, soa


class FakePrimary:
    """Answers SOA, AXFR and IXFR queries. `asked` are their types, in order.

    * `zone`: the records ahead of the closing SOA, which is added; None: REFUSED. `zones` has those of others than
      example.org
    * `changes`: what answers IXFR; None: NOTIMP
    * `ends`: False where the connection closes ahead of the last record
    * `silent`: True where it says nothing at all
    * `cut`, `refuses_udp`: what becomes of questions over UDP; without `has_udp` nobody is there
    * `garble`: what becomes of each message on its way
    * `key`: signs answers to signed questions
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.zone: Sequence[Record] | None = None
        self.zones: dict[bytes, Sequence[Record]] = {}
        self.changes: Sequence[Record] | None = None
        self.ends = True
        self.silent = False
        self.cut = False
        self.refuses_udp = False
        self.has_udp = True
        self.garble: Callable[[bytes], bytes] = lambda message: message
        self.key: Key | None = None
        self.asked: list[int] = []
        self.asked_now = trio.Event()
        self.port = 0
        self._nursery: trio.Nursery

    def primary(self, key: Key | None = None) -> Primary:
        return Primary(Endpoint(self.host, self.port), key)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = (await trio.open_tcp_listeners(self.port, host=self.host))[0]
        self.port = listener.socket.getsockname()[1]
        with trio.socket.socket(family, socket.SOCK_DGRAM) as datagrams:
            if self.has_udp:
                await datagrams.bind((self.host, self.port))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.serve_listeners, self._on_stream, [listener])
                if self.has_udp:
                    nursery.start_soon(self._on_datagrams, datagrams)
                yield self
                nursery.cancel_scope.cancel()
        await listener.aclose()

    async def _on_datagrams(self, sock: trio.socket.SocketType) -> None:
        while True:
            wire, sender = await sock.recvfrom(4096)
            for answer in self._answers(wire, stream=False):
                await sock.sendto(answer, sender)

    async def _on_stream(self, stream: trio.SocketStream) -> None:
        received = bytearray()
        async with stream:
            try:
                async for piece in stream:
                    received += piece
                    if len(received) > 2 and len(received) == 2 + int.from_bytes(received[:2]):
                        for answer in self._answers(bytes(received[2:]), stream=True):
                            await stream.send_all(len(answer).to_bytes(2) + answer)
                        if self.silent:
                            await trio.sleep_forever()
                        return
            except trio.BrokenResourceError:
                pass

    def _answers(self, wire: bytes, *, stream: bool) -> list[bytes]:
        signature = read_signature(wire, {self.key.name: self.key}.get) if self.key else None
        found = split(wire)
        query = found[0] if found else wire
        end = query.index(b"\0", 12) + 5
        type_ = int.from_bytes(query[end - 4 : end - 2])
        self.asked.append(type_)
        self.asked_now.set()
        self.asked_now = trio.Event()
        if self.silent:
            return []
        return [
            self.garble(self._signed(answer, signature)) for answer in self._plain(query, type_, query[12:end], stream)
        ]

    @staticmethod
    def _signed(answer: bytes, signature: Signature | None) -> bytes:
        return signature.sign(answer) if signature else answer

    def _plain(self, query: bytes, type_: int, question: bytes, stream: bool) -> list[bytes]:
        id_ = int.from_bytes(query[:2])

        def answer(*records: Record, flags: int = QR | AA) -> bytes:
            return message(*records, id_=id_, flags=flags, question=question)

        zone = self.zone if question[:-4] == ORIGIN else self.zones.get(question[:-4])
        if zone is None or (self.refuses_udp and not stream):
            return [answer(flags=QR | Rcode.REFUSED)]
        if type_ == Type.SOA:
            return [answer(flags=QR | AA | 0x0200) if self.cut and not stream else answer(zone[0])]
        if type_ == Type.IXFR:
            return [answer(flags=QR | Rcode.NOTIMP) if self.changes is None else answer(*self.changes)]
        first = zone[0]
        records = [*zone[1:], *([first] if self.ends else [])]
        parts = [records[at : at + 500] for at in range(0, len(records), 500)]
        return [answer(first), *(answer(*part) for part in parts)]


def zone(serial: int, *records: Record) -> list[Record]:
    return [soa(serial), ns(), *records]
