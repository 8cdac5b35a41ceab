"""UDP: the socket is drained in batches, kept answers leave at once, and others when their queries are answered."""

from __future__ import annotations

import logging
import socket
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

import trio

from pydns.listen.sockaddr import to_address
from pydns.listen.unwritten import Stack, Unwritten
from pydns.mmsg import SIZE, SLOTS, Batch
from pydns.query import Address
from pydns.telling import tell
from pydns.tick import TickEnd

if TYPE_CHECKING:
    from pydns.metrics import Metrics
    from pydns.server import Server
    from pydns.telling import Watch

log = logging.getLogger("pydns.listen")

BUFFER: Final = 4 * 1024 * 1024
"""Octets asked for each socket's buffers. The kernel's default holds 256 queries."""

_AT_ONCE: Final = 192
"""Messages that are taken before queries are worked on, or up to a batch more: kept answers leave first."""

_FEW: Final = 8
"""Messages of a batch behind which the loop has its turn. Of more there will be as many again by now, and to take those
costs less than a turn."""

_MOST_WAITING: Final = 2 * BUFFER // 512
"""Datagrams that the kernel's buffer cannot hold more of: it is twice what is asked, and each takes over 512 octets."""

_SO_RCVBUFFORCE: Final = 33  # these two are not in Python's socket module
_SO_SNDBUFFORCE: Final = 32
_SO_MEMINFO: Final = 55
_DROPS_AT: Final = 8  # SK_MEMINFO_DROPS
_IP_PKTINFO: Final = 8  # missing in Python 3.11
_PEERS: Final = 4096  # addresses of clients that are remembered as text: a log asks for each query's
_WILDCARDS: Final = ("0.0.0.0", "::")


