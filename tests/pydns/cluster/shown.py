"""Records as text, for tests to compare."""

from ipaddress import ip_address

from pydns.names import to_text
from pydns.records import Record, Type, type_text
from pydns.wire.scan import read_name


def data(record: Record) -> str:
    """A record's data as a zone file has it."""
    rdata = record.rdata
    match record.type:
        case Type.A | Type.AAAA:
            return str(ip_address(rdata))
        case Type.SRV:
            numbers = [int.from_bytes(rdata[i : i + 2]) for i in (0, 2, 4)]
            return " ".join(map(str, numbers)) + " " + to_text(rdata[6:])
        case Type.TXT:
            return rdata[1:].decode()
        case Type.SOA:
            primary, end = read_name(rdata, 0)
            mailbox, end = read_name(rdata, end)
            numbers = [int.from_bytes(rdata[i : i + 4]) for i in range(end, len(rdata), 4)]
            return f"{to_text(primary)} {to_text(mailbox)} {' '.join(map(str, numbers))}"
        case _:
            return to_text(rdata)


def line(record: Record) -> str:
    return f"{to_text(record.owner)} {record.ttl} {type_text(record.type)} {data(record)}"
