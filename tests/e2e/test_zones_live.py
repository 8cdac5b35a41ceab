"""A zone's file changes under pydns in all the ways that files do, while dig asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.live import Live
from tests.e2e.programs import serving
from tests.pydns.zone.files import master, replace

COREFILE = """example.org {{
    bind 127.0.0.1
    cache
    file {path}
}}
example.net {{
    bind 127.0.0.1
    file {path}
}}
"""


@pytest.fixture
def live(port: int, corefile: Path, tmp_path: Path) -> Iterator[Live]:
    path = tmp_path / "db"
    path.write_text(master(1, "www A 192.0.2.1"))
    corefile.write_text(COREFILE.format(path=path))
    with serving(corefile, port) as program:
        found = Live(program, port, path, "www.example.org")
        found.answers(["192.0.2.1"])
        yield found


TWO = master(2, "www A 192.0.2.1", "www A 192.0.2.2")


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("www A 192.0.2.2\n")


def remove_and_write(path: Path) -> None:
    path.unlink()
    path.write_text(TWO)


def link(path: Path) -> None:
    path.with_name("other").write_text(TWO)
    path.with_name("link").symlink_to("other")
    path.with_name("link").replace(path)


@pytest.mark.parametrize(
    "change",
    [append, lambda path: path.write_text(TWO), lambda path: replace(path, TWO), remove_and_write, link],
    ids=["append", "rewrite", "replace", "remove", "link"],
)
def test_a_change_is_answered_in_all_its_zones(change: Callable[[Path], None], live: Live) -> None:
    change(live.path)
    live.answers(["192.0.2.1", "192.0.2.2"])
    live.answers(["192.0.2.1", "192.0.2.2"], "www.example.net")


def test_a_name_that_was_denied_comes_to_be(live: Live) -> None:
    live.answers([], "new.example.org", status="NXDOMAIN")
    replace(live.path, master(2, "*.new A 192.0.2.9"))
    live.answers([], "new.example.org")
    live.answers(["192.0.2.9"], "a.new.example.org")
    live.answers([], status="NXDOMAIN")


@pytest.mark.parametrize("spoil", [
    lambda path: path.write_text(""),
    lambda path: path.write_bytes(b"\0\xff" * 1000),
    lambda path: path.write_text(master(2, "www A 192.0.2.300")),
    lambda path: path.write_text("www 60 A 192.0.2.7\n"),
    lambda path: path.unlink(),
    lambda path: (path.unlink(), path.mkdir()),
], ids=["empty", "junk", "fault", "no SOA", "gone", "folder"])  # fmt: skip
def test_a_bad_file_leaves_the_last_good_zone(spoil: Callable[[Path], object], live: Live) -> None:
    since = len(live.program.lines)
    spoil(live.path)
    live.program.wait_for("the zone of serial 1 stays in force", since=since)
    live.answers(["192.0.2.1"])
    if live.path.is_dir():
        live.path.rmdir()
    replace(live.path, TWO)
    live.answers(["192.0.2.1", "192.0.2.2"])


def test_a_fault_is_told_with_its_place(live: Live) -> None:
    replace(live.path, master(2, "www A 192.0.2.1", "ftp A 192.0.2.300"))
    live.program.wait_for(f"{live.path}:5:7: ")


def test_a_serial_that_stays_is_told(live: Live) -> None:
    append(live.path)
    live.program.wait_for("its serial 1 has not")


def test_a_config_map_is_followed(port: int, corefile: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"data{number}").mkdir()
        (tmp_path / f"data{number}" / "db").write_text(master(number, f"www A 192.0.2.{number}"))
    (tmp_path / "..data").symlink_to("data1")
    (tmp_path / "db").symlink_to("..data/db")
    corefile.write_text(COREFILE.format(path=tmp_path / "db"))
    with serving(corefile, port) as program:
        found = Live(program, port, tmp_path / "db", "www.example.org")
        for number in (1, 2, 1, 2):
            (tmp_path / "..data_tmp").symlink_to(f"data{number}")
            (tmp_path / "..data_tmp").replace(tmp_path / "..data")
            found.answers([f"192.0.2.{number}"])


def test_a_set_too_large_for_a_datagram_comes_over_tcp(live: Live) -> None:
    replace(live.path, master(2, *(f"www A 192.0.2.{i}" for i in range(200))))
    live.answers(sorted(f"192.0.2.{i}" for i in range(200)))


def test_a_zone_is_answered_through_a_reload_of_the_corefile(live: Live, corefile: Path) -> None:
    live.path.unlink()  # so that it cannot be read again
    live.program.wait_for("stays in force")
    corefile.write_text(COREFILE.format(path=live.path).replace("cache", "errors"))
    live.program.process.send_signal(10)
    live.program.wait_for("Reloading complete")
    live.answers(["192.0.2.1"])
