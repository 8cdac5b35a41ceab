"""Files that many zones include."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import trio
import trio.testing

from pydns.watch import Follow, Watcher
from pydns_plugins.auto.included import Included


class Noting(Watcher):
    """Remembers what was followed."""

    def __init__(self) -> None:
        super().__init__()
        self.followed: list[tuple[str, ...]] = []

    def follow(self, patterns: Sequence[str | Path], *, every: float = 2.0) -> Follow:
        self.followed.append(tuple(map(str, patterns)))
        return super().follow(patterns, every=every)


class Site:
    """`heard`: zones that include a file which has changed, each time."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.heard: list[bytes] = []
        self.watcher = Noting()
        self.included = Included(self.heard.append)
        nursery.start_soon(self.watcher.run)
        nursery.start_soon(self.included.run, self.watcher, float("inf"))

    async def until(self, condition: Callable[[], object]) -> None:
        with trio.fail_after(30):
            while not condition():  # noqa: ASYNC110 -- a look comes from a thread
                await trio.sleep(0.01)


async def test_what_many_include_is_followed_once(tmp_path: Path, nursery: trio.Nursery) -> None:
    common, site = tmp_path / "common", Site(nursery)
    common.write_text("1")
    zones = [bytes((i,)) for i in range(50)]
    for zone in zones:
        site.included.set(zone, [str(common)])
        await trio.lowlevel.checkpoint()
    await site.until(lambda: site.heard)  # the first ones, as it was not known before
    site.heard.clear()
    common.write_text("22")
    await site.until(lambda: {*site.heard} == {*zones})
    assert site.watcher.followed == [(str(common),)]
    nursery.cancel_scope.cancel()


async def test_files_that_come_one_after_the_other_are_followed_together(tmp_path: Path, nursery: trio.Nursery) -> None:
    """Each time all of them are looked at, and thousands of zones may bring one each."""
    site = Site(nursery)
    paths = [str(tmp_path / f"{i:02}") for i in range(50)]
    for i, path in enumerate(paths):
        site.included.set(bytes((i,)), [path])
        await trio.testing.wait_all_tasks_blocked(0.001)
    await site.until(lambda: site.watcher.followed[-1:] == [tuple(paths)])
    assert len(site.watcher.followed) <= 2
    nursery.cancel_scope.cancel()


async def test_what_nobody_includes_any_more_is_not_followed(tmp_path: Path, nursery: trio.Nursery) -> None:
    one, two = (str(tmp_path / name) for name in ("one", "two"))
    site = Site(nursery)
    site.included.set(b"a", [one, two])
    site.included.set(b"b", [two])
    await site.until(lambda: site.watcher.followed == [(one, two)])
    site.included.set(b"a", [])
    await site.until(lambda: site.watcher.followed[1:] == [(two,)])
    site.included.set(b"b", [])
    await trio.testing.wait_all_tasks_blocked()
    assert len(site.watcher.followed) == 2
    nursery.cancel_scope.cancel()
