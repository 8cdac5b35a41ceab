from __future__ import annotations

import pytest

from pydns.testing import query
from pydns_plugins.log.exchange import Exchange, answer_flags


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (0x0000, ""),
        (0x8000, "qr"),
        (0x8580, "qr,aa,rd,ra"),
        (0x8200, "qr,tc"),
        (0x8040, "qr,z"),
        (0x8030, "qr,ad,cd"),
        (0xA803, "qr"),  # opcode and rcode are no flags
    ],
)
def test_flags_stand_in_the_header_s_order(flags: int, text: str) -> None:
    exchange = Exchange(query())
    exchange.answer = b"\0\0" + flags.to_bytes(2) + bytes(8)
    assert answer_flags(exchange) == text


def test_the_rcode_takes_its_high_bits_from_the_reply() -> None:
    exchange = Exchange(query())
    exchange.answer = bytes((0, 0, 0x80, 7)) + bytes(8)
    exchange.high_rcode = 16
    assert exchange.rcode == 23


def test_without_an_answer_there_is_no_rcode() -> None:
    assert Exchange(query()).rcode is None
