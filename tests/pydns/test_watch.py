import errno
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import watchfiles

from pydns import watch
from pydns.watch import Follow, Watcher, read_whole

IN_TIME = 0.5  # seconds in which a change must be seen


@pytest.fixture
async def watcher(nursery: trio.Nursery) -> Watcher:
    watcher = Watcher()
    await nursery.start(watcher.run)
    return watcher


async def until(condition: Callable[[], bool]) -> None:
    """Inner state has no event to wait for."""
    with trio.fail_after(10):
        while not condition():  # noqa: ASYNC110 -- see above
            await trio.sleep(0.01)


@asynccontextmanager
async def listening(watcher: Watcher, *patterns: Path, every: float = 3600) -> AsyncIterator[Follow]:
    """Follows by events alone: the polling net is an hour wide, and the watches stand."""
    with watcher.follow(patterns, every=every) as follow, trio.fail_after(10):
        await until(lambda: bool(follow.due) and watcher._folders == follow.look.folders)
        await trio.sleep(0.1)  # the look that follows the setting up of the watches is over
        yield follow


def mounted(volume: Path, text: str, stamp: str) -> None:
    """What kubelet does with a ConfigMap: a new folder, then `..data` swapped to it by rename."""
    (volume / stamp).mkdir(parents=True)
    (volume / stamp / "hosts").write_text(text)
    (volume / "..data_tmp").symlink_to(stamp)
    (volume / "..data_tmp").rename(volume / "..data")
    if not (volume / "hosts").is_symlink():
        (volume / "hosts").symlink_to("..data/hosts")


def edit(folder: Path) -> None:
    with (folder / "hosts").open("a") as file:
        file.write("more")


def replace(folder: Path) -> None:
    (folder / "new").write_text("new")
    (folder / "new").rename(folder / "hosts")


def truncate(folder: Path) -> None:
    (folder / "hosts").write_text("")


def remove(folder: Path) -> None:
    (folder / "hosts").unlink()


def touch(folder: Path) -> None:
    os.utime(folder / "hosts")


def move_folder_over(folder: Path) -> None:
    folder.rename(folder.with_name("old"))
    folder.mkdir()
    (folder / "hosts").write_text("new")


