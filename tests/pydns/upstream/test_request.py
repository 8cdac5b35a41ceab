from types import SimpleNamespace

import pytest

from pydns.query import Edns, Query
from pydns.upstream.request import Request, without_opt

QUESTION = b"\x03WwW\x07example\x03org\x00\x00\x01\x00\x01"
NAME = QUESTION[:-4].lower()
ECS = (8, b"\x00\x01\x18\x00\xc0\x00\x02")
COOKIE = (10, b"12345678")


def query(flags: int = 0x0100, options: tuple[tuple[int, bytes], ...] | None = None, *, do: bool = False) -> Query:
    wire = b"\x12\x34" + flags.to_bytes(2) + b"\0\1\0\0\0\0\0\0" + QUESTION
    edns = None if options is None else Edns(4096, 0, do, options)
    return Query(wire, NAME, 1, 1, flags, len(wire), edns, SimpleNamespace(transport="udp"), 0)


def test_the_question_goes_out_as_the_client_spelled_it() -> None:
    assert Request.of(query()).question == QUESTION


@pytest.mark.parametrize("flags", [0x0100, 0x0000, 0x0010, 0x0020, 0x0130])
def test_rd_ad_and_cd_are_the_clients(flags: int) -> None:
    assert Request.of(query(flags)).tail[:2] == flags.to_bytes(2)


def test_other_header_bits_are_not_passed() -> None:
    assert Request.of(query(0x0100 | 0x0200 | 0x0440 | 0x0080)).tail[:2] == b"\x01\x00"


@pytest.mark.parametrize(("do", "bits"), [(False, b"\0\0"), (True, b"\x80\0")])
def test_the_opt_has_our_size_and_the_clients_do(do: bool, bits: bytes) -> None:
    # RFC 6891 section 6.1.2: root, OPT, size, extended rcode, version, flags, length
    tail = Request.of(query(options=(), do=do)).tail
    assert tail == b"\x01\x00" + b"\0\1\0\0\0\0\0\1" + QUESTION + b"\0\0\x29\x04\xd0\0\0" + bits + b"\0\0"


def test_a_client_without_opt_gets_asked_for_with_one() -> None:
    assert Request.of(query()).tail[8:10] == b"\0\1"


def test_without_opt_the_count_is_zero() -> None:
    request = Request.of(query(options=(ECS,)))
    assert without_opt(request.tail, request.question) == b"\x01\x00" + b"\0\1\0\0\0\0\0\0" + QUESTION


@pytest.mark.parametrize("option", [COOKIE, (11, b""), (12, bytes(20)), (3, b""), (65001, b"x")])
def test_of_a_clients_options_only_ecs_passes(option: tuple[int, bytes]) -> None:
    assert Request.of(query(options=(option, ECS))).options == (ECS,)


def test_an_option_that_a_plugin_added_passes() -> None:
    changed = query(options=(COOKIE,)).replace(edns=Edns(4096, 0, False, (COOKIE, (65001, b"x"))))
    assert Request.of(changed).options == ((65001, b"x"),)


def test_a_cookie_that_a_plugin_added_does_not() -> None:
    changed = query(options=()).replace(edns=Edns(4096, 0, False, (COOKIE,)))
    assert Request.of(changed).options == ()


def test_options_are_in_the_opt() -> None:
    assert Request.of(query(options=(ECS,))).tail.endswith(b"\0\x0b" + b"\0\x08\0\x07" + ECS[1])


def test_another_name_is_asked_for_as_it_is() -> None:
    changed = query().replace(name=b"\x05other\0")
    assert Request.of(changed).question == b"\x05other\0\0\1\0\1"


def test_another_type_keeps_the_spelling() -> None:
    assert Request.of(query().replace(type_=28)).question == QUESTION[:-4] + b"\0\x1c\0\1"


@pytest.mark.parametrize(
    ("size", "offered"), [(512, 512), (1000, 1000), (1231, 1231), (1232, 1232), (4096, 1232), (100, 512), (0, 512)]
)
def test_a_plugin_may_want_less(size: int, offered: int) -> None:
    """Less than 512 means 512 (RFC 6891 section 6.2.3)."""
    asked = query(options=())
    tail = Request.of(asked.replace(edns=Edns(size, 0, False, ()))).tail
    assert int.from_bytes(tail[-8:-6]) == offered


@pytest.mark.parametrize("size", [0, 512, 1232, 65535])
def test_the_size_of_the_client_is_its_own(size: int) -> None:
    wire = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + QUESTION
    edns = Edns(size, 0, False, ())
    asked = Query(wire, NAME, 1, 1, 0x0100, len(wire), edns, SimpleNamespace(transport="udp"), 0)
    assert int.from_bytes(Request.of(asked).tail[-8:-6]) == 1232
