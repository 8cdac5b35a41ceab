"""A hosts file changes under pydns in all the ways that files do, while dig asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.live import Live
from tests.e2e.programs import dig, installed, nsd, serving

COREFILE = """. {{
    bind 127.0.0.1
    hosts {path} {{
        fallthrough
    }}
    whoami
}}
"""


@pytest.fixture
def live(port: int, corefile: Path, tmp_path: Path) -> Iterator[Live]:
    path = tmp_path / "hosts"
    path.write_text("192.0.2.1 a.example.org\n")
    corefile.write_text(COREFILE.format(path=path))
    with serving(corefile, port) as program:
        found = Live(program, port, path, "a.example.org")
        found.answers(["192.0.2.1"])
        yield found


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("192.0.2.2 a.example.org\n")


def rewrite(path: Path) -> None:
    path.write_text("192.0.2.1 a.example.org\n192.0.2.2 a.example.org\n")


def replace(path: Path) -> None:
    rewrite(path.with_name("new"))
    path.with_name("new").replace(path)


def remove_and_write(path: Path) -> None:
    path.unlink()
    rewrite(path)


def link(path: Path) -> None:
    rewrite(path.with_name("other"))
    path.with_name("link").symlink_to("other")
    path.with_name("link").replace(path)


@pytest.mark.parametrize("change", [append, rewrite, replace, remove_and_write, link])
def test_a_change_is_answered(change: Callable[[Path], None], live: Live) -> None:
    change(live.path)
    live.answers(["192.0.2.1", "192.0.2.2"])


def test_a_change_back_is_answered(live: Live) -> None:
    for _ in range(3):
        replace(live.path)
        live.answers(["192.0.2.1", "192.0.2.2"])
        live.path.write_text("192.0.2.1 a.example.org\n")
        live.answers(["192.0.2.1"])


def test_an_address_that_moved_is_answered_under_its_new_name(live: Live) -> None:
    live.answers(["a.example.org."], "1.2.0.192.in-addr.arpa", "PTR")
    live.path.write_text("192.0.2.1 b.example.org\n")
    live.answers(["b.example.org."], "1.2.0.192.in-addr.arpa", "PTR")
    live.answers([])


@pytest.mark.parametrize("spoil", [
    lambda path: path.write_text(""),
    lambda path: path.write_bytes(b"\0\xff" * 1000),
    lambda path: path.write_text("nonsense a.example.org\n"),
    lambda path: path.unlink(),
    lambda path: (path.unlink(), path.mkdir()),
], ids=["empty", "junk", "nonsense", "gone", "folder"])  # fmt: skip
def test_a_file_that_cannot_be_meant_leaves_the_last_good_one(spoil: Callable[[Path], object], live: Live) -> None:
    since = len(live.program.lines)
    spoil(live.path)
    live.program.wait_for("WARNING", since=since)
    live.answers(["192.0.2.1"])
    if live.path.is_dir():
        live.path.rmdir()
    rewrite(live.path)
    live.answers(["192.0.2.1", "192.0.2.2"])


def test_a_file_of_comments_alone_is_meant_to_name_nobody(live: Live) -> None:
    live.path.write_text("# 192.0.2.1 a.example.org\n")
    live.answers([])


def test_a_bad_line_is_told_with_its_place_and_the_others_hold(live: Live) -> None:
    live.path.write_text("192.0.2.1 a.example.org\n192.0.2.300 b.example.org\n192.0.2.3 c.example.org\n")
    live.program.wait_for(f"{live.path}:2")
    live.answers(["192.0.2.3"], "c.example.org")
    live.answers(["192.0.2.1"])


def test_a_config_map_is_followed(port: int, corefile: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"data{number}").mkdir()
        (tmp_path / f"data{number}" / "hosts").write_text(f"192.0.2.{number} a.example.org\n")
    (tmp_path / "..data").symlink_to("data1")
    (tmp_path / "hosts").symlink_to("..data/hosts")
    corefile.write_text(COREFILE.format(path=tmp_path / "hosts"))
    with serving(corefile, port) as program:
        found = Live(program, port, tmp_path / "hosts", "a.example.org")
        for number in (1, 2, 1, 2):
            (tmp_path / "..data_tmp").symlink_to(f"data{number}")
            (tmp_path / "..data_tmp").replace(tmp_path / "..data")
            found.answers([f"192.0.2.{number}"])


# What a cache above the file has kept of an upstream's answers.

CACHED = """. {{
    bind 127.0.0.1
    cache
    hosts {path} {{
        fallthrough
    }}
    forward . 127.0.0.1:{upstream}
}}
"""


@pytest.fixture
def upstream(tmp_path: Path, port: int) -> Iterator[int]:
    if installed("nsd") is None:
        pytest.skip("nsd is not installed")
    number = port - 1 if port > 1024 else port + 1
    with nsd(tmp_path / "nsd", number):
        yield number


@pytest.mark.parametrize(("name", "status", "line", "type_", "data"), [
    ("new.example.org", "NXDOMAIN", "192.0.2.9 new.example.org", "A", "192.0.2.9"),
    ("www.example.org", "NOERROR", "2001:db8::9 www.example.org", "AAAA", "2001:db8::9"),
    ("a.b.new.example.org", "NXDOMAIN", "192.0.2.9 a.b.new.example.org", "A", "192.0.2.9"),
])  # fmt: skip
def test_a_denial_that_was_cached_ends_with_a_line_in_the_file(
    name: str, status: str, line: str, type_: str, data: str, port: int, corefile: Path, tmp_path: Path, upstream: int
) -> None:
    path = tmp_path / "hosts"
    path.write_text("192.0.2.1 a.example.org\n")
    corefile.write_text(CACHED.format(path=path, upstream=upstream))
    with serving(corefile, port) as program:
        for _ in range(3):  # kept by the cache, and then as a whole packet
            denial = dig(port, name, type_)
            assert (denial.status, denial.data) == (status, [])
        with path.open("a") as file:
            file.write(line + "\n")
        Live(program, port, path, "a.example.org").answers([data], name, type_)


def test_an_upstreams_answer_that_was_cached_ends_with_a_line_in_the_file(
    port: int, corefile: Path, tmp_path: Path, upstream: int
) -> None:
    path = tmp_path / "hosts"
    path.write_text("192.0.2.1 a.example.org\n")
    corefile.write_text(CACHED.format(path=path, upstream=upstream))
    with serving(corefile, port) as program:
        found = Live(program, port, path, "a.example.org")
        for _ in range(3):
            found.answers(["192.0.2.1"], "www.example.org")
        path.write_text("192.0.2.1 a.example.org\n192.0.2.9 www.example.org\n")
        found.answers(["192.0.2.9"], "www.example.org")
        path.write_text("192.0.2.1 a.example.org\n")
        found.answers(["192.0.2.1"], "www.example.org")
