"""Keys: scheme, zones and port."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.corefile.keys import MAX_PORT, SCHEMES, ends_with_comma, read_key, read_keys, split_commas
from pydns.corefile.limits import Budget, LimitError
from pydns.corefile.tree import Key, Position, Word
from pydns.errors import CorefileError, CorefileErrorGroup

MakeWord = Callable[..., Word]


def plain(keys: tuple[Key, ...]) -> list[tuple[str, str, int | None]]:
    return [(key.scheme, names.to_text(key.zone), key.port) for key in keys]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".", ("dns", ".", None)),
        (":53", ("dns", ".", 53)),
        (":0", ("dns", ".", 0)),
        (".:65535", ("dns", ".", 65535)),
        ("example.org", ("dns", "example.org.", None)),
        ("Example.ORG.:053", ("dns", "example.org.", 53)),
        ("lan", ("dns", "lan.", None)),
        ("tls://.", ("tls", ".", None)),
        ("TLS://.:853", ("tls", ".", 853)),
        ("https://example.org", ("https", "example.org.", None)),
        ("https3://:443", ("https3", ".", 443)),
        ("grpc://.:443", ("grpc", ".", 443)),
        ("quic://.:784", ("quic", ".", 784)),
        ("dns://.", ("dns", ".", None)),
        ("32/27.104.21.172.in-addr.arpa", ("dns", "32/27.104.21.172.in-addr.arpa.", None)),
        ("example.org/x:53", ("dns", "example.org/x.", 53)),
        ("10.0.0.0/8", ("dns", "10.in-addr.arpa.", None)),
        ("10.1.2.3/8:53", ("dns", "10.in-addr.arpa.", 53)),
        ("192.0.2.1", ("dns", "192.0.2.1.", None)),
        ("2001:db8::/32", ("dns", "8.b.d.0.1.0.0.2.ip6.arpa.", None)),
        ("tls://2001:db8::/32:853", ("tls", "8.b.d.0.1.0.0.2.ip6.arpa.", 853)),
        ("::/0", ("dns", "ip6.arpa.", None)),
    ],
)
def test_a_key_has_scheme_zone_and_port(text: str, expected: tuple[str, str, int | None], word: MakeWord) -> None:
    assert plain(read_key(word(text))) == [expected]


@pytest.mark.parametrize(
    ("text", "count"),
    [("10.0.0.0/9", 128), ("10.0.0.0/15", 2), ("10.0.0.0/17:53", 128), ("2001:db8::/33", 8), ("2001:db8::/35", 2)],
)
def test_a_network_between_labels_is_several_keys(text: str, count: int, word: MakeWord) -> None:
    keys = read_key(word(text))
    assert (len({key.zone for key in keys}), {str(key.word) for key in keys}) == (count, {text})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty key"),
        ("http://.", "unknown scheme 'http'"),
        ("://.", "unknown scheme ''"),
        ("tls://", "no zone behind tls://"),
        ("a:", "'' is no port"),
        ("a:b", "'b' is no port"),
        ("a:٣", "'٣' is no port"),
        ("a:+1", "'+1' is no port"),
        ("a:65536", "port 65536 is out of range"),
        ("a:000053", "port 000053 is out of range"),
        ("a:1:2", "a colon stands in the zone 'a:1'"),
        ("::1", "'::1' is an address"),
        ("[::1]:53", "'[::1]:53' is an address"),
        ("10.0.0.0/33", "'10.0.0.0/33' is no network"),
        ("2001:db8::/129", "'2001:db8::/129' is no network"),
        ("10.0.0.0/33:53", "'10.0.0.0/33:53' is no network"),
        ("{whoami}", "a brace stands in the key '{whoami}'"),
        ("a..b", "empty label in 'a..b'"),
    ],
)
def test_a_bad_key_is_refused(text: str, message: str, word: MakeWord) -> None:
    with pytest.raises(CorefileError) as caught:
        read_key(word(text))
    assert (caught.value.message, caught.value.position) == (message, Position("Corefile", 2, 3))


def test_an_unknown_scheme_is_told_the_known_ones(word: MakeWord) -> None:
    with pytest.raises(CorefileError, match=", ".join(SCHEMES)):
        read_key(word("doq://."))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a,", "b"], ["a", "b"]),
        (["a", ",", "b"], ["a", "b"]),
        (["a,b:1", "c"], ["a", "b:1", "c"]),
    ],
)
def test_commas_and_blanks_part_keys(texts: list[str], expected: list[str], word: MakeWord) -> None:
    assert [str(key.word) for key in read_keys(list(map(word, texts)), Budget())] == expected


@pytest.mark.parametrize("texts", [["a,"], [",a"], ["a,,b"], ["a,", ",b"], [","]])
def test_a_comma_too_many_is_refused(texts: list[str], word: MakeWord) -> None:
    with pytest.raises(CorefileErrorGroup, match="remove the comma"):
        read_keys(list(map(word, texts)), Budget())


def test_all_bad_keys_are_told(word: MakeWord) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        read_keys([word("http://a"), word("b"), word("c:x")], Budget())
    assert [error.message for error in caught.value.errors] == ["unknown scheme 'http'", "'x' is no port"]


def test_networks_use_up_the_budget(word: MakeWord) -> None:
    with pytest.raises(LimitError):
        read_keys([word("128.0.0.0/1")] * 8_000, Budget())


def test_a_quoted_comma_is_text(word: MakeWord) -> None:
    assert split_commas([word("a,b", quoted=True)]) == ["a,b"]


def test_parts_that_moved_have_their_own_columns(word: MakeWord) -> None:
    parts = split_commas([word("ab,c,,d")], moved=True)
    assert [(str(part), part.position.column) for part in parts] == [
        ("ab", 3),
        (",", 5),
        ("c", 6),
        (",", 7),
        (",", 8),
        ("d", 9),
    ]


def test_thousands_of_commas_end_the_reading(word: MakeWord) -> None:
    with pytest.raises(LimitError):
        split_commas([word("," * 20_000)])


@pytest.mark.parametrize(
    ("text", "quoted", "expected"), [("a,", False, True), ("a", False, False), ("a,", True, False)]
)
def test_a_comma_at_the_end_asks_for_the_next_line(text: str, quoted: bool, expected: bool, word: MakeWord) -> None:
    assert ends_with_comma([word(text, quoted=quoted)]) is expected


fragments = st.sampled_from(["tls://", "://", ":", "53", "/", "24", "10.0.0.0", "2001:db8::", "[", "]", ".", "a", "é"])


@given(st.lists(fragments | st.text(max_size=3), max_size=8).map("".join))
def test_any_key_is_read_or_refused(text: str) -> None:
    with suppress(CorefileError):
        keys = read_key(Word(text, Position("Corefile", 1, 1)))
        assert all(key.scheme in SCHEMES and (key.port is None or 0 <= key.port <= MAX_PORT) for key in keys)
