from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli.query.asking import NoAnswerError
from pydns.cli.query.words import WordError, Words, default_server, read, server_of
from pydns.records import Class, Type
from pydns.upstream.endpoint import Endpoint


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("example.org", Words("example.org", None, Class.IN, "")),
        ("example.org mx", Words("example.org", Type.MX, Class.IN, "")),
        ("MX example.org", Words("example.org", Type.MX, Class.IN, "")),
        ("@192.0.2.1 example.org", Words("example.org", None, Class.IN, "192.0.2.1")),
        ("example.org @ns.example.org TXT", Words("example.org", Type.TXT, Class.IN, "ns.example.org")),
        ("example.org IN A", Words("example.org", Type.A, Class.IN, "")),
        ("CH TXT version.bind", Words("version.bind", Type.TXT, Class.CH, "")),
        ("example.org TYPE65280", Words("example.org", 65280, Class.IN, "")),
        ("192.0.2.1", Words("192.0.2.1", None, Class.IN, "")),
        ("mx", Words("mx", None, Class.IN, "")),
        ("a aaaa", Words("a", Type.AAAA, Class.IN, "")),
        ("mx. A", Words("mx.", Type.A, Class.IN, "")),
    ],
)
def test_words_may_come_in_any_order(line: str, words: Words) -> None:
    assert read(line.split()) == words


@pytest.mark.parametrize(("line", "type_"), [("", None), ("TXT", Type.TXT)])
def test_a_name_given_by_an_option_is_not_looked_for(line: str, type_: int | None) -> None:
    assert read(line.split(), named=True) == Words(None, type_, Class.IN, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "a name is missing"),
        ("@192.0.2.1", "a name is missing"),
        ("example.org A AAAA", "'AAAA' is one word too many"),
        ("example.org example.net", "'example.net' is one word too many"),
        ("example.org @a @b", "one server at a time, not a and b"),
        ("example.org @", "no server behind the @"),
        ("example.org +short", "options have two dashes"),
        ("example.org AXFR", "a zone transfer is many messages"),
    ],
)
def test_what_cannot_be_asked_is_told(line: str, message: str) -> None:
    with pytest.raises(WordError, match=message):
        read(line.split())


@given(st.lists(st.text()))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        read(words)
    except WordError:
        return


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", Endpoint("192.0.2.1", 1053)),
        ("192.0.2.1:53", Endpoint("192.0.2.1", 53)),
        ("[2001:db8::1]:5353", Endpoint("2001:db8::1", 5353)),
        ("2001:db8::1", Endpoint("2001:db8::1", 1053)),
        ("localhost", Endpoint("127.0.0.1", 1053)),
    ],
)
def test_a_server_is_an_address_or_a_name(text: str, server: Endpoint) -> None:
    assert server_of(text, 1053) in (server, Endpoint("::1", 1053))


@pytest.mark.parametrize("text", ["1.2.3.4.5", "[::1", "192.0.2.1:port", "x" * 64, "a\0b", "ü" * 70])
def test_what_is_no_server_is_told(text: str) -> None:
    with pytest.raises(NoAnswerError):
        server_of(text, 53)


@pytest.mark.parametrize(
    ("text", "host"),
    [("nameserver 192.0.2.1\nnameserver 192.0.2.2\n", "192.0.2.1"), ("search example.org\n", "127.0.0.1")],
)
def test_the_usual_server_is_the_first_of_resolv_conf(tmp_path: Path, text: str, host: str) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(text)
    assert default_server(1053, file) == Endpoint(host, 1053)


def test_without_resolv_conf_this_machine_is_asked(tmp_path: Path) -> None:
    assert default_server(53, tmp_path / "none") == Endpoint("127.0.0.1", 53)
