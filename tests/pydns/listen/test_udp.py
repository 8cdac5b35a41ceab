from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from pydns.listen.udp import UdpListener
from pydns.mmsg import SIZE, SLOTS
from pydns.plugin import CallNext
from pydns.query import Address, Query
from pydns.records import Class, Opcode, Rcode, Record, Type
from pydns.reply import Reply
from tests.pydns.life import until
from tests.pydns.serving import LABEL, Doing, Giving, Serving, address, rcode, serving
from tests.pydns.wire.messages import WWW, message, packed, question

ANSWER = Reply([address()], by="giving")
FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


async def tell_addresses(query: Query, call_next: CallNext) -> Reply:
    """A TXT record of who asked, and whom."""
    peer, local = query.peer, query.local
    return Reply([Record(query.name, Type.TXT, Class.IN, 60, f"{peer.host} {peer.port} {local.host}".encode())])


def bound(host: str, *, dual: bool = False) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not dual)
    sock.setblocking(False)
    sock.bind((host, 0))
    return sock


class Listening:
    """A listener at work, and the server behind it."""

    def __init__(self, served: Serving, listener: UdpListener) -> None:
        self.served = served
        self.listener = listener
        self.port = listener.local.port

    @asynccontextmanager
    async def client(self, host: str = "127.0.0.1", source: str = "") -> AsyncIterator[trio.socket.SocketType]:
        """A socket that is connected to the listener, so that it takes answers from the asked address alone."""
        with trio.socket.socket(FAMILIES.get(host, socket.AF_INET), socket.SOCK_DGRAM) as sock:
            if source:
                await sock.bind((source, 0))
            await sock.connect((host, self.port))
            yield sock

    async def ask(self, wire: bytes, host: str = "127.0.0.1", source: str = "") -> bytes:
        async with self.client(host, source) as sock:
            await sock.send(wire)
            return await received(sock)


async def received(sock: trio.socket.SocketType) -> bytes:
    with trio.fail_after(10):
        return await sock.recv(65_535)


async def listening(nursery: trio.Nursery, *plugins: Doing, host: str = "127.0.0.1", dual: bool = False) -> Listening:
    served = serving(nursery, *(plugins or (Giving(ANSWER),)))
    listener = UdpListener(bound(host, dual=dual), served.server, served.house.metrics)
    await nursery.start(listener.run)
    return Listening(served, listener)


def answers_to(wire: bytes, answer: bytes) -> bool:
    return answer[:2] == wire[:2] and answer[2] >= 0x80 and answer[12 : len(wire)] == wire[12:]


async def test_a_query_is_answered(nursery: trio.Nursery) -> None:
    listening_ = await listening(nursery)
    wire = message()
    answer = await listening_.ask(wire)
    assert answers_to(wire, answer)
    assert answer.endswith(bytes((192, 0, 2, 1)))


@pytest.mark.parametrize("times", [2, 3, 5])
async def test_a_replayed_answer_has_the_askers_id_and_letters(times: int, nursery: trio.Nursery) -> None:
    listening_ = await listening(nursery, source := Giving(ANSWER))
    for i in range(times):
        for name in (WWW.upper(), WWW):
            wire = message(question(name), id_=0x1000 + i)
            assert answers_to(wire, await listening_.ask(wire))
    assert source.asked == 2


@pytest.mark.parametrize("ages", [False, True])
async def test_one_batch_may_hold_the_same_query_often_and_others_between(ages: bool, nursery: trio.Nursery) -> None:
    listening_ = await listening(nursery, Giving(ANSWER.replace(ages=ages)))
    for _ in range(2):
        await listening_.ask(message())
    wires = [message(question("other.example.org") if i % 3 == 0 else question(), id_=i) for i in range(60)]
    async with listening_.client() as sock:
        for wire in wires:
            await sock.send(wire)
        answers = [await received(sock) for _ in wires]
    assert sorted(answer[:2] for answer in answers) == [wire[:2] for wire in wires]
    by_id = {answer[:2]: answer for answer in answers}
    assert all(answers_to(wire, by_id[wire[:2]]) for wire in wires)


