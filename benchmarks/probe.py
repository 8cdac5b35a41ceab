"""Asks one question over UDP: whether a server is there, and whether what it says is right."""

from __future__ import annotations

import random
import socket
import struct
import time
from ipaddress import IPv4Address
from typing import Final

LOOPBACK: Final = "127.0.0.1"

_ID: Final = 0x5052
_RECURSION_DESIRED: Final = 0x0100
_RESPONSE: Final = 0x8000
_RCODE: Final = 0x000F


def answers_rightly(port: int, name: str, address: IPv4Address, patience: float) -> bool:
    """Whether the server says within `patience` seconds that the name has this address; False once they are over."""
    end = time.monotonic() + patience
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((LOOPBACK, port))
            sock.settimeout(patience)
            sock.send(question(name))
            if is_right(sock.recv(4096), address):
                return True
        except OSError:
            pass  # nobody listens yet, or does not answer yet
    time.sleep(max(0.0, end - time.monotonic()))
    return False


def question(name: str) -> bytes:
    """A query for the A records of a name (RFC 1035 section 4)."""
    labels = b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split("."))
    return struct.pack("!6H", _ID, _RECURSION_DESIRED, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def is_right(answer: bytes, address: IPv4Address) -> bool:
    """Whether an answer is NOERROR, to our question, and holds a record with the address."""
    if len(answer) < 12:
        return False
    id_, flags, _, count = struct.unpack_from("!4H", answer)
    record = struct.pack("!H", 4) + address.packed  # RDLENGTH and RDATA (RFC 1035 section 3.4.1)
    return bool(id_ == _ID and flags & _RESPONSE and not flags & _RCODE and count and record in answer[12:])


def free_port() -> int:
    """A port of loopback that is free for UDP and TCP alike, and that no socket gets by chance before it is used."""
    for _ in range(100):
        port = random.randrange(10_000, 32_000)  # below net.ipv4.ip_local_port_range
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind((LOOPBACK, port))
                tcp.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError("no port of loopback is free for both UDP and TCP")
