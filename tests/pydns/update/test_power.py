"""The power fails at any moment: only what was synchronised is on disk, of files and of folders.

A file's octets are those of its last fsync or fdatasync. A folder that was renamed in may be on disk as it was when it
was synchronised last, or as it is now: the file system writes it when it likes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from pydns.update import writingback
from tests.pydns.update.sites import site
from tests.pydns.update.test_crashes import Moment, make, starts_with
from tests.pydns.zone.files import master, replace

CALLS = ("fsync", "fdatasync", "replace", "link", "unlink")


class Disk:
    """What would be found of a folder if the power failed, around each call that writes to disk or renames."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._entries = self._entries_now()
        self._content = {inode: (folder / name).read_bytes() for name, inode in self._entries.items()}
        self.answered: set[str] = set()
        self.moments: list[Moment] = []
        for name in CALLS:
            monkeypatch.setattr(os, name, self._around(name, getattr(os, name)))

    def _around(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def around(*args: object, **options: object) -> object:
            self.note(f"before {name}")
            done = call(*args, **options)
            if name in ("fsync", "fdatasync"):
                assert isinstance(args[0], int)
                self._synchronised(args[0])
            self.note(f"after {name}")
            return done

        return around

    def _synchronised(self, file: int) -> None:
        path = Path(f"/proc/self/fd/{file}")
        if path.is_dir():
            self._entries = self._entries_now()
        else:
            self._content[os.fstat(file).st_ino] = path.read_bytes()

    def _entries_now(self) -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in self._folder.iterdir()}

    def note(self, what: str) -> None:
        answered = frozenset(self.answered)
        for entries, when in ((self._entries, "the folder of before"), (self._entries_now(), "the folder of now")):
            files = {name: self._content.get(inode, b"") for name, inode in entries.items()}
            moment = Moment(files, answered, f"{what}, {when}")
            if all(moment[:2] != other[:2] for other in self.moments[-2:]):
                self.moments.append(moment)


async def test_what_was_answered_is_on_disk(
    tmp_path: Path, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "first"
    make(folder)
    replace(folder / "db", master(1, "www A 192.0.2.1"))
    with monkeypatch.context() as patched:
        patched.setattr(writingback, "LONGEST", 600)  # so that the journal is made anew too
        disk = Disk(folder, patched)
        async with site(folder / "db", nursery) as here:
            for round_ in range(3):
                for i in range(2):
                    name = f"a{round_}{i}"
                    assert (await here.update(name)).rcode == 0
                    disk.answered.add(name)
                    disk.note("after an answer")
                await here.zone.writing_back.save()
        disk.note("at the end")
    assert len(disk.moments) > 20
    for number, moment in enumerate(disk.moments):
        await starts_with(moment, tmp_path / f"m{number}", nursery)
    nursery.cancel_scope.cancel()
