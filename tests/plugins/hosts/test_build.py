import os

import pytest
import trio

from pydns.steps import whole
from pydns_plugins.hosts import build as module
from pydns_plugins.hosts.build import BuildError, build_apart, mapped
from pydns_plugins.hosts.reader import Reading, read
from pydns_plugins.hosts.table import Table, build

DATA = b"".join(b"10.0.%d.%d host-%d.example.org\n" % (i >> 8, i & 255, i) for i in range(5_000)) + (
    b"bad line\n2001:db8::1 six.example.org *.wild.example.org\n10.9.9.9 other.test\n"
)


async def built(zones: tuple[bytes, ...], reverse: bool) -> tuple[Reading, Table]:
    with trio.fail_after(30):
        descriptor, facts = await build_apart(DATA, zones, reverse)
    try:
        return mapped(descriptor, facts)
    finally:
        os.close(descriptor)


async def test_another_process_gives_what_this_one_would() -> None:
    reading, table = await built((b"example.org",), True)
    here = whole(read(DATA, (b"example.org",)))
    expected = whole(build(here.text, True))
    assert reading._replace(text=bytes(reading.text)) == here
    assert reading.faults[0].line == 5_001
    assert bytes(table.text) == expected.text
    assert len(table.names) == len(expected.names)
    assert len(table.addresses) == len(expected.addresses)
    assert list(table.lines) == list(expected.lines)
    assert table.wildcards is True
    for i in range(5_000):
        name, address = b"host-%d.example.org" % i, b"10.0.%d.%d" % (i >> 8, i & 255)
        assert table.find(name) == expected.find(name) is not None
        assert table.names_of(address) == expected.names_of(address) == ((name,), expected.names_of(address)[1])


async def test_without_reverse_there_is_no_index_of_addresses() -> None:
    _, table = await built((b"",), False)
    assert len(table.addresses) == 0
    assert table.find(b"other.test") is not None


async def test_a_python_that_cannot_be_run_is_a_build_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.sys, "executable", "/nonexistent/python")
    with trio.fail_after(30), pytest.raises(BuildError, match="nonexistent"):
        await build_apart(DATA, (b"",), True)


async def test_a_process_that_fails_is_a_build_error_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MODULUS", 0)
    with trio.fail_after(30), pytest.raises(BuildError, match="ZeroDivisionError"):
        await build_apart(DATA, (b"",), True)


async def test_cancelling_ends_the_process() -> None:
    with trio.fail_after(10):
        with trio.move_on_after(0.05) as scope:
            await build_apart(b"bad line\n" * 3_000_000, (b"",), True)
        assert scope.cancelled_caught


async def test_nobody_can_change_what_was_built() -> None:
    with trio.fail_after(30):
        descriptor, _ = await build_apart(DATA, (b"",), True)
    for change in (lambda: os.ftruncate(descriptor, 0), lambda: os.pwrite(descriptor, b"x", 0)):
        with pytest.raises(PermissionError):
            change()
    os.close(descriptor)


def test_what_cannot_be_mapped_is_a_build_error() -> None:
    with open(os.devnull) as file, pytest.raises(BuildError, match="cannot be mapped"):
        mapped(file.fileno(), (0, 0, [], 0, False, 1, 4, [10, 10, 10, 4]))
