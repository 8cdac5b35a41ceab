"""A question on its way through the chain."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pydns.errors import PydnsError

if TYPE_CHECKING:
    import dnslib

    from pydns.reply import Reply
    from pydns.tsig.server import Signature

MAX_DEPTH = 16
"""Questions asked from within a question (CNAME chasing and the like) before the chain is called a loop."""


class DepthError(PydnsError):
    """Questions were asked from within questions `MAX_DEPTH` deep."""


class Address(NamedTuple):
    """An IP address as text (with `%zone` where link-local) and a port."""

    host: str
    port: int


class Client(Protocol):
    """Who asked, over which listener. Addresses are decoded when they are read, since most queries never do."""

    @property
    def transport(self) -> str:
        """`udp`, `tcp`, and later `tls`, `https`, `quic`."""

    @property
    def family(self) -> int:
        """4 or 6: the IP version of the listener."""

    @property
    def peer(self) -> Address: ...

    @property
    def local(self) -> Address:
        """The address that was asked, of ours."""


def carrier(transport: str) -> str:
    """`udp` or `tcp`: what carries a transport. The words of CoreDNS's logs and metrics, which know no others."""
    return "udp" if transport in ("udp", "quic") else "tcp"


class Edns(NamedTuple):
    """What the client's OPT record said (RFC 6891). `options` are (code, data), in the order they came.

    `size` is the UDP payload in octets that the client takes, as it was sent. `co`: that it knows compact answers
    (RFC 9824 section 5.1).
    """

    size: int
    version: int
    do: bool
    options: tuple[tuple[int, bytes], ...]
    co: bool = False


Ask = Callable[["Query"], Coroutine[Any, Any, "Reply"]]


