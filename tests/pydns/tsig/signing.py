"""Messages, keys and the same keys in dnspython's words."""

from __future__ import annotations

from base64 import b64encode

import dns.message
import dns.name
import dns.tsig
import dns.tsigkeyring

from pydns.names import to_text
from pydns.tsig.algorithms import ALGORITHMS
from pydns.tsig.key import Key
from pydns.tsig.server import Signature, read_signature

SECRET = b"a secret of thirty-two octets ..."
KEYS = {text: Key.from_text(f"{text}.key.example", b64encode(SECRET).decode(), text) for text in ALGORITHMS}
KEY = KEYS["hmac-sha256"]
RING = {key.name: key for key in KEYS.values()}
NOW = 1_700_000_000


def query(id_: int = 1053) -> bytes:
    return dns.message.make_query("www.example.org", "A", use_edns=0, id=id_).to_wire()


def answer(id_: int = 1053, text: str = "hello") -> bytes:
    asked = dns.message.make_query("www.example.org", "TXT", id=id_)
    reply = dns.message.make_response(asked)
    reply.answer.append(dns.rrset.from_text("www.example.org.", 300, "IN", "TXT", text))
    return reply.to_wire()


def theirs(key: Key) -> dns.tsig.Key:
    algorithm = dns.name.from_text(to_text(key.algorithm.name))
    return dns.tsig.Key(dns.name.from_text(to_text(key.name)), key.secret, algorithm)


def checked(wire: bytes, now: float = NOW) -> Signature:
    found = read_signature(wire, RING.get, lambda: now)
    assert found is not None
    return found
