from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.query import Edns
from pydns.upstream.answer import reply_of

QUESTION = b"\x03www\x07example\x03org\x00\x00\x01\x00\x01"


def exchange(rdata: bytes, *, rcode: int = 0) -> Any:
    """One that was answered with an OPT of this rdata."""
    opt = b"\0\0\x29\x04\xd0" + bytes((rcode >> 4, 0, 0, 0)) + len(rdata).to_bytes(2) + rdata
    wire = b"\xab\xcd\x81" + bytes((0x80 | rcode & 15,)) + b"\0\1\0\0\0\0\0\1" + QUESTION + opt
    return SimpleNamespace(
        wire=wire,
        opt=12 + len(QUESTION),
        rcode=rcode,
        why=lambda: "why",
        upstream=SimpleNamespace(name="192.0.2.53:53"),
        request=SimpleNamespace(options=()),
    )


QUERY: Any = SimpleNamespace(edns=Edns(1232, 0, False, ()))


@pytest.mark.parametrize("rdata", [b"\0", b"\0\x0f\0\xff\0\1", b"\0\x0f\0\1\0", b"\0\x08\xff\xff"])
def test_broken_options_are_left_out(rdata: bytes) -> None:
    reply = reply_of(exchange(rdata), QUERY, "forward")
    assert (reply.rcode, reply.errors, reply.options) == (0, (), ())


def test_extended_errors_are_bounded() -> None:
    # RFC 8914 section 2 bounds neither their number nor their text
    one = b"\0\x0f" + (1002).to_bytes(2) + b"\0\1" + b"x" * 1000
    reply = reply_of(exchange(one * 9), QUERY, "forward")
    assert reply.errors == ((1, "x" * 200),) * 4


@given(st.binary(max_size=64), st.sampled_from([0, 3, 16, 23]))
def test_no_options_raise(rdata: bytes, rcode: int) -> None:
    reply = reply_of(exchange(rdata, rcode=rcode), QUERY, "forward")
    assert reply.rcode == rcode
    assert reply.wire is not None
    assert reply.wire[10:12] == b"\0\0"


BEHIND_OPT = QUESTION + b"\0\0\x29\x04\xd0\0\0\0\0\0\0" + b"\0\0\x10\0\1\0\0\0\0\0\2\1x"


def test_what_stands_behind_the_opt_goes_with_it() -> None:
    answered = exchange(b"")
    answered.wire = answered.wire[:10] + b"\0\2" + BEHIND_OPT
    assert reply_of(answered, QUERY, "forward").wire == answered.wire[:10] + b"\0\0" + QUESTION


def test_an_answer_without_opt_is_passed_on_as_it_is() -> None:
    answered = exchange(b"")
    answered.wire, answered.opt = b"\xab\xcd\x81\x80\0\1\0\0\0\0\0\0" + QUESTION, 0
    assert reply_of(answered, QUERY, "forward").wire is answered.wire
