from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pydns.services import store


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o640)
    before = path.stat().st_ino
    store.replace(path, "nëw\r\n")
    assert path.read_bytes() == "nëw\r\n".encode()
    assert path.stat().st_ino != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["f"]


def test_a_new_file_is_readable_by_all(tmp_path: Path) -> None:
    store.replace(tmp_path / "f", "x")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o644


def test_a_symlink_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    store.replace(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(store.StoreError, match="f: cannot be written: "):
        store.replace(tmp_path / "f", "x")
    assert os.listdir(tmp_path) == ["f"]
    with pytest.raises(store.StoreError, match="No such file or directory"):
        store.replace(tmp_path / "none" / "f", "x")


def test_a_missing_file_is_empty(tmp_path: Path) -> None:
    assert store.load(tmp_path / "f") == ""


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(store.StoreError, match="cannot be read: Is a directory"):
        store.load(tmp_path)


@pytest.mark.parametrize(("data", "told"), [(b"a\n\xff", "f:2: no UTF-8"), (b"a" * (store.MOST + 1), "f: larger than")])
def test_what_is_no_text(data: bytes, told: str) -> None:
    with pytest.raises(store.StoreError, match=told):
        store.decode(data, "f")


def test_a_byte_order_mark_is_dropped() -> None:
    assert store.decode(b"\xef\xbb\xbfa", "f") == "a"


def test_a_lock_wants_a_folder(tmp_path: Path) -> None:
    with store.locked(tmp_path / "f"):
        pass
    with pytest.raises(store.StoreError, match="No such file or directory"), store.locked(tmp_path / "none" / "f"):
        pass
