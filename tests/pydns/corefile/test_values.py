"""Words of a directive: read, or refused with their place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.corefile import values
from pydns.corefile.parser import parse_text
from pydns.corefile.tree import Directive, Key, Position, ServerBlock, Word
from pydns.errors import CorefileError, CorefileErrorGroup


def word(text: str, column: int = 7, line: int = 2) -> Word:
    return Word(text, Position("Corefile", line, column))


def directive(text: str, *options: Directive, line: int = 2) -> Directive:
    name, *args = (word(part, column, line) for column, part in enumerate(text.split(), 1))
    return Directive(name, tuple(args), options or None)


def block(*zones: str) -> ServerBlock:
    keys = (Key(word(zone), "dns", names.from_text(zone), None) for zone in zones)
    return ServerBlock(tuple(keys), (), Path("/etc/coredns"))


def refused(read: Callable[[], object]) -> str:
    with pytest.raises(CorefileError) as caught:
        read()
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "least", "most"), [("log", 0, 0), ("log a", 1, 1), ("log a b c", 1, None), ("log a b", 1, 2)]
)
def test_as_many_arguments_as_are_allowed_are_given(text: str, least: int, most: int | None) -> None:
    assert values.arguments(directive(text), least, most) == tuple(text.split()[1:])


@pytest.mark.parametrize(
    ("text", "least", "most", "error"),
    [
        ("log", 1, 1, "Corefile:2:1: log wants 1 argument, not 0"),
        ("log", 2, 2, "Corefile:2:1: log wants 2 arguments, not 0"),
        ("log a", 2, None, "Corefile:2:1: log wants at least 2 arguments, not 1"),
        ("log a b", 0, 0, "Corefile:2:2: log takes no arguments; 'a' is one too many"),
        ("log a b", 0, 1, "Corefile:2:3: log takes at most 1 argument; 'b' is one too many"),
        ("log a b c", 0, 2, "Corefile:2:4: log takes at most 2 arguments; 'c' is one too many"),
    ],
)
def test_other_counts_are_refused(text: str, least: int, most: int | None, error: str) -> None:
    assert refused(lambda: values.arguments(directive(text), least, most)) == error


def test_a_directive_without_braces_has_no_block() -> None:
    values.no_block(directive("log"))


@pytest.mark.parametrize("inside", [(), (directive("class all"),)], ids=["empty", "full"])
def test_braces_are_refused(inside: tuple[Directive, ...]) -> None:
    given_ = Directive(word("log", 1), (), inside)
    assert refused(lambda: values.no_block(given_)) == "Corefile:2:1: log takes no block (remove the braces)"


def test_the_only_directive_is_given() -> None:
    only = directive("hosts")
    assert values.once([only]) is only


def test_a_second_directive_is_refused_with_both_places() -> None:
    error = refused(lambda: values.once([directive("hosts"), directive("hosts", line=5)]))
    assert error == "Corefile:5:1: hosts stands twice in this server block, first at Corefile:2:1 (keep one)"


def test_options_are_read_in_order() -> None:
    seen: list[str] = []
    given_ = directive("hosts", directive("ttl 5"), directive("reload 2"), directive("ttl 6"))
    values.options(given_, {"ttl": lambda o: seen.append(f"t{o.args[0]}"), "reload": lambda o: seen.append("r")})
    assert seen == ["t5", "r", "t6"]


@pytest.mark.parametrize("inside", [None, ()], ids=["no braces", "empty braces"])
def test_no_options_are_no_error(inside: tuple[Directive, ...] | None) -> None:
    values.options(Directive(word("hosts"), (), inside), {})


def test_all_faults_of_a_block_are_told() -> None:
    def fail(option: Directive) -> None:
        raise CorefileError(option.position, "bad")

    def fail_twice(option: Directive) -> None:
        raise CorefileErrorGroup([CorefileError(option.position, "worse"), CorefileError(option.position, "worst")])

    given_ = directive(
        "hosts", directive("ttl", line=3), directive("tll", line=4), directive("many", line=5), directive("ok", line=6)
    )
    with pytest.raises(CorefileErrorGroup) as caught:
        values.options(given_, {"ttl": fail, "many": fail_twice, "ok": lambda option: None})
    assert str(caught.value).splitlines() == [
        "Corefile:3:1: bad",
        "Corefile:4:1: unknown option of hosts 'tll' (did you mean 'ttl'?)",
        "Corefile:5:1: worse",
        "Corefile:5:1: worst",
    ]


@pytest.mark.parametrize(
    ("text", "known", "error"),
    [
        ("cach", ["cache", "hosts"], "Corefile:2:7: unknown plugin 'cach' (did you mean 'cache'?)"),
        ("xyz", ["hosts", "cache"], "Corefile:2:7: unknown plugin 'xyz' (one of: cache, hosts)"),
        ("xyz", [], "Corefile:2:7: unknown plugin 'xyz'"),
    ],
)
def test_an_unknown_word_has_a_remedy(text: str, known: list[str], error: str) -> None:
    assert str(values.unknown(word(text), known, "plugin")) == error


def test_a_choice_is_one_of_the_known() -> None:
    assert values.choice(word("random"), ("random", "sequential"), "policy") == "random"


def test_another_choice_is_refused() -> None:
    assert "did you mean 'random'?" in refused(lambda: values.choice(word("randon"), ("random",), "policy"))


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("00", 0), ("53", 53), ("-1", -1), ("2147483647", 2**31 - 1), ("0053", 53)]
)
def test_a_whole_number_is_read(text: str, number: int) -> None:
    assert values.integer(word(text), -1) == number


@pytest.mark.parametrize(
    "text", ["", "-", "--1", "+1", "1.0", "1e3", "0x10", "1_000", " 1", "\u0661", "one", "9" * 21, "-1", "2147483648"]
)
def test_no_whole_number_within_bounds_is_refused(text: str) -> None:
    assert refused(lambda: values.integer(word(text))).startswith("Corefile:2:7: ")


def test_a_number_out_of_range_is_told_the_range() -> None:
    error = refused(lambda: values.integer(word("70000"), 1, 65535))
    assert error == "Corefile:2:7: 70000 is out of range (between 1 and 65535)"


@pytest.mark.parametrize(("text", "number"), [("1", 1.0), ("0.25", 0.25), (".5", 0.5), ("1.", 1.0), ("1e0", 1.0)])
def test_a_number_is_read(text: str, number: float) -> None:
    assert values.number(word(text), 0, 1) == number


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-0.1", "1.1", "1e400", "0_1", " 1", "\u0661", "1%"])
def test_no_number_within_bounds_is_refused(text: str) -> None:
    assert refused(lambda: values.number(word(text), 0, 1)).startswith("Corefile:2:7: ")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("0s", 0.0),
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("500ms", 0.5),
        ("250us", 250e-6),
        ("250\u00b5s", 250e-6),
        ("250\u03bcs", 250e-6),
        ("7ns", 7e-9),
        ("1h30m", 5400.0),
        ("1h2m3s4ms", 3723.004),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("1m1m", 120.0),
        ("30s1m", 90.0),
    ],
)
def test_a_duration_is_read_as_go_does(text: str, seconds: float) -> None:
    assert values.duration(word(text)) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "", "5", "00", "s", ".", ".s", "-5s", "1h-5m", "5 s", "5S", "5sec", "5min", "1d", "1w", "1s ", "1..5s", "1e3s",
        "0x5s", "\u0665s", "1_0s", "10000000000s", "9" * 65 + "ns", "1h30",
    ],
)  # fmt: skip
def test_no_duration_is_refused(text: str) -> None:
    assert refused(lambda: values.duration(word(text))).startswith("Corefile:2:7: ")


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("0", 0.0), ("5m", 300.0)])
def test_a_duration_may_go_without_its_unit_where_that_is_allowed(text: str, seconds: float) -> None:
    assert values.duration(word(text), bare=1.0) == seconds


@pytest.mark.parametrize("text", ["1.5", "-1", "9" * 16, "9" * 15])
def test_without_a_unit_it_is_a_whole_number_that_go_can_hold(text: str) -> None:
    assert refused(lambda: values.duration(word(text), bare=1.0)).startswith("Corefile:2:7: ")


def test_a_duration_may_have_a_least() -> None:
    error = refused(lambda: values.duration(word("500ms"), least=2.0))
    assert error == "Corefile:2:7: '500ms' is out of range (at least 2s)"


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_clear_error(text: str) -> None:
    try:
        seconds = values.duration(word(text))
    except CorefileError:
        return
    assert seconds >= 0


def test_a_percentage_is_read() -> None:
    assert values.percentage(word("10%"), 10, 90) == 10


@pytest.mark.parametrize("text", ["10", "%", "9%", "91%", "10.5%", "-10%", "10%%"])
def test_no_percentage_within_bounds_is_refused(text: str) -> None:
    assert refused(lambda: values.percentage(word(text), 10, 90)).startswith("Corefile:2:7: ")


def test_a_name_is_read() -> None:
    assert values.name(word("Example.ORG")) == b"\7example\3org\0"


@pytest.mark.parametrize("text", ["a..b", "a" * 64, "\ud800"])
def test_no_name_is_refused(text: str) -> None:
    assert refused(lambda: values.name(word(text))).startswith("Corefile:2:7: ")


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("example.org", ["example.org"]),
        (".", ["."]),
        ("10.0.0.0/8", ["10.in-addr.arpa"]),
        ("10.1.2.0/24", ["2.1.10.in-addr.arpa"]),
        ("10.1.2.3/32", ["3.2.1.10.in-addr.arpa"]),
        ("0.0.0.0/0", ["in-addr.arpa"]),
        ("10.1.2.3/24", ["2.1.10.in-addr.arpa"]),
        ("10.1.2.0/23", ["2.1.10.in-addr.arpa", "3.1.10.in-addr.arpa"]),
        ("192.0.2.128/30", [f"{i}.2.0.192.in-addr.arpa" for i in (128, 129, 130, 131)]),
        ("128.0.0.0/1", [f"{i}.in-addr.arpa" for i in range(128, 256)]),
        ("2001:db8::/32", ["8.b.d.0.1.0.0.2.ip6.arpa"]),
        ("2001:db8::/31", ["8.b.d.0.1.0.0.2.ip6.arpa", "9.b.d.0.1.0.0.2.ip6.arpa"]),
        ("fd00::/8", ["d.f.ip6.arpa"]),
        ("fc00::/7", ["c.f.ip6.arpa", "d.f.ip6.arpa"]),
        ("::/0", ["ip6.arpa"]),
        ("::1/128", [".".join("1" + "0" * 31) + ".ip6.arpa"]),
        # RFC 2317: a name with a slash in it.
        ("0/25.2.0.192.in-addr.arpa", ["0/25.2.0.192.in-addr.arpa"]),
        ("10.0.0.0/33", ["10.0.0.0/33"]),
        ("10.0.0.0/255.0.0.0", ["10.0.0.0/255.0.0.0"]),
        ("10/8", ["10/8"]),
    ],
)
def test_a_word_names_zones(text: str, zones: list[str]) -> None:
    assert values.zone(word(text)) == tuple(map(names.from_text, zones))


networks = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
).map(lambda pair: ip_network(f"{pair[0]}/{pair[1]}", strict=False))


@given(networks, st.data())
def test_the_zones_of_a_network_hold_its_addresses_and_no_others(
    network: IPv4Network | IPv6Network, data: st.DataObject
) -> None:
    zones = frozenset(values.zone(word(str(network))))
    address = data.draw(st.ip_addresses(v=4 if network.version == 4 else 6))
    inside = data.draw(st.integers(0, network.num_addresses - 1))
    assert names.longest_match(names.reverse(network[inside].packed), zones) is not None
    assert (names.longest_match(names.reverse(address.packed), zones) is not None) == (address in network)


@given(networks)
def test_a_network_is_few_zones(network: IPv4Network | IPv6Network) -> None:
    assert len(values.zone(word(str(network)))) <= 128


def test_zones_left_out_are_the_blocks() -> None:
    assert values.zones((), block("example.org", "example.net")) == (b"\7example\3org\0", b"\7example\3net\0")


def test_zones_are_given_once_in_their_order() -> None:
    words = [word("b"), word("a"), word("10.0.0.0/8"), word("B."), word("10.in-addr.arpa")]
    assert values.zones(words, block(".")) == (b"\1b\0", b"\1a\0", b"\x0210\7in-addr\4arpa\0")


@pytest.mark.parametrize(("text", "path"), [("hosts", "/etc/coredns/hosts"), ("/etc/hosts", "/etc/hosts")])
def test_a_relative_path_begins_at_the_blocks_root(text: str, path: str) -> None:
    assert values.path(word(text), block(".")) == Path(path)


def test_a_path_with_nul_is_refused() -> None:
    assert refused(lambda: values.path(word("a\0b"), block("."))).startswith("Corefile:2:7: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (":8080", ("", 8080)),
        (":0", ("", 0)),
        ("localhost:9153", ("127.0.0.1", 9153)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::]:80", ("::", 80)),
        ("[0:0::1]:80", ("::1", 80)),
    ],
)
def test_an_address_to_listen_on_is_read(text: str, place: tuple[str, int]) -> None:
    assert values.listen_address(word(text)) == place


@pytest.mark.parametrize(
    "text",
    ["", ":", "8080", "localhost", "127.0.0.1", "::1:80", "[127.0.0.1]:80", "[::1]", "[::1]80", "::1", ":65536", ":-1",
     ":٣", ": 80", "example.org:80", "http://localhost:80", "[]:80", "1.2.3:80", "localhost:http", ":000080"],
)  # fmt: skip
def test_no_address_to_listen_on_is_refused(text: str) -> None:
    assert refused(lambda: values.listen_address(word(text))).startswith("Corefile:2:7: ")


@given(st.text())
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    with suppress(CorefileError):
        host, port = values.listen_address(word(text))
        assert 0 <= port < 65536
        assert host == "" or ip_address(host)


def test_braces_behind_an_option_are_refused() -> None:
    tree = parse_text(". {\n hosts {\n  no_reverse {\n   ttl 5\n  }\n }\n}\n", environ={}).blocks[0]
    with pytest.raises(CorefileErrorGroup, match=r"Corefile:3:3: no_reverse takes no block"):
        values.options(tree.directives[0], {"no_reverse": lambda option: None})


def test_each_directive_is_read_whatever_another_one_raises() -> None:
    def read(one: Directive) -> int:
        if one.args[0] == "group":
            raise CorefileErrorGroup([CorefileError(one.position, "a"), CorefileError(one.position, "b")])
        return values.integer(one.args[0])

    errors: list[CorefileError] = []
    directives = [directive(text) for text in ("cache 1", "cache group", "cache x", "cache 4")]
    found = list(values.each(directives, read, errors))
    assert found == [(directives[0], 1), (directives[3], 4)]
    assert len(errors) == 3


@pytest.mark.parametrize(
    ("text", "zones"),
    [("fallthrough", ["."]), ("fallthrough example.org", ["example.org"]), ("fallthrough org net", ["org", "net"])],
)
def test_names_fall_through_in_the_zones_that_are_named_or_in_all(text: str, zones: list[str]) -> None:
    assert values.fallthrough(directive(text)) == tuple(map(names.from_text, zones))
