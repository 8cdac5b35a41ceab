"""The Corefile changes while pydns runs, and nobody who asks meanwhile is let down."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.programs import Program, dig, installed, pydns, serving, until

GOOD = """. {{
    bind 127.0.0.1
    reload 2s 0
    hosts {{
        192.0.2.{number} example.org
    }}
}}
"""
FOLLOWED = GOOD.format(number=1)
BROKEN = (
    FOLLOWED.replace("hosts", "host"),
    FOLLOWED[: FOLLOWED.index("example")],
    FOLLOWED.replace("192.0.2.1", "192.0.2.300 x\n tll 5"),
    "",
    "\0",
    FOLLOWED + FOLLOWED,
    "tls://" + FOLLOWED,
    FOLLOWED.replace("reload 2s", "reload 1s"),
    FOLLOWED.replace("127.0.0.1", "192.0.2.77"),
    "import nothing\n" + FOLLOWED,
)


def replace(path: Path, text: str) -> None:
    """As editors do: written beside, and renamed over it."""
    beside = path.with_name("new")
    beside.write_text(text)
    beside.replace(path)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_reloads(number: signal.Signals, port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED.replace("reload 2s 0", ""))
    with serving(corefile, port) as program:
        corefile.write_text(GOOD.format(number=2))
        program.send(number)
        program.wait_for("Reloading complete")
        assert dig(port, "example.org").data == ["192.0.2.2"]


@pytest.mark.parametrize("write", [Path.write_text, replace])
def test_a_changed_file_is_taken_up(write: object, port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED)
    with serving(corefile, port) as program:
        assert callable(write)
        write(corefile, GOOD.format(number=2))
        program.wait_for("Reloading complete")
        assert dig(port, "example.org").data == ["192.0.2.2"]


def test_a_config_map_is_taken_up(port: int, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"data{number}").mkdir()
        (tmp_path / f"data{number}" / "Corefile").write_text(GOOD.format(number=number))
    (tmp_path / "..data").symlink_to("data1")
    (tmp_path / "Corefile").symlink_to("..data/Corefile")
    with serving(tmp_path / "Corefile", port) as program:
        (tmp_path / "..data_tmp").symlink_to("data2")
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")
        program.wait_for("Reloading complete")
        assert dig(port, "example.org").data == ["192.0.2.2"]


def test_a_missing_corefile_leaves_the_old_one_running(port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED)
    with pydns("-p", str(port), folder=corefile.parent) as program:
        program.wait_for("pydns-")
        corefile.unlink()
        program.wait_for("Reload failed, the old configuration runs on: Corefile:1:1: cannot read Corefile")
        assert dig(port, "example.org").data == ["192.0.2.1"]
        corefile.write_text(GOOD.format(number=2))
        program.wait_for("Reloading complete")
        assert dig(port, "example.org").data == ["192.0.2.2"]


def test_an_unchanged_file_reloads_nothing(port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED)
    with serving(corefile, port) as program:
        corefile.write_text("# other words, the same meaning\n" + FOLLOWED)
        since = len(program.lines)
        corefile.write_text(GOOD.format(number=2))
        program.wait_for("Reloading complete", since=since)
        assert program.count("Reloading complete") == 1


def test_a_port_that_is_taken_is_tried_again_until_it_is_free(port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED)
    with socket.socket(type=socket.SOCK_DGRAM) as taken, serving(corefile, port) as program:
        taken.bind(("127.0.0.1", 0))
        other = taken.getsockname()[1]
        corefile.write_text(GOOD.format(number=2).replace(". {", f".:{port} .:{other} {{"))
        program.wait_for(f"Reload failed, the old configuration runs on: cannot listen on 127.0.0.1:{other}")
        assert dig(port, "example.org").data == ["192.0.2.1"]
        taken.close()
        program.wait_for("Reloading complete")
        assert [dig(number, "example.org").data for number in (port, other)] == [["192.0.2.2"]] * 2


def test_an_address_that_is_removed_is_closed(port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED.replace("bind 127.0.0.1", "bind 127.0.0.1 127.0.0.2"))
    with serving(corefile, port) as program:
        assert dig(port, "example.org", host="127.0.0.2").data == ["192.0.2.1"]
        corefile.write_text(FOLLOWED)
        program.wait_for("Reloading complete")
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            until(lambda: _binds(other, ("127.0.0.2", port)), bool)


def _binds(sock: socket.socket, address: tuple[str, int]) -> bool:
    try:
        sock.bind(address)
    except OSError:
        return False
    return True


def test_a_storm_of_signals_does_no_harm(port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED)
    with serving(corefile, port) as program:
        for number in range(200):
            program.send(signal.SIGHUP if number % 2 else signal.SIGUSR1)
            if number % 50 == 0:
                assert dig(port, "example.org").data == ["192.0.2.1"]
        corefile.write_text(GOOD.format(number=2))
        program.send(signal.SIGHUP)
        until(lambda: dig(port, "example.org").data, lambda data: data == ["192.0.2.2"])
        program.send(signal.SIGTERM)
        assert program.wait() == 0


def test_the_end_may_come_during_a_reload(port: int, corefile: Path) -> None:
    corefile.write_text(FOLLOWED)
    with serving(corefile, port) as program:
        program.send(signal.SIGHUP)
        program.send(signal.SIGTERM)
        assert program.wait() == 0
        assert "Traceback" not in program.output


def test_a_corefile_that_cannot_be_read_to_its_end_holds_nothing_up(port: int, tmp_path: Path, corefile: Path) -> None:
    """A FIFO that nobody writes to stands for a file system that hangs."""
    corefile.write_text(FOLLOWED)
    with serving(corefile, port) as program:
        os.mkfifo(tmp_path / "new")
        (tmp_path / "new").replace(corefile)
        program.send(signal.SIGHUP)
        program.wait_for("SIGHUP: Reloading")
        assert dig(port, "example.org").data == ["192.0.2.1"]
        program.send(signal.SIGTERM)
        assert program.wait() == 0


@contextmanager
def load(port: int, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """dnsperf, asking 2,000 times a second until it is interrupted, for a minute at most."""
    command = installed("dnsperf")
    if command is None:
        pytest.skip("dnsperf is not installed")
    (folder / "queries").write_text("example.org A\nExample.ORG A\nexample.org AAAA\n")
    words = ("-s", "127.0.0.1", "-p", str(port), "-d", str(folder / "queries"), "-Q", "2000", "-l", "60", "-t", "5")
    process = subprocess.Popen((command, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(15)


def number_of(what: str, text: str) -> int:
    found = re.search(rf"{what}:\s+(\d+)", text)
    assert found is not None, text
    return int(found[1])


def test_no_query_is_lost_while_the_corefile_is_changed_broken_and_mended(
    port: int, corefile: Path, tmp_path: Path
) -> None:
    corefile.write_text(GOOD.format(number=200))
    with serving(corefile, port) as program, load(port, tmp_path) as queries:
        for number, broken in enumerate(BROKEN):
            change(program, corefile, GOOD.format(number=number), "Reloading complete")
            change(program, corefile, broken, "Reload failed")
            change(program, corefile, GOOD.format(number=100 + number), "Reloading complete")
            assert dig(port, "example.org").data == [f"192.0.2.{100 + number}"]
        queries.send_signal(signal.SIGINT)
        text = queries.communicate(timeout=20)[0]
    sent = number_of("Queries sent", text)
    assert sent > 1000
    assert number_of("Queries lost", text) == 0
    assert re.search(r"Response codes:\s+NOERROR (\d+) \(100.00%\)", text), text
    # Those under way in the moment of the interrupt were neither answered nor lost.
    under_way = number_of("Queries interrupted", text) if "Queries interrupted" in text else 0
    assert number_of("Queries completed", text) + under_way == sent


def change(program: Program, corefile: Path, text: str, line: str) -> None:
    since = len(program.lines)
    replace(corefile, text)
    program.wait_for(line, since=since)
