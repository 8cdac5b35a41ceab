"""TOML of a Corefile: in order, stable, and readable by others."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.corefile.adapt import adapt
from pydns.corefile.parser import parse_text


def adapted(text: str) -> list[dict[str, Any]]:
    servers: list[dict[str, Any]] = tomllib.loads(adapt(parse_text(text, environ={})))["server"]
    return servers


def test_a_key_is_shown_as_written_and_as_read() -> None:
    (server,) = adapted("tls://Example.ORG:853 .")
    assert server["keys"] == [
        {"key": "tls://Example.ORG:853", "scheme": "tls", "zone": "example.org.", "port": 853},
        {"key": ".", "scheme": "dns", "zone": "."},
    ]


def test_directives_keep_their_order_and_nest() -> None:
    (server,) = adapted(". {\n b 1 2\n a {\n  d {\n  }\n  c\n }\n b\n}")
    assert server["directives"] == [
        {"name": "b", "args": ["1", "2"]},
        {"name": "a", "block": [{"name": "d", "block": []}, {"name": "c"}]},
        {"name": "b"},
    ]


@pytest.mark.parametrize(("line", "root"), [("log", None), ("root zones", "zones")])
def test_root_is_shown_where_it_is_set(line: str, root: str | None) -> None:
    assert adapted(f". {{\n{line}\n}}")[0].get("root") == root


def test_a_corefile_without_server_blocks_is_toml_too() -> None:
    assert adapted("") == []


anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\\\r{"), max_size=12)


@given(st.lists(st.lists(anything, min_size=1, max_size=4), min_size=1, max_size=4))
def test_any_words_come_back_from_toml(lines: list[list[str]]) -> None:
    quoted = ["x " + " ".join('"' + word.replace('"', '\\"') + '"' for word in line) for line in lines]
    (server,) = adapted(". {\n" + "\n".join(quoted) + "\n}")
    assert [directive["args"] for directive in server["directives"]] == lines


@given(st.lists(anything, max_size=4))
def test_the_same_corefile_gives_the_same_toml(words: list[str]) -> None:
    text = ". {\n x " + " ".join('"' + word.replace('"', "") + '"' for word in words) + "\n}"
    assert adapt(parse_text(text, environ={})) == adapt(parse_text(text, environ={}))
