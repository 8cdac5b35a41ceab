"""An upstream that is no server: what it says to each question, and how its mood changes."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import trio

from pydns import names
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.upstream.exchange import Exchange
from pydns.wire.edns import opt_record
from pydns.wire.message import pack

ZONE = names.from_text("up.test")
_SIZE = 1232
_EDE = 15


class Mood(Enum):
    """What it does with a question."""

    ANSWERS = "answers"
    SLOW = "answers after a while"
    FAILS = "SERVFAIL"
    REFUSES = "REFUSED"
    CLOSED = "nobody listens there"
    SILENT = "never answers"


class Said(NamedTuple):
    """One version of its data: the last octet of its addresses, and the TTL of all its records in seconds."""

    last: int = 1
    ttl: int = 12


class Asked(NamedTuple):
    """One question that it was asked, when, and over which transport."""

    at: float
    stream: bool
    tail: bytes


class Upstream:
    """`said` and `mood` may change at any time; `asked` are the questions, in their order."""

    SECONDS = 0.75
    """It takes so long where it is slow."""

    def __init__(self) -> None:
        self.said = Said()
        self.mood = Mood.ANSWERS
        self.asked: list[Asked] = []
        self._late: list[tuple[float, Exchange, bytes]] = []

    def take(self, exchange: Exchange) -> None:
        """In place of the sockets' own `send`."""
        self.asked.append(Asked(trio.current_time(), exchange.stream, exchange.tail))
        match self.mood:
            case Mood.CLOSED:
                exchange.fail("Connection refused")
            case Mood.SILENT:
                pass
            case Mood.SLOW:
                self._late.append((trio.current_time() + self.SECONDS, exchange, self._answer(exchange)))
            case _:
                exchange.take(self._answer(exchange), trio.current_time())

    def deliver(self) -> None:
        """Gives the answers whose time has come."""
        now = trio.current_time()
        due = [late for late in self._late if late[0] <= now]
        self._late = [late for late in self._late if late[0] > now]
        for _, exchange, answer in due:
            if not exchange.done:
                exchange.take(answer, trio.current_time())

    def _answer(self, exchange: Exchange) -> bytes:
        question = exchange.question
        reply = self._reply(question[:-4].translate(names.LOWER), int.from_bytes(question[-4:-2]))
        reply.flags |= Reply.RA
        wire = pack(question, reply)
        if len(wire) > _SIZE and not exchange.stream:
            wire = pack(question, Reply(flags=Reply.RA | Reply.TC))
        errors = ((_EDE, b"\0\0said " + bytes((48 + self.said.last % 10,))),) if self.said.last % 2 else ()
        opt = opt_record(_SIZE, reply.rcode, False, errors)
        return wire[:10] + (int.from_bytes(wire[10:12]) + 1).to_bytes(2) + wire[12:] + opt

    def _reply(self, name: bytes, type_: int) -> Reply:
        if self.mood is Mood.FAILS:
            return Reply(rcode=Rcode.SERVFAIL)
        if self.mood is Mood.REFUSES:
            return Reply(rcode=Rcode.REFUSED)
        found = DATA.get(name)
        if found is None:
            return Reply(rcode=Rcode.NXDOMAIN, authority=[self._soa()], flags=Reply.AD)
        answer = found(self, name, type_)
        return Reply(answer, authority=() if answer else [self._soa()], flags=Reply.AD)

    def record(self, owner: bytes, type_: int, rdata: bytes) -> Record:
        return Record(owner, type_, Class.IN, self.said.ttl, rdata)

    def _soa(self) -> Record:
        return self.record(ZONE, Type.SOA, b"\2ns" + ZONE + b"\0" + bytes(16) + (20).to_bytes(4))

    def addresses(self, owner: bytes, type_: int, count: int) -> list[Record]:
        head = bytes((192, 0, 2)) if type_ == Type.A else b"\x20\x01\x0d\xb8" + bytes(11)
        if type_ not in (Type.A, Type.AAAA):
            return []
        return [self.record(owner, type_, head + bytes((self.said.last + i,))) for i in range(count)]


Data = Callable[[Upstream, bytes, int], list[Record]]


def _one(upstream: Upstream, name: bytes, type_: int) -> list[Record]:
    return upstream.addresses(name, type_, 1) if type_ == Type.A else []


def _many(upstream: Upstream, name: bytes, type_: int) -> list[Record]:
    return upstream.addresses(name, type_, 4)


def _alias(upstream: Upstream, name: bytes, type_: int) -> list[Record]:
    target = b"\4many" + ZONE
    return [upstream.record(name, Type.CNAME, target), *upstream.addresses(target, type_, 2)]


def _to_hosts(upstream: Upstream, name: bytes, type_: int) -> list[Record]:
    """An alias of a name that the hosts file has as well."""
    target = names.from_text("www.hosts.test")
    return [upstream.record(name, Type.CNAME, target), *upstream.addresses(target, type_, 1)]


def _large(upstream: Upstream, name: bytes, type_: int) -> list[Record]:
    if type_ != Type.TXT:
        return []
    return [upstream.record(name, type_, bytes((200,)) + bytes((65 + i + upstream.said.last,)) * 200) for i in range(8)]


DATA: dict[bytes, Data] = {
    b"\3one" + ZONE: _one,
    b"\4many" + ZONE: _many,
    b"\5alias" + ZONE: _alias,
    b"\7tohosts" + ZONE: _to_hosts,
    b"\5large" + ZONE: _large,
    names.from_text("www.acl.test"): _one,
    # The hosts and services files have these at times; where they do not, it is asked.
    names.from_text("www.hosts.test"): _one,
    names.from_text("4.2.0.192.in-addr.arpa"): lambda upstream, name, type_: (
        [upstream.record(name, type_, b"\3ptr" + ZONE)] if type_ == Type.PTR else []
    ),
}
