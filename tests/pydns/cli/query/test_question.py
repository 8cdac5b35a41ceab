import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.cli.query.question import Question, name_of, reverse_name
from pydns.names import NameSyntaxError, from_text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WWW.example.org.", from_text("www.example.org")),
        (".", b"\0"),
        ("bücher.example", from_text("xn--bcher-kva.example")),
        ("Bücher.example", from_text("xn--bcher-kva.example")),
        ("例え。テスト", from_text("xn--r8jz45g.xn--zckzah")),
        (r"a\.b.example", b"\x03a.b\x07example\0"),
        (r"\195\188.example", b"\x02\xc3\xbc\x07example\0"),
        ("a\udcff.example", b"\x02a\xff\x07example\0"),
        ("192.0.2.1", from_text("192.0.2.1")),
    ],
)
def test_a_name_is_read_as_people_type_it(text: str, name: bytes) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize("text", ["a..b", "x" * 64, "ü" * 70, "ü..example", "a\\"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(NameSyntaxError):
        name_of(text)


@given(st.text())
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        name = name_of(text)
    except NameSyntaxError:
        return
    assert names.from_text(names.to_text(name)) == name


def test_an_address_is_turned_round() -> None:
    assert reverse_name("192.0.2.1") == from_text("1.2.0.192.in-addr.arpa")


@pytest.mark.parametrize("text", ["", "192.0.2", "example.org", "192.0.2.0/24"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        reverse_name(text)


@pytest.mark.parametrize(
    ("question", "flags", "opt"),
    [
        (Question(b"\0"), 0x0100, (1232, 0)),
        (Question(b"\0", recursion=False), 0, (1232, 0)),
        (Question(b"\0", checking_disabled=True), 0x0110, (1232, 0)),
        (Question(b"\0", do=True), 0x0100, (1232, 0x8000)),
        (Question(b"\0", size=4096), 0x0100, (4096, 0)),
        (Question(b"\0", size=None), 0x0100, None),
    ],
)
def test_the_message_says_what_was_asked_for(question: Question, flags: int, opt: tuple[int, int] | None) -> None:
    message = dnslib.DNSRecord.parse(question.message(b"\x12\x34"))
    assert (message.header.id, message.header.bitmap) == (0x1234, flags)
    assert [(record.rclass, record.ttl) for record in message.ar] == ([opt] if opt else [])
