import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pydns.look import look, opened


def folders(pattern: Path) -> set[str]:
    return {path for path, _, _ in look([str(pattern)]).folders}


def files(*patterns: Path) -> list[str]:
    return [path for path, signature in look([str(pattern) for pattern in patterns]).files if signature]


def test_a_plain_file_hangs_on_its_folder(tmp_path: Path) -> None:
    (tmp_path / "hosts").touch()
    assert str(tmp_path) in folders(tmp_path / "hosts")


def test_a_missing_file_hangs_on_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert folders(tmp_path / "not" / "yet" / "hosts") == {str(tmp_path)}


def test_every_folder_that_holds_a_symlink_of_the_way_counts(tmp_path: Path) -> None:
    (tmp_path / "volume" / "..2024").mkdir(parents=True)
    (tmp_path / "volume" / "..2024" / "hosts").touch()
    (tmp_path / "volume" / "..data").symlink_to("..2024")
    (tmp_path / "volume" / "hosts").symlink_to("..data/hosts")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hosts").symlink_to(tmp_path / "volume" / "hosts")
    assert folders(tmp_path / "etc" / "hosts") == {
        str(tmp_path / "etc"),
        str(tmp_path / "volume"),
        str(tmp_path / "volume" / "..2024"),
    }


def test_a_symlinked_folder_counts_by_the_folder_that_holds_the_link(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "hosts").touch()
    (tmp_path / "current").symlink_to("v1")
    assert folders(tmp_path / "current" / "hosts") == {str(tmp_path), str(tmp_path / "v1")}


def test_a_circle_of_symlinks_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert folders(tmp_path / "a") == {str(tmp_path)}
    assert files(tmp_path / "a") == []


def test_dots_in_a_link_lead_upwards(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "hosts").touch()
    (tmp_path / "a" / "hosts").symlink_to("./../b/hosts")
    assert folders(tmp_path / "a" / "hosts") == {str(tmp_path / "a"), str(tmp_path / "b")}


def test_a_folder_made_anew_is_another_folder(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    before = look([str(tmp_path / "etc" / "hosts")]).folders
    (tmp_path / "etc").rename(tmp_path / "old")
    (tmp_path / "etc").mkdir()
    assert look([str(tmp_path / "etc" / "hosts")]).folders != before


def test_globs_give_regular_files_sorted_and_each_once(tmp_path: Path) -> None:
    for name in ("b.hosts", "a.hosts", "other", ".hidden.hosts"):
        (tmp_path / name).touch()
    (tmp_path / "folder.hosts").mkdir()
    assert files(tmp_path / "b.hosts", tmp_path / "*.hosts") == [str(tmp_path / "b.hosts"), str(tmp_path / "a.hosts")]


def test_a_name_that_exists_as_written_is_no_glob(tmp_path: Path) -> None:
    (tmp_path / "[1]").touch()
    (tmp_path / "1").touch()
    assert files(tmp_path / "[1]") == [str(tmp_path / "[1]")]


def test_a_glob_hangs_on_each_folder_that_its_wildcards_range_over(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    (tmp_path / "x" / "1.hosts").touch()
    expected = {str(tmp_path), str(tmp_path / "x"), str(tmp_path / "y")}
    assert folders(tmp_path / "*" / "*.hosts") == expected


def test_a_glob_in_a_missing_folder_hangs_on_the_nearest_that_exists(tmp_path: Path) -> None:
    assert folders(tmp_path / "not-yet" / "*.hosts") == {str(tmp_path)}


def _edit(path: Path) -> None:
    path.write_text("two")


def _same_size_and_time(path: Path) -> None:
    before = path.stat()
    path.write_text("eno")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("one")
    other.rename(path)


def _forbid(path: Path) -> None:
    path.chmod(0o600 if path.stat().st_mode & 0o777 != 0o600 else 0o640)


@pytest.mark.parametrize("change", [_edit, _same_size_and_time, _replace, _forbid, Path.unlink])
def test_the_signature_differs_after(change: object, tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("one")
    old = path.stat().st_ctime_ns
    before = look([str(path)]).files
    while (tmp_path / "clock").write_text("") == 0 and (tmp_path / "clock").stat().st_ctime_ns <= old:
        pass  # until the file system's clock, which moves in steps of milliseconds, has moved on
    assert callable(change)
    change(path)
    assert look([str(path)]).files != before


def test_files_and_links_of_one_folder_each_go_their_way(tmp_path: Path) -> None:
    (tmp_path / "zones").mkdir()
    (tmp_path / "other").mkdir()
    for path in ("zones/a", "zones/b", "other/c"):
        (tmp_path / path).touch()
    (tmp_path / "zones" / "link").symlink_to("../other/c")
    (tmp_path / "zones" / "sub").symlink_to("../other")
    found = look([f"{tmp_path}/zones/*", f"{tmp_path}/zones/*/*"])
    assert [Path(path).name for path, _ in found.files] == ["a", "b", "link", "c"]
    assert {path for path, _, _ in found.folders} == {str(tmp_path / "zones"), str(tmp_path / "other")}


@pytest.mark.parametrize(("make", "words"), [(Path.mkdir, "Is a directory"), (os.mkfifo, "Not a regular file")])
def test_what_is_no_regular_file_is_not_opened_and_holds_nobody(
    make: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    make(tmp_path / "it")
    with pytest.raises(OSError, match=words):
        opened(tmp_path / "it")
