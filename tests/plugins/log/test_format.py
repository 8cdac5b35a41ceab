from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.query import Address, Edns
from pydns.testing import Someone, query
from pydns_plugins.log.exchange import Exchange
from pydns_plugins.log.format import COMBINED, COMMON, PLACEHOLDERS, Format

IPV6 = Someone(Address("2001:db8::9", 4000), "tcp", Address("::1", 53))


def seen() -> Exchange:
    exchange = Exchange(query("Example.org", "HINFO", flags=0x0130, edns=Edns(4096, 0, True, ())))
    exchange.answer = b"\4\x1d\x85\xb3" + bytes(25)
    exchange.nanoseconds = 37_990_251
    return exchange


VALUES = {
    "{type}": "HINFO",
    "{name}": "example.org.",
    "{class}": "IN",
    "{proto}": "udp",
    "{remote}": "192.0.2.9",
    "{local}": "192.0.2.53",
    "{port}": "40212",
    "{size}": "29",
    "{duration}": "0.037990251s",
    "{rcode}": "NXDOMAIN",
    "{rsize}": "29",
    "{>rflags}": "qr,aa,rd,ra,ad,cd",
    "{>bufsize}": "4096",
    "{>do}": "true",
    "{>id}": "1053",
    "{>opcode}": "0",
    "{/log/type}": "NXDOMAIN",
    "{/log/class}": "denial",
}


def test_every_placeholder_has_a_case_here() -> None:
    assert VALUES.keys() == PLACEHOLDERS.keys()


@pytest.mark.parametrize(("placeholder", "value"), VALUES.items())
def test_a_placeholder_gives_its_value(placeholder: str, value: str) -> None:
    assert Format(placeholder).line(seen()) == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("plain", "plain"),
        ("100% {name} %s", "100% example.org. %s"),
        # What is no placeholder stands for itself.
        ("{when} {Name} {id}", "{when} {Name} {id}"),
        ("{{name}}", "{example.org.}"),
        ("{ a {name} b }", "{ a example.org. b }"),
        ("} {name} {", "} example.org. {"),
        ("{test/meta} {/", "{test/meta} {/"),
        ("{/no/such/label}", "-"),
    ],
)
def test_text_around_placeholders_stays(text: str, line: str) -> None:
    assert Format(text).line(seen()) == line


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("{common}", COMMON),
        ("{combined}", COMBINED),
        ("{when} {common} {/a}", "{when} " + COMMON + " {/a}"),
        ("{combined}{combined}", COMBINED * 2),
    ],
)
def test_shortcuts_stand_for_whole_formats(text: str, full: str) -> None:
    assert Format(text).text == full


def test_the_combined_format_adds_the_opcode() -> None:
    assert Format("{combined}").line(seen()) == (
        '192.0.2.9:40212 - 1053 "HINFO IN example.org. udp 29 true 4096" NXDOMAIN qr,aa,rd,ra,ad,cd 29 0.037990251s "0"'
    )


@pytest.mark.parametrize(("text", "line"), [("{remote}:{port}", "[2001:db8::9]:4000"), ("{local}", "[::1]")])
def test_ipv6_addresses_stand_in_brackets(text: str, line: str) -> None:
    assert Format(text).line(Exchange(query(client=IPV6))) == line


@pytest.mark.parametrize(
    ("transport", "edns", "size"),
    [
        ("udp", None, "512"),
        ("udp", Edns(100, 0, False, ()), "512"),  # RFC 6891 section 6.2.3
        ("udp", Edns(1232, 0, False, ()), "1232"),
        ("quic", Edns(1232, 0, False, ()), "1232"),
        ("tcp", Edns(1232, 0, False, ()), "65535"),
        ("tls", None, "65535"),
    ],
)
def test_the_buffer_size_is_what_the_client_takes(transport: str, edns: Edns | None, size: str) -> None:
    assert Format("{>bufsize}").line(Exchange(query(client=Someone(transport=transport), edns=edns))) == size


@pytest.mark.parametrize(
    ("transport", "text"), [("udp", "udp"), ("tcp", "tcp"), ("tls", "tcp"), ("https", "tcp"), ("quic", "udp")]
)
def test_the_protocol_is_what_carries_the_query(transport: str, text: str) -> None:
    assert Format("{proto}").line(Exchange(query(client=Someone(transport=transport)))) == text


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0s"), (123_000, "0.000123s"), (1, "0.000000001s"), (10_000_000_000, "10s"), (1_500_000_000, "1.5s")],
)
def test_durations_are_seconds_in_as_few_digits_as_they_need(nanoseconds: int, text: str) -> None:
    exchange = seen()
    exchange.nanoseconds = nanoseconds
    assert Format("{duration}").line(exchange) == text


@pytest.mark.parametrize(
    ("type_", "class_", "rcode", "text"),
    [("TYPE65280", 1, 0, "TYPE65280 IN NOERROR"), ("A", 7, 12, "A CLASS7 12"), ("A", 3, 5, "A CH REFUSED")],
)
def test_numbers_without_a_name_are_told_as_numbers(type_: str, class_: int, rcode: int, text: str) -> None:
    exchange = Exchange(query(type_=type_, class_=class_))
    exchange.answer = bytes((0, 0, 0x80, rcode)) + bytes(8)
    assert Format("{type} {class} {rcode}").line(exchange) == text


def test_names_cannot_break_the_line() -> None:
    exchange = Exchange(query("a\\010b\\032\\034.org"))
    assert Format("{name}").line(exchange) == 'a\\010b\\032\\".org.'


def test_labels_cannot_break_the_line() -> None:
    exchange = seen()
    exchange.labels = {"client/said": lambda: "x\n[INFO] y"}
    assert Format("{/client/said}").line(exchange) == "x\\n[INFO] y"


def test_an_empty_label_is_told_as_a_dash() -> None:
    exchange = seen()
    exchange.labels = {"geoip/city": lambda: ""}
    assert Format("{/geoip/city}").line(exchange) == "-"


def test_a_label_that_raises_costs_its_own_value_only() -> None:
    def broken() -> str:
        raise KeyError("gone")

    exchange = seen()
    exchange.labels = {"a": broken}
    assert Format("{name} {/a}").line(exchange) == "example.org. -"


@pytest.mark.parametrize(("text", "labels"), [("{/a/b}", True), ("{common} {/log/type}", False)])
def test_a_format_knows_whether_it_asks_other_plugins(text: str, labels: bool) -> None:
    assert Format(text).labels is labels


@given(st.text(alphabet="{}%s/>ab"))
def test_any_text_is_a_format(text: str) -> None:
    assert isinstance(Format(text).line(seen()), str)


@pytest.mark.parametrize("client", [Someone(), IPV6._replace(transport="udp")])
@pytest.mark.parametrize(
    "text", [COMMON, COMBINED, "{name}% %s {>id}%%s{port}%d", "{remote} {local} {duration}", "", "%"]
)
def test_a_line_for_replays_is_the_line(text: str, client: Someone) -> None:
    made, first, other = Format(text), seen(), seen()
    first.nanoseconds = 0
    again = made.for_replays(first)
    other.query = b"\7\7" + other.query[2:]
    other.client = client
    other.nanoseconds = 0
    assert again(other) == made.line(other)
