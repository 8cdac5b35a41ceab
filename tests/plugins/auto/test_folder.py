"""What is made of the files in a folder."""

from __future__ import annotations

from pydns.look import Signature
from pydns.names import from_text
from pydns.steps import whole
from pydns_plugins.auto.folder import contents
from pydns_plugins.auto.options import Options

OPTIONS = Options((from_text("test"),))


def signature(inode: int) -> Signature:
    return (1, inode, 0, 0, 0)


def test_the_first_file_of_a_zone_counts() -> None:
    found = [("/z/db.one.test", signature(1)), ("/z/sub/db.one.test", signature(2)), ("/z/db.gone.test", None)]
    files, complaints = whole(contents(OPTIONS, found))
    assert files == {from_text("one.test"): "/z/db.one.test"}
    assert complaints == [("/z/sub/db.one.test", "one.test. is read from /z/db.one.test already")]


def test_a_file_that_is_found_by_two_ways_is_one() -> None:
    found = [("/z/db.one.test", signature(1)), ("/z/link/db.one.test", signature(1))]
    assert whole(contents(OPTIONS, found)).complaints == []


def test_a_large_folder_is_looked_through_in_steps() -> None:
    found = [(f"/z/db.{i}.test", signature(i)) for i in range(1000)]
    assert sum(1 for _ in contents(OPTIONS, found)) == 20