@pytest.mark.parametrize("change", [edit, replace, truncate, remove, touch])
async def test_a_change_is_seen_in_time(change: Callable[[Path], None], watcher: Watcher, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("old")
    async with listening(watcher, tmp_path / "hosts") as follow:
        change(tmp_path)
        with trio.fail_after(IN_TIME):
            await follow.changed()


async def test_a_swap_of_the_data_symlink_is_seen_in_time(watcher: Watcher, tmp_path: Path) -> None:
    mounted(tmp_path, "one", "..2024_1")
    async with listening(watcher, tmp_path / "hosts") as follow:
        mounted(tmp_path, "two", "..2024_2")
        with trio.fail_after(IN_TIME):
            await follow.changed()
        assert follow.paths()[0].read_text() == "two"


async def test_each_of_many_swaps_is_seen_in_time(watcher: Watcher, tmp_path: Path) -> None:
    mounted(tmp_path, "0", "..0")
    async with listening(watcher, tmp_path / "hosts") as follow:
        for i in range(1, 6):  # each swap moves the watches to another folder
            mounted(tmp_path, str(i), f"..{i}")
            with trio.fail_after(IN_TIME):
                await follow.changed()


async def test_an_edit_behind_a_swapped_symlink_is_seen_in_time(watcher: Watcher, tmp_path: Path) -> None:
    mounted(tmp_path, "one", "..2024_1")
    async with listening(watcher, tmp_path / "hosts") as follow:
        mounted(tmp_path, "two", "..2024_2")
        await follow.changed()
        (tmp_path / "..2024_2" / "hosts").write_text("three, in place")
        with trio.fail_after(IN_TIME):
            await follow.changed()


async def test_a_symlink_from_another_folder_is_followed_to_its_target(watcher: Watcher, tmp_path: Path) -> None:
    mounted(tmp_path / "volume", "one", "..2024_1")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").symlink_to(tmp_path / "volume" / "hosts")
    async with listening(watcher, tmp_path / "etc" / "hosts") as follow:
        mounted(tmp_path / "volume", "two", "..2024_2")
        with trio.fail_after(IN_TIME):
            await follow.changed()


async def test_a_file_in_folders_that_come_later_is_seen(watcher: Watcher, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "hosts"
    async with listening(watcher, path) as follow:
        assert follow.paths() == []
        path.parent.mkdir(parents=True)
        path.write_text("here")
        await follow.changed()
        assert follow.paths() == [path]


async def test_a_folder_that_another_was_renamed_over_is_watched_anew(watcher: Watcher, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "hosts").write_text("old")
    async with listening(watcher, folder / "hosts", every=0.2) as follow:  # no event tells of the rename itself
        move_folder_over(folder)
        await follow.changed()
        follow.every = follow.due = 3600 + trio.current_time()
        await until(lambda: watcher._folders == follow.look.folders)
        edit(folder)
        await follow.changed()


async def test_a_glob_gains_and_loses_files(watcher: Watcher, tmp_path: Path) -> None:
    async with listening(watcher, tmp_path / "*.hosts") as follow:
        (tmp_path / "a.hosts").write_text("a")
        with trio.fail_after(IN_TIME):
            await follow.changed()
        assert follow.paths() == [tmp_path / "a.hosts"]
        (tmp_path / "a.hosts").unlink()
        with trio.fail_after(IN_TIME):
            await follow.changed()
        assert follow.paths() == []


async def test_other_files_of_the_folder_wake_nobody(watcher: Watcher, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("old")
    async with listening(watcher, tmp_path / "hosts") as follow:
        (tmp_path / "other").write_text("noise")
        with trio.move_on_after(IN_TIME) as waited:
            await follow.changed()
        assert waited.cancelled_caught


async def test_a_change_before_the_watcher_runs_is_found_when_it_does(nursery: trio.Nursery, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("old")
    watcher = Watcher()
    with watcher.follow([tmp_path / "hosts"], every=3600) as follow, trio.fail_after(5):
        replace(tmp_path)
        await nursery.start(watcher.run)
        await follow.changed()


async def test_what_changed_while_the_follower_was_busy_is_told_at_the_next_call(
    watcher: Watcher, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("old")
    async with listening(watcher, tmp_path / "hosts") as follow:
        replace(tmp_path)
        await until(lambda: follow.look.files != follow._told)
        with trio.fail_after(0.1):
            await follow.changed()


async def test_a_later_follow_leaves_an_earlier_one_watched(watcher: Watcher, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hosts").write_text("old")
    async with listening(watcher, tmp_path / "one" / "hosts") as first:
        with watcher.follow([tmp_path / "two" / "hosts"], every=3600) as second:
            edit(tmp_path / "one")
            edit(tmp_path / "two")
            await first.changed()
            await second.changed()
        edit(tmp_path / "one")
        await first.changed()


async def test_polling_finds_what_no_event_tells(
    watcher: Watcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deaf(*_: object, stop_event: trio.Event, **__: object) -> AsyncIterator[object]:
        await stop_event.wait()
        for nothing in ():
            yield nothing

    monkeypatch.setattr(watchfiles, "awatch", deaf)
    (tmp_path / "hosts").write_text("old")
    async with listening(watcher, tmp_path / "hosts", every=0.2) as follow:
        edit(tmp_path)
        await follow.changed()


@pytest.fixture
def no_events(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> AsyncIterator[Any]:
        for nothing in ():
            yield nothing
        raise OSError(errno.ENOSPC, "OS file watch limit reached.")

    monkeypatch.setattr(watchfiles, "awatch", fail)


@pytest.mark.usefixtures("no_events")
async def test_without_events_files_are_looked_at_more_often(watcher: Watcher, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("old")
    async with listening(watcher, tmp_path / "hosts") as follow:
        edit(tmp_path)
        with trio.fail_after(2 * watch.BLIND_POLL + 0.1):
            await follow.changed()


@pytest.mark.usefixtures("no_events")
async def test_one_warning_tells_that_events_fail(
    watcher: Watcher, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "RETRY", 0.01)
    async with listening(watcher, tmp_path / "hosts"):
        await trio.sleep(0.1)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "OS file watch limit reached" in warnings[0]


async def test_events_are_tried_again(
    watcher: Watcher, tmp_path: Path, no_events: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "RETRY", 0.05)
    (tmp_path / "hosts").write_text("old")
    async with listening(watcher, tmp_path / "hosts") as follow:
        assert watcher._blind
        monkeypatch.undo()
        await until(lambda: not watcher._blind)
        edit(tmp_path)
        with trio.fail_after(IN_TIME):
            await follow.changed()


async def test_cancelling_takes_no_longer_than_a_step(tmp_path: Path) -> None:
    watcher = Watcher()
    async with trio.open_nursery() as nursery:
        await nursery.start(watcher.run)
        async with listening(watcher, tmp_path / "hosts"):
            pass
        start = trio.current_time()
        nursery.cancel_scope.cancel()
    assert trio.current_time() - start < 0.5


async def test_a_file_is_read_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "hosts").write_bytes(content)
    assert await read_whole(tmp_path / "hosts", len(content)) == content


async def test_a_file_that_is_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_bytes(b"12345")
    with pytest.raises(OSError, match="Larger than 4 bytes"):
        await read_whole(tmp_path / "hosts", 4)


async def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        await read_whole(tmp_path, 4)


async def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with trio.fail_after(5), pytest.raises(OSError, match="Not a regular file"):
        await read_whole(tmp_path / "fifo", 4)


async def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="hosts"):
        await read_whole(tmp_path / "hosts", 4)


async def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hosts").write_text("old")
    real, calls = os.fstat, 0

    def replaced_after_the_first(descriptor: int) -> os.stat_result:
        nonlocal calls
        calls += 1
        found = real(descriptor)
        if calls == 1:
            replace(tmp_path)
        return found

    monkeypatch.setattr(os, "fstat", replaced_after_the_first)
    assert await read_whole(tmp_path / "hosts", 100) == b"new"


async def test_a_file_that_never_holds_still_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts").write_text("old")
    real = os.fstat

    def longer_each_time(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        edit(tmp_path)
        return found

    monkeypatch.setattr(os, "fstat", longer_each_time)
    with pytest.raises(OSError, match="changes faster"):
        await read_whole(tmp_path / "hosts", 1 << 20)
