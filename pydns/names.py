"""Domain names in wire form (RFC 1035 section 3.1): lower-case `bytes` that end in the root label.

A name is a dictionary key, so it has one form only. Text appears at the edges: Corefile, hosts files, logs.
Suffix tests walk label boundaries, since `b"\\x06ab\\x03com\\0"` ends with `com` in bytes but is one label.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

ROOT = b"\0"
MAX_LENGTH = 255  # octets of a whole name, RFC 1035 section 2.3.4
MAX_LABEL = 63

LOWER = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
"""Translation table that folds ASCII letters only (RFC 4343): bytes above 127 and length octets stay.

A length octet is at most 63, below `A`, so a whole wire name can be folded in one call."""


class NameSyntaxError(ValueError):
    """The text is no domain name; the message says why."""


def from_text(text: str) -> bytes:
    """The wire form of a name in presentation form, relative names taken as absolute.

    Honours `\\.` and `\\DDD` escapes (RFC 1035 section 5.1). Raises NameSyntaxError.
    """
    if text in ("", "."):
        return ROOT
    labels = [_raw_label(text)] if "." not in text and "\\" not in text else _split(text)
    wire = bytearray()
    for label in labels:
        if not label:
            raise NameSyntaxError(f"empty label in {text!r}")
        if len(label) > MAX_LABEL:
            raise NameSyntaxError(f"label of {len(label)} octets in {_shorten(text)!r}, at most {MAX_LABEL}")
        wire.append(len(label))
        wire += label
    wire.append(0)
    if len(wire) > MAX_LENGTH:
        raise NameSyntaxError(f"name of {len(wire)} octets, at most {MAX_LENGTH}")
    return bytes(wire).translate(LOWER)


def _raw_label(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise NameSyntaxError(f"half a surrogate pair in {_shorten(text)!r}") from None


def _split(text: str) -> list[bytes]:
    if "\\" not in text:
        return [_raw_label(label) for label in text.removesuffix(".").split(".")]
    labels, label, i = [], bytearray(), 0
    while i < len(text):
        char = text[i]
        if char == ".":
            labels.append(bytes(label))
            label.clear()
        elif char == "\\":
            digits = text[i + 1 : i + 4]
            if len(digits) == 3 and digits.isascii() and digits.isdigit():
                if int(digits) > 255:
                    raise NameSyntaxError(f"escape \\{digits} is over 255 in {_shorten(text)!r}")
                label.append(int(digits))
                i += 3
            elif i + 1 < len(text):
                i += 1
                label += _raw_label(text[i])
            else:
                raise NameSyntaxError(f"lone backslash at the end of {_shorten(text)!r}")
        else:
            label += _raw_label(char)
        i += 1
    if label or not text.endswith("."):
        labels.append(bytes(label))
    return labels


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


_PLAIN = frozenset(range(33, 127)) - frozenset(b'."();@$\\')


def to_text(name: bytes) -> str:
    """Presentation form with a final dot; what is no plain character is escaped as `\\DDD` or `\\.`."""
    if name == ROOT:
        return "."
    parts: list[str] = []
    for label in labels(name):
        if _PLAIN.issuperset(label):
            parts.append(label.decode("ascii"))
        else:
            parts.append("".join(_escape(octet) for octet in label))
    return ".".join(parts) + "."


def _escape(octet: int) -> str:
    if octet in _PLAIN:
        return chr(octet)
    if 33 <= octet < 127:
        return "\\" + chr(octet)
    return f"\\{octet:03d}"


def labels(name: bytes) -> list[bytes]:
    """The labels from left to right, without the root's."""
    found, i = [], 0
    while length := name[i]:
        found.append(name[i + 1 : i + 1 + length])
        i += 1 + length
    return found


def ancestors(name: bytes) -> Iterator[bytes]:
    """The name itself, then each parent, up to and with the root."""
    i = 0
    while length := name[i]:
        yield name[i:]
        i += 1 + length
    yield ROOT


def parent(name: bytes) -> bytes:
    """The name less its leftmost label; the root is its own parent."""
    return name[1 + name[0] :] if name[0] else ROOT


def is_within(name: bytes, zone: bytes) -> bool:
    """True where `name` is `zone` or below it."""
    if zone == ROOT:
        return True
    excess = len(name) - len(zone)
    if excess < 0 or not name.endswith(zone):
        return False
    i = 0
    while i < excess:
        i += 1 + name[i]
    return i == excess


def is_name(octets: bytes) -> bool:
    """True for one whole name in wire form, in whatever letters, and nothing else."""
    at, size = 0, len(octets)
    while at < size <= MAX_LENGTH and octets[at] <= MAX_LABEL:
        if not octets[at]:
            return at + 1 == size
        at += 1 + octets[at]
    return False


def overlaps(zone: bytes, zones: Iterable[bytes]) -> bool:
    """True where `zone` holds one of `zones`, or lies within one."""
    return any(is_within(zone, each) or is_within(each, zone) for each in zones)


def longest_match(name: bytes, zones: frozenset[bytes] | set[bytes] | dict[bytes, object]) -> bytes | None:
    """The longest of `zones` that holds `name`; None where none does."""
    if name in zones:
        return name
    at = 0
    while length := name[at]:
        at += 1 + length
        if name[at:] in zones:
            return name[at:]
    return None


_IN_ADDR = b"\x07in-addr\x04arpa\0"
_IP6 = b"\x03ip6\x04arpa\0"


def reverse(address: bytes) -> bytes:
    """The PTR owner of a packed address of 4 or 16 octets (RFC 1035 section 3.5, RFC 3596 section 2.5)."""
    if len(address) == 4:
        digits = [str(octet).encode() for octet in reversed(address)]
        return b"".join(bytes((len(d),)) + d for d in digits) + _IN_ADDR
    return b"".join(b"\x01" + b"%x" % n for octet in reversed(address) for n in (octet & 15, octet >> 4)) + _IP6


def address_of_reverse(name: bytes) -> bytes | None:
    """The packed address whose PTR owner `name` is; None where it is no whole address."""
    if is_within(name, _IN_ADDR):
        octets = [label.decode("latin-1") for label in reversed(labels(name)[:-2])]
        try:
            # A label may hold a dot, and make five of what must be four.
            return IPv4Address(".".join(octets)).packed if len(octets) == 4 else None
        except ValueError:
            return None
    if is_within(name, _IP6):
        digits = labels(name)[:-2]
        try:
            whole = len(digits) == 32 and all(len(digit) == 1 for digit in digits)
            return bytes.fromhex(b"".join(reversed(digits)).decode("latin-1")) if whole else None
        except ValueError:
            return None
    return None
