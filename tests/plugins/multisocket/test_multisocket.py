from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.reply import Reply
from pydns.settings import Settings
from pydns.setup import configure
from pydns.testing import FakeNext, query
from pydns_plugins.multisocket import Multisocket
from tests.plugins.asking import block, directives


def multisocket(text: str) -> Multisocket:
    (plugin,) = Multisocket.parse(directives(text), block())
    return plugin


@pytest.mark.parametrize(("text", "count"), [("multisocket 1", 1), ("multisocket 2", 2), ("multisocket 1024", 1024)])
def test_a_number_is_taken(text: str, count: int) -> None:
    settings = Settings()
    multisocket(text).configure(settings)
    assert settings.workers == count


@pytest.mark.parametrize(("processors", "count"), [({0}, 1), ({3, 5}, 2), (range(2000), 1024)])
def test_without_a_number_it_is_the_processors(
    processors: Iterable[int], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(processors))
    assert multisocket("multisocket").count == count


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("multisocket 0", "Corefile:1:2: 0 is out of range (between 1 and 1024)"),
        ("multisocket 1025", "Corefile:1:2: 1025 is out of range (between 1 and 1024)"),
        ("multisocket two", "Corefile:1:2: 'two' is no whole number"),
        ("multisocket 2\n 3", "Corefile:1:1: multisocket takes no block (remove the braces)"),
        (
            "multisocket\nmultisocket",
            "Corefile:2:1: multisocket stands twice in this server block, first at Corefile:1:1 (keep one)",
        ),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        multisocket(text)
    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("blocks", "workers"),
    [([""], 0), (["multisocket 1"], 0), (["multisocket 2"], 2), (["multisocket 2", "", "multisocket 4"], 4)],
)
def test_the_largest_number_counts(blocks: list[str], workers: int) -> None:
    text = "\n".join(f".:{1053 + i} {{\n {line}\n whoami\n}}" for i, line in enumerate(blocks))
    assert configure(parse_text(text, environ={})).workers == workers


async def test_queries_pass_it_by() -> None:
    reply = Reply()
    assert await multisocket("multisocket 2").serve(query(), FakeNext(reply)) is reply