@pytest.mark.parametrize("count", [SLOTS - 1, SLOTS, SLOTS + 1, 3 * SLOTS])
@pytest.mark.parametrize("waits", [False, True])
async def test_each_of_many_is_answered(count: int, waits: bool, nursery: trio.Nursery) -> None:
    async def serve(query: Query, call_next: CallNext) -> Reply:
        if waits:
            await trio.lowlevel.checkpoint()
        return Reply([address()])

    listening_ = await listening(nursery, Doing(serve))
    async with listening_.client() as sock:
        for i in range(count):
            await sock.send(message(question(f"{i}.example.org"), id_=i))
        answers = {await received(sock) for _ in range(count)}
    assert {int.from_bytes(answer[:2]) for answer in answers} == set(range(count))


# Addresses.


@pytest.mark.parametrize("times", [1, 4], ids=["first", "replayed"])
@pytest.mark.parametrize(
    ("bind", "asked"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.2"),
        ("0.0.0.0", "127.9.8.7"),
        ("127.0.0.2", "127.0.0.2"),
        ("::", "::1"),
        ("::1", "::1"),
    ],
)
async def test_the_answer_comes_from_the_address_that_was_asked(
    bind: str, asked: str, times: int, nursery: trio.Nursery
) -> None:
    """A connected client hears no other."""
    listening_ = await listening(nursery, host=bind)
    for _ in range(times):
        assert answers_to(message(), await listening_.ask(message(), asked))


@pytest.mark.parametrize(
    ("bind", "dual", "asked", "source", "peer", "local"),
    [
        ("0.0.0.0", False, "127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.2"),
        ("127.0.0.1", False, "127.0.0.1", "127.0.0.3", "127.0.0.3", "127.0.0.1"),
        ("::", False, "::1", "::1", "::1", "::1"),
        ("::1", False, "::1", "::1", "::1", "::1"),
        # An inherited socket may hear IPv4 as well.
        ("::", True, "127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.2"),
        ("::", True, "::1", "::1", "::1", "::1"),
    ],
)
async def test_peer_and_local_address_are_read(
    bind: str, dual: bool, asked: str, source: str, peer: str, local: str, nursery: trio.Nursery
) -> None:
    listening_ = await listening(nursery, Doing(tell_addresses), host=bind, dual=dual)
    async with listening_.client(asked, source) as sock:
        port = sock.getsockname()[1]
        await sock.send(message())
        answer = await received(sock)
    assert answer.endswith(f"{peer} {port} {local}".encode())


@pytest.mark.parametrize("bind", ["0.0.0.0", "127.0.0.1"])
async def test_who_watches_a_replay_is_told_of_its_own_client(bind: str, nursery: trio.Nursery) -> None:
    told: list[tuple[bytes, Address, Address, bytes]] = []
    reply = ANSWER.replace(
        watchers=(lambda wire, client, answer: told.append((wire, client.peer, client.local, answer)),)
    )
    listening_ = await listening(nursery, Giving(reply), host=bind)
    expected = []
    for last in (1, 2, 3, 4):
        wire = message(id_=last)
        async with listening_.client("127.0.0.1", f"127.0.0.{last}") as sock:
            peer = Address(*sock.getsockname())
            await sock.send(wire)
            expected.append((wire, peer, Address("127.0.0.1", listening_.port), await received(sock)))
    assert told == expected


async def test_a_watcher_that_fails_harms_nobody(nursery: trio.Nursery) -> None:
    def watch(*_: object) -> None:
        raise ValueError("cannot be written")

    listening_ = await listening(nursery, Giving(ANSWER.replace(watchers=(watch,))))
    for _ in range(5):
        assert answers_to(message(), await listening_.ask(message()))


async def test_an_update_may_be_as_long_as_a_datagram(nursery: trio.Nursery) -> None:
    """external-dns sends 50 changes in one, over UDP."""
    records = packed(address()) * 2000
    wire = message(question(type_=6), records, flags=Opcode.UPDATE << 11, counts=(1, 0, 2000, 0))
    assert len(wire) > 50_000
    listening_ = await listening(nursery, Giving(Reply(), opcodes=[Opcode.UPDATE]))
    assert rcode(await listening_.ask(wire)) == Rcode.NOERROR


# What cannot be sent.


async def test_an_answer_that_is_too_large_is_counted_and_others_leave(nursery: trio.Nursery) -> None:
    async def serve(query: Query, call_next: CallNext) -> Reply:
        large = query.name == WWW
        return Reply().replace(finish=(lambda query, answer: answer + bytes(SIZE if large else 0),))

    listening_ = await listening(nursery, Doing(serve))
    async with listening_.client() as sock:
        await sock.send(message())
        await sock.send(message(question("other.example.org"), id_=7))
        assert (await received(sock))[:2] == b"\0\7"
    assert listening_.served.counted("pydns_udp_unsent_total", LABEL) == 1