class UdpListener:
    """Hands what comes over one bound socket to a server."""

    def __init__(self, sock: socket.socket, server: Server, metrics: Metrics) -> None:
        self.socket = sock
        self.server = server
        self.family = 4 if sock.family == socket.AF_INET else 6
        self.local = Address(*sock.getsockname()[:2])
        with_local = self.local.host in _WILDCARDS
        if with_local:
            if sock.family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        _ask_for_buffers(sock)
        self._in = Batch(sock, with_local)
        self._out = Batch(sock, with_local)
        self._out.for_sending()
        self._filled = 0  # slots of `_out`
        self._tick = TickEnd(self._flush)
        self._asking = _SlotClient(self, self._in)
        self._metrics = metrics
        self._receiving = trio.CancelScope()
        self._stack: Stack | None = None  # where it sheds
        self._stacked = trio.Event()
        self._unsent = 0
        self._counted = [0, 0]  # drops and unsent answers that were handed in

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Receives until it is cancelled."""
        self._metrics.before_reading(self._hand_in)
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._tick.run)
                nursery.start_soon(self._write)
                task_status.started()
                with self._receiving:
                    while True:
                        await trio.lowlevel.wait_readable(self.socket)
                        while self._drain():
                            await trio.lowlevel.checkpoint()
        finally:
            self.shed(False)
            self._hand_in()
            self._metrics.forget(self._hand_in)
            self._out.close()
            self.socket.close()

    def shed(self, on: bool) -> None:
        """Has answers wait that the kernel has no room for, and queries dropped while many do; or no more."""
        if on and self._stack is None:
            self._stack = Stack()
        elif not on and self._stack is not None:
            self._stack.clear()
            self._count_shed()
            self._stack = None

    def stop_receiving(self) -> None:
        """Takes what came so far and no more; answers go on leaving."""
        for _ in range(_MOST_WAITING // SLOTS):  # who asks without end must not keep it from stopping
            if self._receive_guarded() < SLOTS:
                break
        self._receiving.cancel()

    def _drain(self) -> bool:
        """Takes what is there, so much that others have their turn soon; True where there may be more."""
        taken = 0
        while taken < _AT_ONCE:
            count = self._receive_guarded()
            if count < _FEW:
                return False
            taken += count
        return True

    def _receive_guarded(self) -> int:
        """The same as `_receive`, of a batch that the server stumbles over as well: that is lost, and nothing else."""
        try:
            return self._receive()
        except Exception:
            log.exception("datagrams are lost after an error")
            self.server.go()  # for those ahead of it that are queued
            return SLOTS  # as many as there may have been

    def _receive(self) -> int:
        """One batch; says how many messages there were."""
        batch, server, client = self._in, self.server, self._asking
        try:
            count = batch.receive()
        except OSError:  # an ICMP error for an answer of before: it says nothing about this socket
            return 0
        if self._stack is not None and self._stack.is_full:
            server.count_shed("query", count)  # answers to these would only push out others
            return count
        packets = server.packets("udp", self.family)
        direct = server.direct.answer
        get, epoch, now = packets.entries.get, server.house.changes.epoch, trio.current_time()
        data, lengths, outgoing = batch.data, batch.lengths, batch.outgoing
        at = first = 0
        missed = False
        for i in range(count):
            key = data[at + 2 : at + lengths[i]].tobytes()
            kept = get(key)
            if kept is None or kept.epoch != epoch or kept.until <= now:
                kept = packets.find(key, now) if kept is not None else None
            if kept is not None:
                body = kept.body
                kept.tally.count += 1
                if kept.more:
                    kept.turn()
                    self._tell(i, kept.watchers, data[at : at + 2].tobytes(), key, body)
                end = at + 2 + len(body)
                data[at + 2 : end] = body
                outgoing[i] = end - at
            else:
                client.slot = i
                wire = data[at : at + 2].tobytes() + key
                answer = direct(wire, key, client, packets, now)
                if answer is None:
                    answer = server.take_new(wire, key, client, packets, now)
                if answer and (length := len(answer)) <= SIZE:
                    data[at : at + length] = answer
                    outgoing[i] = length
                else:
                    if answer:
                        self._unsent += 1  # no slot holds it
                    if first < i:
                        self._send(batch, first, i - first)
                    first = i + 1
                    missed = True
            at += SIZE
        if first < count:
            self._send(batch, first, count - first)
        if missed:
            server.go()
        return count

    def _tell(self, slot: int, watchers: Watch, identity: bytes, key: bytes, body: bytes) -> None:
        self._asking.slot = slot
        if watchers:
            tell(watchers, identity + key, self._asking, identity + body)

    def answer(self, name: bytes, control: bytes, message: bytes) -> None:
        """Has a message sent at the end of this tick, or once a batch is full."""
        if len(message) > SIZE:
            self._unsent += 1
            return
        self._out.put(self._filled, name, control, message)
        self._filled += 1
        if self._filled == SLOTS:
            self._flush()
        else:
            self._tick.arm()

    def _flush(self) -> None:
        count, self._filled = self._filled, 0
        if count:
            self._send(self._out, 0, count)

    def _send(self, batch: Batch, first: int, count: int) -> None:
        if self._stack is None:
            self._unsent += batch.send(first, count)
            return
        failed = batch.send(first, count, lambda slot: self._keep(batch, slot))
        self._unsent += failed
        self._stack.dropped += failed
        self._count_shed()

    def _keep(self, batch: Batch, slot: int) -> None:
        stack = self._stack
        assert stack is not None
        stack.push(Unwritten(*batch.peer(slot), batch.message(slot)))
        self._stacked.set()

    async def _write(self) -> None:
        """Has the answers that wait leave when the kernel has room again."""
        while True:
            await self._stacked.wait()
            await trio.lowlevel.wait_writable(self.socket)
            self._stacked = trio.Event()
            stack = self._stack
            if not stack:
                continue
            self._flush()
            newest = [stack.pop() for _ in range(min(SLOTS, len(stack)))]
            for slot, answer in enumerate(reversed(newest)):
                self._out.put(slot, *answer)
            self._filled = len(newest)
            if stack:
                self._stacked.set()
            self._flush()

    def _count_shed(self) -> None:
        stack = self._stack
        if stack is not None and stack.dropped:
            self.server.count_shed("response", stack.dropped)
            stack.dropped = 0

    def _hand_in(self) -> None:
        """What the kernel dropped, since its buffer was full, and what it would not send."""
        help_ = "Queries that the kernel dropped, as the socket's buffer was full."
        counts = (
            (self._metrics.counter("pydns_udp_kernel_drops_total", help_, "server"), self._kernel_drops()),
            (
                self._metrics.counter("pydns_udp_unsent_total", "Answers that could not be sent.", "server"),
                self._unsent,
            ),
        )
        for i, (counter, total) in enumerate(counts):
            counter.add(self.server.label, amount=total - self._counted[i])
            self._counted[i] = total

    def _kernel_drops(self) -> int:
        try:
            numbers = self.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36)
        except OSError:
            return self._counted[0]
        return int(struct.unpack("9I", numbers)[_DROPS_AT])


class _UdpClient:
    """Who sent one query."""

    __slots__ = ("_control", "_listener", "_name")

    transport: ClassVar[str] = "udp"

    def __init__(self, listener: UdpListener, name: bytes, control: bytes) -> None:
        self._listener = listener
        self._name = name
        self._control = control

    def lasting(self) -> _UdpClient:
        return self

    def send(self, answer: bytes | None) -> None:
        if answer is not None:
            self._listener.answer(self._name, self._control, answer)

    @property
    def family(self) -> int:
        return self._listener.family

    @property
    def peer(self) -> Address:
        return _peer(self._name)

    @property
    def local(self) -> Address:
        return _local(self._control, self._listener.local)


class _SlotClient:
    """Who sent the query in a slot of the batch that was received last, read only where somebody asks."""

    __slots__ = ("_batch", "_listener", "slot")

    transport: ClassVar[str] = "udp"

    def __init__(self, listener: UdpListener, batch: Batch) -> None:
        self.slot = 0
        self._listener = listener
        self._batch = batch

    def send(self, answer: bytes | None) -> None:
        self.lasting().send(answer)

    def lasting(self) -> _UdpClient:
        return _UdpClient(self._listener, *self._batch.peer(self.slot))

    @property
    def family(self) -> int:
        return self._listener.family

    @property
    def peer(self) -> Address:
        return _peer(self._batch.peer(self.slot)[0])

    @property
    def local(self) -> Address:
        return _local(self._batch.peer(self.slot)[1], self._listener.local)


@lru_cache(_PEERS)
def _peer(name: bytes) -> Address:
    """From struct sockaddr_in or sockaddr_in6."""
    family, port = int.from_bytes(name[:2], "little"), name[2] << 8 | name[3]
    if family == socket.AF_INET:
        return Address(socket.inet_ntop(socket.AF_INET, name[4:8]), port)
    scope = int.from_bytes(name[24:28], "little")
    return to_address((socket.inet_ntop(socket.AF_INET6, name[8:24]), port, 0, scope))


def _local(control: bytes, bound: Address) -> Address:
    """From struct in_pktinfo or in6_pktinfo behind the control message's header."""
    if not control:
        return bound
    if len(control) == 32:
        return Address(socket.inet_ntop(socket.AF_INET, control[20:24]), bound.port)
    return to_address((socket.inet_ntop(socket.AF_INET6, control[16:32]), bound.port, 0, 0))


def _ask_for_buffers(sock: socket.socket) -> None:
    for forced, plain in ((_SO_RCVBUFFORCE, socket.SO_RCVBUF), (_SO_SNDBUFFORCE, socket.SO_SNDBUF)):
        try:
            sock.setsockopt(socket.SOL_SOCKET, forced, BUFFER)  # over net.core.rmem_max, as root
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, plain, BUFFER)
