import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from pydns import names
from pydns.look import look
from pydns.names import ROOT, from_text
from pydns_plugins.hosts import loader as module
from pydns_plugins.hosts.build import BuildError
from pydns_plugins.hosts.loader import Loaded, Loader, Settings, in_slices
from tests.pydns.life import until

ANY = Settings((ROOT,), reverse=True, ttl=60)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text("192.0.2.1 a\n192.0.2.2 b\n")
    return path


async def load(loader: Loader, *patterns: Path) -> Loaded | None:
    return await loader.load(look([str(pattern) for pattern in patterns]))


def replace(path: Path, content: bytes) -> None:
    """Another inode, so that the signature differs whatever the clock says."""
    new = path.with_name("new")
    new.write_bytes(content)
    new.rename(path)


@contextmanager
def forbidden(path: Path) -> Iterator[None]:
    """The file may not be read. The superuser may read all, so it is somebody else meanwhile."""
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # nobody
    try:
        yield
    finally:
        os.seteuid(user)


def has(loaded: Loaded | None, *expected: str) -> bool:
    assert loaded is not None
    return all(loaded.content.find(from_text(name)) for name in expected)


def warnings(caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


async def test_the_first_load_counts_what_came_and_changes_nothing_that_was_answered(hosts: Path) -> None:
    loaded = await load(Loader(None, ANY), hosts)
    assert has(loaded, "a", "b")
    assert loaded is not None
    assert (loaded.changed, loaded.added, loaded.removed) == (frozenset(), 2, 0)


async def test_a_file_that_is_as_it_was_is_not_read_again(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = Loader(None, ANY)
    await load(loader, hosts)
    monkeypatch.setattr(module, "read_whole", None)
    assert await load(loader, hosts) is None


async def test_a_file_with_the_same_entries_is_nothing_new(hosts: Path) -> None:
    loader = Loader(None, ANY)
    await load(loader, hosts)
    replace(hosts, b"192.0.2.1 A # comment\n192.0.2.2 b\n")
    assert await load(loader, hosts) is None


async def test_a_change_names_what_is_other_than_before(hosts: Path) -> None:
    loader = Loader(None, ANY)
    await load(loader, hosts)
    replace(hosts, b"192.0.2.1 a\n192.0.2.3 b\n192.0.2.4 c\n")
    loaded = await load(loader, hosts)
    assert loaded is not None
    assert (loaded.added, loaded.removed) == (2, 1)
    reverse = {names.reverse(bytes((192, 0, 2, i))) for i in (2, 3, 4)}
    assert loaded.changed == {from_text("b"), from_text("c"), *reverse}


async def test_more_changes_than_are_told_by_name_are_all_changes(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHANGED", 3)
    loader = Loader(None, ANY)
    await load(loader, hosts)
    replace(hosts, b"192.0.2.9 c\n192.0.2.8 d\n")
    loaded = await load(loader, hosts)
    assert loaded is not None
    assert (loaded.changed, loaded.added, loaded.removed) == (None, 2, 2)


async def test_what_cannot_be_compared_is_counted_on_balance(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydns_plugins.hosts.difference.MOST", 10)
    loader = Loader(None, ANY)
    await load(loader, hosts)
    replace(hosts, b"192.0.2.9 c\n192.0.2.8 d\n192.0.2.7 e\n")
    loaded = await load(loader, hosts)
    assert loaded is not None
    assert (loaded.changed, loaded.added, loaded.removed) == (None, 1, 0)


def _empty(path: Path) -> None:
    replace(path, b"")


def _blank(path: Path) -> None:
    replace(path, b"\n \n")


def _broken(path: Path) -> None:
    replace(path, b"\0" * 40)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _too_long(path: Path) -> None:
    replace(path, b"192.0.2.9 c\n" * 100)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_empty, "is empty now; to drop its entries, write a comment line into it"),
        (_blank, "is empty now; to drop its entries, write a comment line into it"),
        (_broken, "holds no good line now"),
        (_folder, "cannot be read: Is a directory"),
        (Path.unlink, "cannot be read: No such file or directory"),
        (_too_long, "cannot be read: Larger than 1000 bytes"),
    ],
)
async def test_a_spoilt_file_keeps_its_last_good_entries_and_is_told_of_once(
    spoil: object, complaint: str, hosts: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 1000)
    other = hosts.with_name("other")
    other.write_text("192.0.2.5 old\n")
    loader = Loader(None, ANY)
    await load(loader, hosts, other)
    assert callable(spoil)
    spoil(hosts)
    assert await load(loader, hosts, other) is None
    assert await load(loader, hosts, other) is None
    assert loader.complaints == 1
    expected = f"{hosts}: {complaint}; its last good 2 entries stay in force"
    assert [warning for warning in warnings(caplog) if complaint in warning] == [expected]
    replace(other, b"192.0.2.6 new\n")
    assert has(await load(loader, hosts, other), "a", "b", "new")


async def test_an_unreadable_file_keeps_its_last_good_entries(hosts: Path) -> None:
    loader = Loader(None, ANY)
    await load(loader, hosts)
    with forbidden(hosts):
        assert await load(loader, hosts) is None
    assert loader.complaints == 1


async def test_a_failure_that_may_pass_is_tried_again(
    hosts: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(path: Path, most: int) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    loader = Loader(None, ANY)
    with monkeypatch.context() as patched:
        patched.setattr(module, "read_whole", fail)
        loaded = await load(loader, hosts)
        assert loaded is not None
        assert loaded.content.find(from_text("a")) is None
        assert loader.failing
    assert has(await load(loader, hosts), "a", "b")
    assert not loader.failing
    assert warnings(caplog) == [f"{hosts}: cannot be read: Permission denied"]


async def test_a_missing_file_is_not_tried_again_until_it_comes(hosts: Path) -> None:
    loader = Loader(None, ANY)
    await load(loader, hosts.with_name("missing"))
    assert not loader.failing
    assert loader.complaints == 1


async def test_a_file_good_again_ends_the_complaint(hosts: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    loader = Loader(None, ANY)
    await load(loader, hosts)
    _empty(hosts)
    await load(loader, hosts)
    replace(hosts, b"192.0.2.1 a\n192.0.2.2 b\n")
    assert await load(loader, hosts) is None
    assert loader.complaints == 0
    assert f"{hosts}: is good again" in caplog.messages


async def test_a_file_of_comments_drops_its_entries(hosts: Path) -> None:
    loader = Loader(None, ANY)
    await load(loader, hosts)
    replace(hosts, b"# nothing here\n")
    loaded = await load(loader, hosts)
    assert loaded is not None
    assert loaded.removed == 2
    assert loaded.content.find(from_text("a")) is None


async def test_an_empty_file_that_never_held_entries_is_no_fault(hosts: Path) -> None:
    loader = Loader(None, ANY)
    _empty(hosts)
    await load(loader, hosts)
    assert loader.complaints == 0


async def test_each_fault_is_told_with_file_and_line(hosts: Path, caplog: pytest.LogCaptureFixture) -> None:
    replace(hosts, b"192.0.2.1 a\nbad line\n192.0.2.2 b..c\n" + b"bad\n" * 110)
    loader = Loader(None, ANY)
    await load(loader, hosts)
    told = warnings(caplog)
    assert told[0] == f"{hosts}:2: 'bad' is no IP address; the line is left out"
    assert told[1] == f"{hosts}:3: empty label in host name 'b..c'; the name is left out"
    assert told[-1] == f"{hosts}: 12 more faults"
    assert loader.faults == 112


async def test_a_file_that_a_glob_gains_or_loses_takes_its_entries_along(hosts: Path) -> None:
    loader = Loader(None, ANY)
    pattern = hosts.with_name("*.hosts")
    await load(loader, hosts, pattern)
    (hosts.with_name("x.hosts")).write_text("192.0.2.7 x\n")
    loaded = await load(loader, hosts, pattern)
    assert has(loaded, "a", "x")
    (hosts.with_name("x.hosts")).unlink()
    loaded = await load(loader, hosts, pattern)
    assert has(loaded, "a")
    assert loaded is not None
    assert loaded.content.find(from_text("x")) is None
    assert loaded.changed == {from_text("x"), names.reverse(bytes((192, 0, 2, 7)))}


async def test_only_names_of_the_zones_are_loaded(hosts: Path) -> None:
    loader = Loader(None, Settings((from_text("b"),), reverse=True, ttl=60))
    loaded = await load(loader, hosts)
    assert has(loaded, "b")
    assert loaded is not None
    assert loaded.content.find(from_text("a")) is None
    assert loaded.content.reverse(names.reverse(bytes((192, 0, 2, 1)))) is None


@pytest.mark.parametrize(("reverse", "entries"), [(True, 9), (False, 5)])
async def test_entries_count_as_in_coredns(reverse: bool, entries: int, hosts: Path) -> None:
    """Addresses of names, and names of addresses where PTRs are made; wildcards have none."""
    replace(hosts, b"192.0.2.1 a b\n::1 c *.d\n192.0.2.1 e\n")
    loader = Loader(None, Settings((ROOT,), reverse, ttl=60))
    await load(loader, hosts)
    assert (loader.pairs, loader.entries) == (5, entries)


async def test_a_large_file_is_indexed_apart_and_small_ones_together(
    hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE", 1000)
    large = hosts.with_name("large")
    large.write_bytes(b"".join(b"10.0.0.%d a large-%d\n" % (i, i) for i in range(100)))
    loader = Loader(None, ANY)
    with trio.fail_after(30):
        loaded = await load(loader, large, hosts)
    assert has(loaded, "a", "b", "large-99")
    assert loaded is not None
    entry = loaded.content.find(from_text("a"))
    assert entry is not None
    assert len(entry[0]) == 101
    replace(hosts, b"192.0.2.3 c\n")
    assert has(await load(loader, large, hosts), "a", "c", "large-99")


def memory_files() -> list[str]:
    """What this process has open of them."""
    links = [Path("/proc/self/fd", number) for number in os.listdir("/proc/self/fd")]
    return [target for link in links if link.is_symlink() and "hosts-table" in (target := os.readlink(link))]


async def test_the_memory_of_a_large_file_is_given_back_when_nobody_answers_from_it(
    hosts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE", 10)
    loader = Loader(None, ANY)
    before = len(memory_files())
    loaded = await load(loader, hosts)
    assert has(loaded, "a")
    held = len(memory_files())  # by us, and by what has mapped it
    assert held > before
    replace(hosts, b"192.0.2.3 another\n")
    loaded = await load(loader, hosts)
    assert has(loaded, "another")
    del loaded
    await until(lambda: len(memory_files()), lambda count: count == held)  # a thread closes it


async def test_where_no_process_can_be_had_the_loop_does_the_work(
    hosts: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise BuildError("no process")

    monkeypatch.setattr(module, "LARGE", 10)
    monkeypatch.setattr(module, "build_apart", fail)
    assert has(await load(Loader(None, ANY), hosts), "a", "b")
    assert "no process" in warnings(caplog)[0]


async def test_a_load_that_was_cut_short_is_done_again(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = Loader(None, ANY)
    await load(loader, hosts)
    replace(hosts, b"192.0.2.3 c\n")

    async def fail(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(loader, "_parts", fail)
        with pytest.raises(MemoryError):
            await load(loader, hosts)
    assert has(await load(loader, hosts), "c")


async def test_others_have_their_turn_while_a_file_is_read() -> None:
    data = b"192.0.2.1 a b c # not plain\n" * 30_000
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        before = turns
        await in_slices(module.read(data, (b"",)))
        assert turns - before > 5
        nursery.cancel_scope.cancel()