class Query:
    """One query. Plugins read it; to change it they make a copy with `replace` and pass that on.

    * `wire`: the client's message; `question_end` is the offset behind its question
    * `name`: in lower-case wire form; the client's spelling is `wire[12:question_end - 4]`
    * `type`, `class_`, `id`, `flags` (the header's 16 bits), `opcode`: numbers
    * `edns`: None where the client sent no OPT
    * `zone`: the longest zone of the server block that holds `name`
    * `began`: when it came, on `time.perf_counter`'s clock, in seconds; 0 where it is answered at once
    * `epoch`: `Changes.epoch` when the query came (see `pydns.changes`)
    * `asked_within`: names that were asked from within, which the answer depends on
    * `depth`: how many questions from within led here
    * `server`: the address that was asked, as CoreDNS's metrics write it: `dns://:53`
    * `detached`: True for a query that went down from a cache, and for all that is asked from within it
    * `may_be_set_aside`: True while all plugins above have promised `Plugin.frees_task`, so that it may wait without a
      task (see `pydns.crew`)
    * `tried`: what a plugin has tried for it at once, in vain, for that plugin itself to go on from

    An answer that came about with a look at `peer`, `local`, `id`, `signature` or `metadata` depends on who asks;
    reading them marks the query as `personal` and its answer is never replayed for another. Who only watches reads
    `client`.
    """

    __slots__ = (
        "_id", "_metadata", "_origin", "_signature", "ask", "asked_within", "began", "class_", "client", "depth",
        "detached", "edns", "epoch", "flags", "may_be_set_aside", "name", "personal", "question_end", "server", "tried",
        "type", "wire", "zone",
    )  # fmt: skip

    def __init__(
        self,
        wire: bytes,
        name: bytes,
        type_: int,
        class_: int,
        flags: int,
        question_end: int,
        edns: Edns | None,
        client: Client,
        epoch: int,
    ) -> None:
        self.wire = wire
        self.name = name
        self.type = type_
        self.class_ = class_
        self._id = wire[0] << 8 | wire[1]
        self.flags = flags
        self.question_end = question_end
        self.edns = edns
        self.client = client
        self.epoch = epoch
        self.began = 0.0
        self.zone = b"\0"
        self.ask: Ask | None = None
        self.server = ""
        self._origin: Query | None = None  # not itself: only the collector would free it then, and stop the server
        self.depth = 0
        self.detached = False
        self.may_be_set_aside = False
        self.tried: object = None
        self.personal = False
        self.asked_within: tuple[bytes, ...] = ()
        self._metadata: dict[str, Callable[[], str]] | None = None
        self._signature: Signature | None = None

    @property
    def origin(self) -> Query:
        """The query as the client sent it: itself, unless this one is a copy or was asked from within."""
        return self if self._origin is None else self._origin

    @origin.setter
    def origin(self, origin: Query) -> None:
        self._origin = None if origin is self else origin

    @property
    def opcode(self) -> int:
        return self.flags >> 11 & 15

    @property
    def recursion_desired(self) -> bool:
        return bool(self.flags & 0x0100)

    @property
    def checking_disabled(self) -> bool:
        return bool(self.flags & 0x0010)

    @property
    def authentic_data(self) -> bool:
        return bool(self.flags & 0x0020)

    @property
    def do(self) -> bool:
        """DNSSEC records are wanted (RFC 4035 section 3.2.1)."""
        return self.edns is not None and self.edns.do

    @property
    def transport(self) -> str:
        return self.client.transport

    @property
    def id(self) -> int:
        self.origin.personal = True
        return self._id

    @property
    def seen_id(self) -> int:
        """The id, for who only watches."""
        return self._id

    @property
    def peer(self) -> Address:
        self.origin.personal = True
        return self.client.peer

    @property
    def local(self) -> Address:
        self.origin.personal = True
        return self.client.local

    @property
    def metadata(self) -> dict[str, Callable[[], str]]:
        """Labels that other plugins set, each a function that gives the value when it is wanted."""
        origin = self.origin
        origin.personal = True
        if origin._metadata is None:
            origin._metadata = {}
        return origin._metadata

    @property
    def signature(self) -> Signature | None:
        """Its TSIG, where the tsig plugin of the block has found it good (`Signature.key` says whose it is)."""
        origin = self.origin
        origin.personal = True
        return origin._signature

    @signature.setter
    def signature(self, signature: Signature) -> None:
        origin = self.origin
        origin.personal = True
        origin._signature = signature

    @property
    def message(self) -> dnslib.DNSRecord:
        """The whole message, opened by dnslib (slow: 18 us), its id among it. Raises pydns.errors.WireError."""
        self.origin.personal = True
        from pydns.wire.opened import open_message

        return open_message(self.wire)

    def replace(self, *, name: bytes | None = None, type_: int | None = None, edns: Edns | None = None) -> Query:
        """A copy with another name, type or EDNS; what is left out stays."""
        copy = Query.__new__(Query)
        # One by one: a loop over the slots takes three times as long, and a cache makes a copy for each question.
        copy.wire = self.wire
        copy.name = self.name
        copy.type = self.type
        copy.class_ = self.class_
        copy._id = self._id
        copy.flags = self.flags
        copy.question_end = self.question_end
        copy.edns = self.edns
        copy.client = self.client
        copy.began = self.began
        copy.epoch = self.epoch
        copy.zone = self.zone
        copy.ask = self.ask
        copy.server = self.server
        copy._origin = self.origin
        copy.depth = self.depth
        copy.detached = self.detached
        copy.may_be_set_aside = self.may_be_set_aside
        copy.tried = None
        copy.personal = self.personal
        copy.asked_within = self.asked_within
        copy._metadata = self._metadata
        copy._signature = self._signature
        if name is not None and name != self.name:
            copy.name = name
            self.origin.asked_within += (name,)
        if type_ is not None:
            copy.type = type_
        if edns is not None:
            copy.edns = edns
        return copy

    def detach(self) -> Query:
        """A copy with an origin of its own: what is read and asked from here on is noted on `copy.origin` alone.

        So a cache learns what the answer from below depends on, whatever plugins above it have read.
        """
        origin = self.origin
        if origin._metadata is None:
            origin._metadata = {}  # shared, so that labels set below are seen above
        own = origin.replace()
        own.origin = own
        own.detached = True
        own.personal = False
        own.asked_within = ()
        if self is origin:
            return own
        copy = self.replace()
        copy.origin = own
        copy.detached = True
        return copy

    async def resolve(self, name: bytes, type_: int) -> Reply:
        """Ask the whole server from within, as the same client: to chase a CNAME, for dns64, for rewrite.

        What that answer depends on is what the outer one depends on. Raises DepthError.
        """
        if self.depth >= MAX_DEPTH:
            raise DepthError(f"questions from within questions, {MAX_DEPTH} deep")
        if self.ask is None:
            raise RuntimeError("this query came through no server")
        inner = self.replace(name=name, type_=type_)
        inner.depth = self.depth + 1
        return await self.ask(inner)
