"""The `update` lines of a file directive."""

from __future__ import annotations

import pytest

from pydns import names
from pydns.chain import fold_at_once, fold_packed
from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.plugin import Turn
from pydns.records import Opcode
from pydns.setup import configure
from pydns.testing import plugins_of
from pydns.update.grants import KEPT_BACK, Grant, Names
from pydns_plugins.file import File, UpdatedFile
from pydns_plugins.file.options import read_options

COREFILE = "example.org {{\n tsig {{\n  secret host.example.org YQ==\n }}\n file db {{\n  {}\n }}\n}}"
HOST = names.from_text("host.example.org")
BELOW = names.from_text("a.example.org")


def grants(*lines: str) -> tuple[Grant, ...]:
    (block,) = parse_text(COREFILE.format("\n".join(lines)), environ={}).blocks
    (options,) = read_options(block.named("file"), block)
    return options.grants


@pytest.mark.parametrize(
    ("words", "grant"),
    [
        ("", Grant(HOST)),
        ("zonesub", Grant(HOST, types=KEPT_BACK)),
        ("zonesub ANY", Grant(HOST)),
        ("A aaaa", Grant(HOST, types=frozenset((1, 28)), save=False)),
        ("self", Grant(HOST, Names.SELF, types=KEPT_BACK)),
        ("self ANY", Grant(HOST, Names.SELF)),
        ("selfsub TXT", Grant(HOST, Names.SELFSUB, types=frozenset((16,)), save=False)),
        ("name a.example.org", Grant(HOST, Names.NAME, BELOW, KEPT_BACK)),
        ("subdomain a.example.org TYPE65280", Grant(HOST, Names.SUBDOMAIN, BELOW, frozenset((65280,)), save=False)),
        ("wildcard *.a.example.org", Grant(HOST, Names.WILDCARD, BELOW, KEPT_BACK)),
    ],
)
def test_a_line_says(words: str, grant: Grant) -> None:
    assert grants(f"update key host.example.org {words}") == (grant,)


def test_lines_add_up() -> None:
    assert len(grants("update key host.example.org self", "update key other TXT")) == 2


def faults(text: str) -> str:
    with pytest.raises(CorefileErrorGroup) as caught:
        configure(parse_text(text, environ={}))
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("update", "wants at least 2 arguments"),
        ("update key", "wants at least 2 arguments"),
        ("update from 192.0.2.1", "'from' where the word key is due"),
        ("update key host.example.org nobody", "unknown type 'nobody', nor a rule"),
        ("update key host.example.org name", "name wants a name"),
        ("update key host.example.org name a.example.com", "is not within example.org."),
        ("update key host.example.org wildcard a.example.org", "is no wildcard"),
        ("update key other self", "is not within example.org."),
        ("update key host.example.org A ANY", "ANY stands alone"),
    ],
)
def test_a_line_that_says_nothing(line: str, fault: str) -> None:
    said = faults(COREFILE.format(line))
    assert fault in said
    assert ":6:" in said


def test_several_zones_in_a_file() -> None:
    text = COREFILE.format("update key host.example.org").replace("file db", "file db example.org example.net")
    assert "several zones in one file" in faults(text)


def test_two_zones_of_the_same_file() -> None:
    text = COREFILE.format("update key host.example.org").replace("file db", "file db example.net\nfile db example.org")
    assert "is another zone's file too" in faults(text)


def test_a_block_without_keys() -> None:
    text = "example.org {\n file db {\n  update key host.example.org\n }\n}"
    assert "no tsig" in faults(text)


def test_the_opcode_is_declared_only_where_there_are_updates() -> None:
    def kind(line: str) -> type[File]:
        (found,) = [each for each in plugins_of(COREFILE.format(line)) if isinstance(each, File)]
        return type(found)

    assert kind("update key host.example.org") is UpdatedFile
    assert kind("reload 5s") is File
    assert {Opcode.UPDATE} == UpdatedFile.opcodes - File.opcodes


def test_answers_keep_their_lanes() -> None:
    (block,) = configure(parse_text(COREFILE.format("update key host.example.org"), environ={})).blocks

    packed, *_ = fold_packed(block.plugins)
    assert packed is not None
    assert packed(HOST, 1) is Turn.SERVE  # it has a say, and knows of no file here
    assert fold_at_once(block.plugins, Opcode.QUERY) is not None
