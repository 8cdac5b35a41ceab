"""One query and the answer that left for it, as the placeholders of a format read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from pydns import names
from pydns.query import carrier
from pydns.records import class_text, rcode_text, type_text

from .classify import classify

if TYPE_CHECKING:
    from pydns.query import Client, Query

EMPTY: Final = "-"
"""What stands for a value that is not there, as in CoreDNS."""

_FLAGS: Final = ((0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0040, "z"),
                 (0x0020, "ad"), (0x0010, "cd"))  # fmt: skip
_FLAG_BITS: Final = sum(bit for bit, _ in _FLAGS)


class Exchange:
    """What is the same for a query and all replays of its answer, and what is each one's own.

    * `name`, `type`, `class_`: texts; `do`, `size` (of the client's OPT, None without one), `opcode`
    * `high_rcode`: the bits of the rcode that do not stand in the header
    * `labels`: metadata that plugins set for this query
    * `query`, `client`, `answer`: what came, from whom, and the bytes that left; None where none did
    * `nanoseconds`: from the query to its answer, 0 for a replay
    """

    __slots__ = (
        "answer", "class_", "client", "do", "high_rcode", "labels", "name", "nanoseconds", "opcode", "query", "size",
        "type", "type_number",
    )  # fmt: skip

    def __init__(self, query: Query) -> None:
        self.name = names.to_text(query.name)
        self.type = type_text(query.type)
        self.type_number = query.type
        self.class_ = class_text(query.class_)
        self.opcode = query.opcode
        self.do = query.do
        self.size = query.edns.size if query.edns else None
        self.high_rcode = 0
        self.labels: Mapping[str, Callable[[], str]] = {}
        self.query = query.wire
        self.client: Client = query.client
        self.answer: bytes | None = None
        self.nanoseconds = 0

    @property
    def rcode(self) -> int | None:
        return self.answer[3] & 15 | self.high_rcode if self.answer is not None else None

    def verdict(self) -> tuple[str, str]:
        """CoreDNS's type and class of the answer: `NODATA` and `denial`, for example."""
        return classify(self.answer, self.rcode, self.opcode, self.type_number, self.do)


def remote(exchange: Exchange) -> str:
    return _bracketed(exchange.client.peer.host)


def port(exchange: Exchange) -> str:
    return str(exchange.client.peer.port)


def local(exchange: Exchange) -> str:
    return _bracketed(exchange.client.local.host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def proto(exchange: Exchange) -> str:
    return carrier(exchange.client.transport)


def identifier(exchange: Exchange) -> str:
    return str(exchange.query[0] << 8 | exchange.query[1])


def buffer_size(exchange: Exchange) -> str:
    """What the client takes (RFC 6891 section 6.2.3: less than 512 means 512), over TCP the most there is."""
    if proto(exchange) == "tcp":
        return "65535"
    return str(max(512, exchange.size or 0))


def rcode(exchange: Exchange) -> str:
    number = exchange.rcode
    if number is None:
        return EMPTY
    text = rcode_text(number)
    return str(number) if text.startswith("RCODE") else text


def answer_flags(exchange: Exchange) -> str:
    if exchange.answer is None:
        return EMPTY
    return _FLAG_TEXTS[(exchange.answer[2] << 8 | exchange.answer[3]) & _FLAG_BITS]


def answer_size(exchange: Exchange) -> str:
    return str(len(exchange.answer or b""))


def duration(exchange: Exchange) -> str:
    """Seconds in as few digits as they need, as Go writes them."""
    text = f"{exchange.nanoseconds / 1e9:.9f}".rstrip("0").rstrip(".")
    return text + "s"


class _FlagTexts(dict[int, str]):
    """`qr,aa,rd` for each set of header bits met; there are 256 at most."""

    def __missing__(self, flags: int) -> str:
        text = self[flags] = ",".join(word for bit, word in _FLAGS if flags & bit)
        return text


_FLAG_TEXTS: Final = _FlagTexts()
