from __future__ import annotations

import pytest

from pydns import names
from pydns.errors import CorefileError
from pydns.query import Address, Query
from pydns.records import Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, Someone, query
from pydns_plugins.whoami import Whoami
from tests.plugins.asking import block, directives

LONGEST = ".".join(["x" * 63, "y" * 63, "z" * 63, "w" * 61])  # 255 octets


async def below(query: Query) -> Reply:
    raise AssertionError("whoami never asks on")


def whoami(text: str = "whoami") -> Whoami:
    (plugin,) = Whoami.parse(directives(text), block())
    return plugin


async def ask(name: str = "example.org", type_: str = "A", host: str = "10.240.0.1", transport: str = "udp") -> Reply:
    return await whoami().serve(query(name, type_, Someone(Address(host, 40212), transport)), below)


async def test_an_ipv4_client_gets_its_address_and_its_port() -> None:
    reply = await ask()
    name, service = names.from_text("example.org"), names.from_text("_udp.example.org")
    assert reply.additional == [
        Record(name, Type.A, 1, 0, bytes((10, 240, 0, 1))),
        Record(service, Type.SRV, 1, 0, b"\0\0\0\0" + (40212).to_bytes(2) + b"\0"),
    ]


@pytest.mark.parametrize(
    ("host", "type_", "address"),
    [
        ("2001:db8::9", Type.AAAA, "20010db8000000000000000000000009"),
        ("fe80::1%eth0", Type.AAAA, "fe800000000000000000000000000001"),
        ("::ffff:192.0.2.9", Type.A, "c0000209"),
    ],
)
async def test_the_record_follows_the_address_family(host: str, type_: Type, address: str) -> None:
    reply = await ask(host=host)
    assert (reply.additional[0].type, reply.additional[0].rdata) == (type_, bytes.fromhex(address))


@pytest.mark.parametrize(
    ("transport", "owner"),
    [("udp", "_udp"), ("tcp", "_tcp"), ("tls", "_tcp"), ("https", "_tcp"), ("quic", "_udp")],
)
async def test_the_service_names_what_carried_the_query(transport: str, owner: str) -> None:
    reply = await ask(transport=transport)
    assert reply.additional[1].owner == names.from_text(f"{owner}.example.org")


async def test_the_answer_section_is_empty_and_the_answer_is_authoritative() -> None:
    reply = await ask()
    assert (reply.rcode, reply.flags, reply.answer, reply.authority) == (0, Reply.AA, (), ())


@pytest.mark.parametrize("type_", ["AAAA", "MX", "TYPE65280"])
async def test_every_type_is_answered(type_: str) -> None:
    assert len((await ask(type_=type_)).additional) == 2


async def test_the_root_has_a_service_too() -> None:
    assert (await ask(".")).additional[1].owner == names.from_text("_udp")


async def test_a_name_without_room_for_a_label_has_no_service() -> None:
    # RFC 1035 section 2.3.4: a name has at most 255 octets.
    assert [record.type for record in (await ask(LONGEST)).additional] == [Type.A]


async def test_other_classes_are_passed_on() -> None:
    # Addresses of class CH are written otherwise (RFC 1035 section 3.4).
    next_ = FakeNext()
    assert await whoami().serve(query(class_=3), next_) is next_.reply


async def test_the_answer_is_for_this_client_alone() -> None:
    asked = query()
    await whoami().serve(asked, below)
    assert asked.personal


def test_a_second_directive_adds_nothing() -> None:
    assert whoami("whoami\nwhoami").name == "whoami"


@pytest.mark.parametrize("text", ["whoami example.org", "whoami\n ttl 5"])
def test_it_takes_no_arguments_and_no_block(text: str) -> None:
    with pytest.raises(CorefileError, match=r"^Corefile:1:"):
        whoami(text)


def test_it_passes_no_query_on() -> None:
    assert whoami().stops() == (names.ROOT,)
