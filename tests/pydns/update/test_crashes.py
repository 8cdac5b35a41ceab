"""A crash at any moment: what stood on disk before and after each call to the system, and in the middle of each write.

What was answered by then is there when a server starts with that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import trio

from pydns.update import writingback
from tests.pydns.update.sites import octets, put, site, until
from tests.pydns.zone.files import master, replace

CALLS = ("ftruncate", "fdatasync", "fsync", "replace", "link", "unlink")


class Moment(NamedTuple):
    files: dict[str, bytes]
    answered: frozenset[str]
    what: str


class Recorder:
    """Notes what stands in a folder around each call that changes it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.answered: set[str] = set()
        self.moments: list[Moment] = []
        for name in CALLS:
            monkeypatch.setattr(os, name, self._around(name, getattr(os, name)))
        write = os.pwrite

        def halves(file: int, data: memoryview, at: int) -> int:
            write(file, data[: len(data) // 2], at)
            self.note("half a write")
            return write(file, data, at)

        monkeypatch.setattr(os, "pwrite", halves)

    def _around(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def around(*args: object, **options: object) -> object:
            self.note(f"before {name}")
            try:
                return call(*args, **options)
            finally:
                self.note(f"after {name}")

        return around

    def note(self, what: str) -> None:
        answered = frozenset(self.answered)  # what is answered while the files are read need not be in them
        files = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        moment = Moment(files, answered, what)
        if not self.moments or self.moments[-1][:2] != moment[:2]:
            self.moments.append(moment)


def make(folder: Path) -> None:
    folder.mkdir()


async def starts_with(moment: Moment, folder: Path, nursery: trio.Nursery) -> None:
    make(folder)
    for name, data in moment.files.items():
        put(folder / name, data)
    async with site(folder / "db", nursery) as here:
        missing = {name for name in moment.answered if not here.has(name)}
        assert not missing, (moment.what, missing)
        assert await here.update("later") == (0, 0, "")


async def test_whatever_was_answered_is_there(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "first"
    make(folder)
    replace(folder / "db", master(1, "www A 192.0.2.1"))
    with monkeypatch.context() as patched:
        patched.setattr(writingback, "LONGEST", 600)  # so that it is made anew too
        recorder = Recorder(folder, patched)
        async with site(folder / "db", nursery) as here:
            for round_ in range(3):
                for i in range(3):
                    name = f"a{round_}{i}"
                    assert (await here.update(name)).rcode == 0
                    recorder.answered.add(name)
                async with trio.open_nursery() as both:
                    both.start_soon(here.zone.writing_back.save)
                    assert (await here.update(f"b{round_}")).rcode == 0  # while it is written
                    recorder.answered.add(f"b{round_}")
            replace(folder / "db", octets(folder / "db").decode() + "hand.example.org. 60 IN A 192.0.2.1\n")
            await here.zone.writing_back.save()
            recorder.note("at the end")
    moments = recorder.moments
    assert len(moments) > 60
    for number, moment in enumerate(moments):
        if b"hand." not in moment.files["db"]:  # an edit that lacks updates is not served
            await starts_with(moment, tmp_path / f"m{number}", nursery)
    nursery.cancel_scope.cancel()


async def test_an_edit_and_a_crash(tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "first"
    make(folder)
    replace(folder / "db", master(1))
    with monkeypatch.context() as patched:
        recorder = Recorder(folder, patched)
        async with site(folder / "db", nursery) as here:
            assert (await here.update("a")).rcode == 0
            await here.zone.writing_back.save()
            replace(folder / "db", octets(folder / "db").decode().replace("a.example.org.", "x.example.org."))
            recorder.answered.add("x")
            await until(lambda: here.has("x") and here.zone.takes.is_set())
            assert (await here.update("b")).rcode == 0
            recorder.answered.add("b")
    for number, moment in enumerate(recorder.moments):
        if "x" in moment.answered:
            await starts_with(moment, tmp_path / f"m{number}", nursery)
    nursery.cancel_scope.cancel()
