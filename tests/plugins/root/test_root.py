from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trio

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.setup import configure
from pydns.testing import FakeNext, ask, plugins_of
from pydns_plugins.root import Root


def root(text: str) -> Root:
    (plugin,) = plugins_of(f". {{\n{text}\n}}", environ={})
    assert isinstance(plugin, Root)
    return plugin


@pytest.mark.parametrize(("text", "folder"), [("root /etc/pydns", "/etc/pydns"), ("root zones", "zones")])
def test_it_names_a_folder(text: str, folder: str) -> None:
    assert root(text).folder == Path(folder)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("root", "Corefile:2:1: root wants 1 argument, not 0"),
        ("root a b", "Corefile:2:8: root takes at most 1 argument; 'b' is one too many"),
        ("root a {\n}", "Corefile:2:1: root takes no block (remove the braces)"),
        ("root a\nroot b", "Corefile:3:1: root stands twice in this server block, first at Corefile:2:1 (keep one)"),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        configure(parse_text(f". {{\n{text}\n}}", environ={}))
    assert str(caught.value) == error


def test_other_plugins_take_their_paths_from_it() -> None:
    _, hosts = plugins_of(". {\n hosts names\n root /etc/pydns\n}", environ={})
    assert hosts.options.files == (Path("/etc/pydns/names"),)  # type: ignore[attr-defined]  # it is the hosts plugin


async def test_queries_pass_it_by() -> None:
    call_next = FakeNext()
    assert await ask(root("root /"), call_next=call_next) is call_next.reply


@pytest.mark.parametrize(("folder", "lines"), [(".", []), ("none", ["root folder none does not exist yet"])])
async def test_a_missing_folder_is_told_at_the_start(
    folder: str, lines: list[str], nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "pydns.root")
    await nursery.start(root(f"root {folder}").run)
    assert caplog.messages == lines
