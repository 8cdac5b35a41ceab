"""Answer with the client's own address, port and transport."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydns import names
from pydns.corefile import values
from pydns.plugin import AtOnce, Turn
from pydns.query import Query, carrier
from pydns.records import Class, Record, Type
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

_LABELS: Final = {"udp": b"\x04_udp", "tcp": b"\x04_tcp"}


class Whoami(AtOnce):
    """Answers every query: an empty answer section, and in the additional section who asked."""

    name: ClassVar[str] = "whoami"

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        for directive in directives:
            values.alone(directive)
        return (cls(),)

    def at_once(self, query: Query) -> Reply | Turn:
        if query.class_ != Class.IN:  # an A record of class CH is another thing (RFC 1035 section 3.4)
            return Turn.NEXT
        peer = query.peer
        address = ip_address(peer.host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        type_ = Type.A if address.version == 4 else Type.AAAA
        records = [Record(query.name, type_, query.class_, 0, address.packed)]
        owner = _LABELS[carrier(query.transport)] + query.name
        if len(owner) <= names.MAX_LENGTH:
            # Priority and weight 0, and the root as target: there is no host to name (RFC 2782).
            records.append(Record(owner, Type.SRV, query.class_, 0, b"\0\0\0\0" + peer.port.to_bytes(2) + names.ROOT))
        return Reply(additional=records, flags=Reply.AA, by="whoami", why=f"asked from {peer.host}")

    def stops(self) -> Sequence[bytes]:
        return (names.ROOT,)
