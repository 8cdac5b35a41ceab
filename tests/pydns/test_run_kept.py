"""The process from within: what outlives a reload, what goes with it, and the files that ask for one."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import trio.testing

from pydns.corefile.parser import parse_file
from pydns.setup import configure
from pydns.upstream.testing import ScriptedServer
from tests.pydns.life import (
    FIRST,
    PLUGIN,
    SECOND,
    Source,
    WriteFile,
    answer,
    failed,
    port_of,
    reloaded,
    running,
    until,
)

pytestmark = pytest.mark.usefixtures("bounded")

# What outlives a reload.

ABOVE = PLUGIN.replace("# opcodes", "before = 'cache'")
CACHED = ". {{\n bind 127.0.0.1\n {above}\n cache {options}\n {below}\n forward . {upstream}\n}}"


@pytest.mark.parametrize(("above", "options", "below", "outlives"), [
    ("", "", "", True),
    ("log", "", "", True),
    ("", "30", "", False),
    ("", "", "hosts {\n 192.0.2.9 other.example\n fallthrough\n }", False),
])  # fmt: skip
async def test_what_is_cached_outlives_a_reload_where_all_below_is_unchanged(
    above: str, options: str, below: str, outlives: bool, nursery: trio.Nursery
) -> None:
    upstream = ScriptedServer()
    await nursery.start(upstream.run)
    source = Source(CACHED.format(above="", options="", below="", upstream=upstream.endpoint))
    async with running(source) as process:
        await answer(port_of(process))
        source.text = CACHED.format(above=above, options=options, below=below, upstream=upstream.endpoint)
        await reloaded(process)
        await answer(port_of(process))
    assert len(upstream.asked) == (1 if outlives else 2)
    nursery.cancel_scope.cancel()


async def test_what_is_cached_outlives_a_reload_that_failed(nursery: trio.Nursery, write: WriteFile) -> None:
    upstream, path = ScriptedServer(), write("own.py", ABOVE.replace("# run", "raise OSError"))
    await nursery.start(upstream.run)
    source = Source(CACHED.format(above="", options="", below="", upstream=upstream.endpoint))
    async with running(source) as process:
        await answer(port_of(process))
        source.text = CACHED.format(above=f"plugin {path}\n own", options="", below="", upstream=upstream.endpoint)
        await failed(process)
        await answer(port_of(process))
    assert len(upstream.asked) == 1
    nursery.cancel_scope.cancel()


# Files that are followed.


async def test_a_change_of_a_file_is_taken_up_at_once(write: WriteFile) -> None:
    main = write("Corefile", FIRST.replace("hosts", "reload 1h 0\n hosts"))
    async with running(lambda: configure(parse_file(main, environ={}), 0)) as process:
        write("Corefile", SECOND.replace("hosts", "reload 1h 0\n hosts"))
        await until(lambda: str(process.configuration.corefile.blocks), lambda text: "192.0.2.2" in text)


@pytest.mark.parametrize("name", ["import", "own.py", "new.conf"])
async def test_a_change_of_what_the_corefile_is_made_of_is_taken_up(
    name: str, write: WriteFile, tmp_path: Path
) -> None:
    write("import", "whoami")
    write("own.py", PLUGIN)
    write("old.conf", "a:0 {\n bind 127.0.0.1\n}\n")
    main = write(
        "Corefile",
        ".:0 {\n bind 127.0.0.1\n root "
        + str(tmp_path)
        + "\n reload 1h 0\n plugin own.py\n import import\n}\nimport *.conf\n",
    )
    async with running(lambda: configure(parse_file(main, environ={}))) as process:
        before = process.configuration
        write(name, {"import": "own", "own.py": PLUGIN + "# more", "new.conf": "b:0 {\n bind 127.0.0.1\n}\n"}[name])
        await until(lambda: process.configuration, lambda now: now is not before)


@pytest.mark.parametrize("line", ["", "reload 0", "reload 0s"])
async def test_without_reload_nothing_is_followed(line: str, write: WriteFile) -> None:
    main = write("Corefile", f". {{\n bind 127.0.0.1\n {line}\n whoami\n}}")
    async with running(lambda: configure(parse_file(main, environ={}), 0)) as process:
        await until(lambda: process.house.files, lambda files: files is not None)
        assert not process.house.files._follows


async def test_reload_may_be_turned_on_by_a_reload(write: WriteFile) -> None:
    main = write("Corefile", FIRST)
    async with running(lambda: configure(parse_file(main, environ={}), 0)) as process:
        write("Corefile", FIRST.replace("hosts", "reload 1h 0\n hosts"))
        await reloaded(process)
        write("Corefile", SECOND.replace("hosts", "reload 1h 0\n hosts"))
        await until(lambda: str(process.configuration.corefile.blocks), lambda text: "192.0.2.2" in text)
