from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from pydns.corefile.parser import parse_text
from pydns.corefile.tree import Directive, ServerBlock
from pydns.lint import placed, warnings
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply
from pydns.setup import Configuration, configure


def configuration(corefile: str) -> Configuration:
    return configure(parse_text(corefile, environ={}))


def told(corefile: str) -> list[str]:
    return list(map(str, warnings(configuration(corefile))))


FALLTHROUGH = "(add fallthrough to hosts)"
APART = "(remove one of them, or give each a server block of its own)"
JOIN = "(put it first, or join the two)"
ANSWERING = "(add one that does, such as hosts or forward)"


@pytest.mark.parametrize(
    ("corefile", "warning"),
    [
        (
            ". {\n whoami\n forward . 192.0.2.1\n}",
            f"Corefile:2:2: warning: whoami is never reached: forward (Corefile:3:2) passes none on {APART}",
        ),
        (
            ". {\n hosts\n forward . 192.0.2.1\n}",
            "Corefile:3:2: warning: forward gets no queries but PTR and class CH: "
            f"hosts (Corefile:2:2) passes no others on {FALLTHROUGH}",
        ),
        (
            "example.org example.net {\n hosts\n forward . 192.0.2.1\n}",
            "Corefile:3:2: warning: forward gets no queries but PTR and class CH: "
            f"hosts (Corefile:2:2) passes no others on {FALLTHROUGH}",
        ),
        (
            ". {\n hosts db example.org\n forward a.example.org 192.0.2.1\n}",
            "Corefile:3:2: warning: forward gets no queries for a.example.org. but PTR and class CH: "
            f"hosts (Corefile:2:2) passes no others on {FALLTHROUGH}",
        ),
        (
            ". {\n forward org 192.0.2.1\n forward example.org 192.0.2.2\n}",
            "Corefile:3:2: warning: forward gets no queries for example.org.: "
            f"forward (Corefile:2:2) passes none on {JOIN}",
        ),
        (
            "org net {\n forward org 192.0.2.1\n forward net 192.0.2.2\n whoami\n}",
            "Corefile:4:2: warning: whoami is never reached: "
            f"forward (Corefile:2:2) and forward (Corefile:3:2) pass none on {APART}",
        ),
        (
            ". {\n log\n whoami\n log\n}",
            "Corefile:4:2: warning: log stands here word for word as at Corefile:2:2 (remove one)",
        ),
        (
            "(common) {\n log\n}\n.:53 {\n whoami\n import common\n import common\n}",
            "Corefile:2:2: warning: log is imported twice into the server block of .:53 (remove one)",
        ),
        (
            ". {\n log\n cache\n}",
            f"Corefile:1:1: warning: no plugin of this server block answers queries {ANSWERING}",
        ),
        (". {\n}", f"Corefile:1:1: warning: no plugin of this server block answers queries {ANSWERING}"),
    ],
)
def test_it_is_told(corefile: str, warning: str) -> None:
    assert told(corefile) == [warning]


@pytest.mark.parametrize(
    "corefile",
    [
        ". {\n hosts {\n  fallthrough\n }\n forward . 192.0.2.1\n}",
        ". {\n hosts db example.org\n forward . 192.0.2.1\n}",
        ". {\n hosts {\n  fallthrough example.org\n }\n forward . 192.0.2.1\n}",
        ". {\n forward example.org 192.0.2.1\n forward . 192.0.2.2\n}",
        ". {\n forward . 192.0.2.1 {\n  except example.org\n }\n forward example.org 192.0.2.2\n}",
        ". {\n forward . 192.0.2.1 {\n  next NXDOMAIN\n }\n forward . 192.0.2.2\n}",
        ". {\n forward . 192.0.2.1 {\n  next_on_nodata\n }\n forward . 192.0.2.2\n}",
        "example.org {\n hosts\n}\n. {\n forward . 192.0.2.1\n}",
        ". {\n log\n errors\n cache\n reload\n bind 127.0.0.1\n whoami\n}",
        ". {\n log example.org\n log example.net\n whoami\n}",
    ],
)
def test_what_may_be_meant_is_not_told(corefile: str) -> None:
    assert told(corefile) == []


def test_warnings_come_in_the_order_of_the_corefile() -> None:
    lines = told(".:1 {\n whoami\n hosts\n log\n log\n}\n.:2 {\n}")
    assert [line.split(" ")[0] for line in lines] == ["Corefile:2:2:", "Corefile:5:2:", "Corefile:7:1:"]


def test_blocks_that_want_another_number_of_processes_are_told() -> None:
    lines = told(".:1 {\n whoami\n multisocket 2\n}\n.:2 {\n whoami\n multisocket 3\n}\n.:3 {\n whoami\n}")
    message = "2 processes are wanted here and 3 elsewhere: all blocks get 3"
    assert lines == [f"Corefile:3:2: warning: {message} (say the same number in each block, or say it in one)"]