async def test_a_peer_that_cannot_be_reached_is_counted_and_others_are_answered(nursery: trio.Nursery) -> None:
    listening_ = await listening(nursery)
    with _unreachable(listening_.listener, times=1):
        async with listening_.client() as sock:
            await sock.send(message(id_=1))
            await sock.send(message(question("other.example.org"), id_=2))
            assert (await received(sock))[:2] == b"\0\2"
    assert listening_.served.counted("pydns_udp_unsent_total", LABEL) == 1


class _unreachable:  # noqa: N801 -- used as a function
    """The next clients of a listener come from port 0, where nothing can be sent."""

    def __init__(self, listener: UdpListener, times: int) -> None:
        self._batch = listener._in
        self._peer = listener._in.peer
        self._left = times

    def __enter__(self) -> None:
        def peer(slot: int) -> tuple[bytes, bytes]:
            name, control = self._peer(slot)
            self._left -= 1
            return (name[:2] + b"\0\0" + name[4:] if self._left >= 0 else name), control

        self._batch.peer = peer  # type: ignore[method-assign] # no client can send from port 0 without privileges

    def __exit__(self, *_: object) -> None:
        del self._batch.peer  # type: ignore[method-assign]


async def test_what_the_kernel_dropped_is_counted(nursery: trio.Nursery) -> None:
    """SK_MEMINFO_DROPS of SO_MEMINFO."""
    sock = bound("127.0.0.1")
    served = serving(nursery, Giving(ANSWER))
    listener = UdpListener(sock, served.server, served.house.metrics)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(sock.getsockname())
        for _ in range(200):
            client.send(message())
    await nursery.start(listener.run)
    await trio.testing.wait_all_tasks_blocked()
    drops = served.counted("pydns_udp_kernel_drops_total", LABEL)
    assert 0 < drops < 200
    assert served.counted("pydns_udp_kernel_drops_total", LABEL) == drops


async def test_large_buffers_are_asked_for(nursery: trio.Nursery) -> None:
    sock = (await listening(nursery)).listener.socket
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) > 212_992  # the kernel's default


@pytest.mark.parametrize("wire", [b"", b"\0", bytes(11), bytes(4096), bytes(60_000), message(flags=0x8180)])
async def test_after_a_hostile_datagram_others_are_answered(wire: bytes, nursery: trio.Nursery) -> None:
    listening_ = await listening(nursery)
    async with listening_.client() as sock:
        await sock.send(wire)
        await sock.send(message(id_=9))
        while (await received(sock))[:2] != b"\0\x09":
            pass


async def test_an_error_in_the_server_costs_one_batch_alone(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listening_ = await listening(nursery)

    def fail(*_: object) -> bytes:
        raise RuntimeError("a fault of ours")

    async with listening_.client() as sock:
        with monkeypatch.context() as patch:
            patch.setattr(listening_.served.server, "take_new", fail)
            await sock.send(message())
            await until(lambda: caplog.text, lambda text: "a fault of ours" in text)
        wire = message(id_=7)
        await sock.send(wire)
        assert answers_to(wire, await received(sock))


async def test_queries_ahead_of_the_one_that_it_stumbles_over_are_answered(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening_ = await listening(nursery)
    take_new = listening_.served.server.take_new

    def fail(wire: bytes, *others: Any) -> bytes | None:
        if wire[:2] == b"\0\2":
            raise RuntimeError("a fault of ours")
        return take_new(wire, *others)

    monkeypatch.setattr(listening_.served.server, "take_new", fail)
    client = bound("127.0.0.1")
    with trio.socket.from_stdlib_socket(client) as sock:
        for i in (1, 2):  # with no turn of the loop in between, so that both are of one batch
            client.sendto(message(id_=i), listening_.listener.local)
        assert (await received(sock))[:2] == b"\0\1"


@pytest.mark.parametrize(
    ("batches", "looks", "more"),
    [([1], 1, False), ([7], 1, False), ([8, 0], 2, False), ([40, 30, 3], 3, False), ([64] * 9, 3, True)],
)
async def test_behind_a_batch_of_many_it_looks_once_more_for_so_many_messages(
    batches: list[int], looks: int, more: bool, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = (await listening(nursery)).listener
    left = iter(batches)
    monkeypatch.setattr(listener, "_receive", lambda: next(left))
    assert listener._drain() is more
    assert len([*left]) == len(batches) - looks
