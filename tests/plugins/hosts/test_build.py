import pytest
import trio

from pydns_plugins.hosts import build as module
from pydns_plugins.hosts.build import BuildError, build_apart, finish
from pydns_plugins.hosts.reader import read
from pydns_plugins.hosts.table import build

DATA = b"".join(b"10.0.%d.%d host-%d.example.org\n" % (i >> 8, i & 255, i) for i in range(5_000)) + (
    b"bad line\n2001:db8::1 six.example.org *.wild.example.org\n10.9.9.9 other.test\n"
)


async def test_another_process_gives_what_this_one_would() -> None:
    with trio.fail_after(30):
        reading, table = await build_apart(DATA, (b"example.org",), True)
    here = finish(read(DATA, (b"example.org",)))
    expected = finish(build(here.text, True))
    assert reading == here
    assert reading.faults[0].line == 5_001
    assert table.text == expected.text
    assert list(table.names) == list(expected.names)
    assert list(table.addresses) == list(expected.addresses)
    assert list(table.lines) == list(expected.lines)
    assert table.wildcards is True
    assert table.find(b"host-77.example.org") == expected.find(b"host-77.example.org") is not None


async def test_without_reverse_there_is_no_index_of_addresses() -> None:
    with trio.fail_after(30):
        _, table = await build_apart(DATA, (b"",), False)
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