NO_KEY = "(add tsig with a line: secret NAME KEY)"
NO_ZONES = (
    "warning: no plugin of this server block holds zones: there is nothing to transfer "
    "(add file, auto or secondary to it)"
)


@pytest.mark.parametrize(
    ("corefile", "expected"),
    [
        ("a.test {\n whoami\n transfer {\n  to *\n }\n}", [f"Corefile:3:2: {NO_ZONES}"]),
        (
            "a.test {\n file db\n transfer {\n  to * key k\n  to 192.0.2.1 192.0.2.2 key l\n }\n}",
            [
                f"Corefile:4:12: warning: no tsig here knows the key k {NO_KEY}",
                f"Corefile:5:30: warning: no tsig here knows the key l {NO_KEY}",
            ],
        ),
        (
            "a.test {\n secondary {\n  transfer from 192.0.2.1 192.0.2.2 key k\n }\n tsig {\n  secret l AAAA\n }\n}",
            [f"Corefile:3:41: warning: no tsig here knows the key k {NO_KEY}"],
        ),
        (
            "a.test {\n file db {\n  update key l\n  update key k name x.a.test\n }\n tsig {\n  secret l AAAA\n }\n}",
            [f"Corefile:4:14: warning: no tsig here knows the key k {NO_KEY}"],
        ),
    ],
    ids=["no zones", "no tsig", "another key", "no key for updates"],
)
def test_what_zones_want_and_nobody_has_is_told(corefile: str, expected: list[str]) -> None:
    assert told(corefile) == expected


@pytest.mark.parametrize("keys", ["secret k. AAAA", "secret K AAAA hmac-sha512", "secrets none"])
def test_a_key_may_be_another_blocks_or_in_a_file(keys: str) -> None:
    corefile = (
        f"a.test {{\n file db\n transfer {{\n  to * key k\n }}\n}}\nb.test {{\n file db\n tsig {{\n  {keys}\n }}\n}}"
    )
    assert told(corefile) == []


class Stranger(Plugin):
    """One from outside, of which nobody knows whether it changes names."""

    name = "stranger"

    def __init__(self, zones: Sequence[bytes] = (), fault: str = "") -> None:
        self._zones = zones
        self._fault = fault

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(),)

    def stops(self) -> Sequence[bytes]:
        if self._fault:
            raise LookupError(self._fault)
        return self._zones

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)


def told_with(stranger: Plugin, corefile: str, place: int) -> list[str]:
    """The warnings of a Corefile of one block into whose chain the stranger is put."""
    whole = configuration(corefile)
    (block,) = whole.blocks
    plugins = (*block.plugins[:place], stranger, *block.plugins[place:])
    found = warnings(replace(whole, blocks=(replace(block, plugins=plugins),)))
    return [warning.message for warning in found]


@pytest.mark.parametrize(
    ("corefile", "place"),
    [
        ("example.org {\n hosts\n forward . 192.0.2.1\n}", 0),
        ("example.org {\n forward example.org 192.0.2.1\n whoami\n}", 0),
        (". {\n forward org 192.0.2.1\n forward example.org 192.0.2.1\n}", 1),
    ],
)
def test_behind_a_stranger_names_may_be_others(corefile: str, place: int) -> None:
    assert not [message for message in told_with(Stranger(), corefile, place) if not message.startswith("stranger")]


def test_behind_a_stranger_who_stops_all_is_sure() -> None:
    (message,) = told_with(Stranger(), ". {\n forward . 192.0.2.1\n whoami\n}", 0)
    assert message.startswith("whoami is never reached: forward ")


def test_a_stranger_may_stop_all() -> None:
    (message,) = told_with(Stranger([b"\0"]), ". {\n whoami\n}", 0)
    assert message.startswith("whoami is never reached: stranger ")


def test_a_stranger_that_fails_is_told() -> None:
    assert told_with(Stranger(fault="no zones"), ". {\n whoami\n}", 0) == [
        "stranger cannot say which zones it stops: LookupError: no zones"
    ]


@pytest.mark.parametrize(
    ("corefile", "lines"),
    [
        (
            ". {\n forward a 192.0.2.1\n log\n forward . 192.0.2.1\n}",
            [("log", [3]), ("forward", [2]), ("forward", [4])],
        ),
        (". {\n log a\n whoami\n log b\n}", [("log", [2, 4]), ("whoami", [3])]),
    ],
)
def test_plugins_are_placed_by_their_directives(corefile: str, lines: list[tuple[str, list[int]]]) -> None:
    (block,) = configuration(corefile).blocks
    found = [(each.plugin.name, [directive.position.line for directive in each.directives]) for each in placed(block)]
    assert found == lines


def test_a_plugin_of_another_name_than_its_directive_has_a_place(tmp_path: Path) -> None:
    whole = configuration(". {\n whoami\n}")
    (block,) = whole.blocks
    (found,) = placed(replace(block, plugins=(Stranger(),)))
    assert (found.directives, str(found)) == ((), "stranger (Corefile:1:1)")
