"""Resource records, and the numbers that DNS gives to types, classes, codes and opcodes (IANA's registry)."""

from enum import IntEnum
from typing import NamedTuple


class Type(IntEnum):
    """Types by the names that Corefiles, logs and metrics use; others are written TYPE123 (RFC 3597)."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    NULL = 10
    PTR = 12
    HINFO = 13
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    SIG = 24
    KEY = 25
    AAAA = 28
    LOC = 29
    SRV = 33
    NAPTR = 35
    KX = 36
    CERT = 37
    DNAME = 39
    OPT = 41
    APL = 42
    DS = 43
    SSHFP = 44
    IPSECKEY = 45
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    DHCID = 49
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    SMIMEA = 53
    HIP = 55
    CDS = 59
    CDNSKEY = 60
    OPENPGPKEY = 61
    CSYNC = 62
    ZONEMD = 63
    SVCB = 64
    HTTPS = 65
    SPF = 99
    EUI48 = 108
    EUI64 = 109
    TKEY = 249
    TSIG = 250
    IXFR = 251
    AXFR = 252
    ANY = 255
    URI = 256
    CAA = 257


class Class(IntEnum):
    IN = 1
    CH = 3
    HS = 4
    NONE = 254
    ANY = 255


class Rcode(IntEnum):
    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    BADVERS = 16
    BADCOOKIE = 23


class Opcode(IntEnum):
    QUERY = 0
    IQUERY = 1
    STATUS = 2
    NOTIFY = 4
    UPDATE = 5
    DSO = 6


class Ede(IntEnum):
    """Extended DNS errors (RFC 8914) that pydns gives."""

    OTHER = 0
    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    FILTERED = 17
    PROHIBITED = 18
    STALE_NXDOMAIN_ANSWER = 19
    NOT_AUTHORITATIVE = 20
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23
    INVALID_DATA = 24
    INVALID_QUERY_TYPE = 30  # RFC 9824 section 3.5


class Record(NamedTuple):
    """One resource record: `rdata` in wire form without compression, `owner` a name as in `pydns.names`.

    `ttl` is in seconds. Packed once when the data is loaded, not when the query comes.
    """

    owner: bytes
    type: int
    class_: int
    ttl: int
    rdata: bytes


_TYPE_NAMES = {int(member): member.name for member in Type}
_CLASS_NAMES = {int(member): member.name for member in Class}
_RCODE_NAMES = {int(member): member.name for member in Rcode}
_OPCODE_NAMES = {int(member): member.name for member in Opcode}


def type_text(number: int) -> str:
    return _TYPE_NAMES.get(number) or f"TYPE{number}"


def class_text(number: int) -> str:
    return _CLASS_NAMES.get(number) or f"CLASS{number}"


def rcode_text(number: int) -> str:
    return _RCODE_NAMES.get(number) or f"RCODE{number}"


def opcode_text(number: int) -> str:
    return _OPCODE_NAMES.get(number) or f"OPCODE{number}"


def type_from_text(text: str) -> int:
    """The number of `A`, `aaaa` or `TYPE65280`. Raises ValueError."""
    upper = text.upper() if text.isascii() else ""
    if upper in Type.__members__:
        return int(Type[upper])
    if upper.startswith("TYPE") and upper[4:].isdigit() and len(upper) <= 9 and int(upper[4:]) < 65536:
        return int(upper[4:])
    raise ValueError(f"unknown type {text!r}")
