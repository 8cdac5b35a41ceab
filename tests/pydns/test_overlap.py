from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.overlap import overlap
from pydns.setup import load


def errors(text: str, port: int = 53) -> list[str]:
    try:
        load(lambda: parse_text(text, environ={}), port)
    except CorefileErrorGroup as group:
        return str(group).splitlines()
    return []


def one_block(key: str, bind: str, page: str) -> str:
    return f"{key} {{\n {f'bind {bind}' if bind else 'whoami'}\n {page}\n}}"


@pytest.mark.parametrize(
    ("key", "bind", "page"),
    [
        (".:8080", "", "health"),
        (".:8080", "127.0.0.1", "health"),
        (".:8080", "::1", "health"),
        (".:8080", "lo", "health"),
        (".:9153", "", "prometheus"),
        (".:9153", "127.0.0.1", "prometheus"),
        (".:9153", "127.0.0.1", "prometheus 127.0.0.1:9153"),
        (".:9153", "0.0.0.0", "prometheus 127.0.0.1:9153"),
        (".:9153", "::", "prometheus 127.0.0.1:9153"),
        (".:9153", "127.0.0.1", "prometheus 0.0.0.0:9153"),
        (".:9153", "0::1", "prometheus [::1]:9153"),
        (".:9153", "::1", "prometheus [::]:9153"),
        (".:54 .:8181", "", "ready"),
    ],
)
def test_a_page_has_no_port_of_dns(key: str, bind: str, page: str) -> None:
    (error,) = errors(one_block(key, bind, page))
    assert error.startswith("Corefile:3:")
    assert " wants the TCP port of .:" in error


def test_it_is_told_where_and_what_to_do() -> None:
    text = "a:8080 {\n whoami\n}\nb {\n health localhost:8080\n}"
    assert errors(text) == [
        "Corefile:5:9: a page at localhost:8080 wants the TCP port of a:8080, Corefile:1:1 (give the page another port)"
    ]


def test_a_key_without_a_port_has_that_of_the_command_line() -> None:
    assert errors(". {\n whoami\n health\n}", 8080) == [
        "Corefile:3:2: a page at :8080 wants the TCP port of ., Corefile:1:1 (give the page another port)"
    ]
    assert errors(". {\n whoami\n health\n}", 8081) == []


@pytest.mark.parametrize(
    ("key", "bind", "page"),
    [
        (".:8080", "127.0.0.1", "health 127.0.0.2:8080"),
        (".:8080", "127.0.0.1", "health [::1]:8080"),
        (".:8080", "0.0.0.0", "health [::]:8080"),
        (".:8080", "127.0.0.1", "health [::]:8080"),
        (".:8080", "lo", "health 192.0.2.1:8080"),  # who knows which addresses it has
        (".:8080", "", "health :8081"),
        (".:0", "", "health :0"),
    ],
)
def test_these_have_room_beside_each_other(key: str, bind: str, page: str) -> None:
    assert errors(one_block(key, bind, page)) == []


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        ("health :8080", "health :8080", True),
        ("health :8080", "ready :8080", True),
        ("health :8080", "health localhost:8080", False),
        ("health localhost:8080", "health :8080", False),
        ("health 0.0.0.0:8080", "ready 127.0.0.1:8080", False),
        ("health 0.0.0.0:8080", "ready [::]:8080", True),
        ("health [::]:8080", "ready [::1]:8080", False),
        ("health [0::1]:8080", "ready [::1]:8080", True),
        ("health 127.0.0.1:8080", "ready 127.0.0.2:8080", True),
        ("health :0", "ready localhost:0", True),
    ],
)
def test_pages_share_an_address_or_keep_apart(first: str, second: str, fits: bool) -> None:
    remedy = "write the same address for both, or another port for one"
    one, other = first.split()[1], second.split()[1]
    expected = f"Corefile:5:{len(second.split()[0]) + 3}: a page at {other} cannot be had beside that at {one}, "
    assert errors(f"a {{\n {first}\n}}\nb {{\n {second}\n}}") == (
        [] if fits else [f"{expected}Corefile:2:9 ({remedy})"]
    )


HOSTS = st.sampled_from(["", "0.0.0.0", "::", "127.0.0.1", "192.0.2.1", "::1", "fe80::1%lo", "lo", "eth0"])


@given(HOSTS, HOSTS)
def test_either_overlaps_with_the_other(host: str, other: str) -> None:
    assert overlap(host, other) == overlap(other, host)


@given(HOSTS)
def test_each_overlaps_with_itself_and_with_all(host: str) -> None:
    assert overlap(host, host)
    assert overlap(host, "")
