"""NSD, Knot and BIND as primaries of pydns."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.multisocket import workers
from tests.e2e.programs import Program, dig, free_port, serving, until
from tests.peers.all import PEERS
from tests.peers.knot import Knot
from tests.peers.peer import Peer
from tests.peers.zones import KEY, Key, PeerZone, Remote

ZONE = """\
$TTL 300
@ SOA ns hostmaster {serial} 7200 3600 {expire} 300
@ NS ns
ns A 127.0.0.1
www A 192.0.2.{serial}
"""
TSIG = f"tsig {{\n secret {KEY.name} {KEY.secret}\n}}"
every_peer = pytest.mark.parametrize("kind", PEERS.values(), ids=PEERS)


def text(serial: int, expire: int = 1_209_600) -> str:
    return ZONE.format(serial=serial, expire=expire)


class Site:
    """A primary and pydns as its secondary, both on ports of their own."""

    def __init__(self, folder: Path, kind: type[Peer], key: Key | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.key = key
        self.peer = kind(folder, free_port(), [PeerZone("example.org", text(1), secondaries=[Remote(self.port, key)])])

    @contextmanager
    def secondary(self, *options: str, zones: str = "example.org", block: str = "") -> Iterator[Program]:
        signed = f" key {KEY.name}" if self.key else ""
        lines = (f"transfer from 127.0.0.1:{self.peer.port}{signed}", f"directory {self.folder}/kept", *options)
        inner = "\n ".join(lines)
        corefile = self.folder / "Corefile"
        corefile.write_text(
            f"{zones} {{\n bind 127.0.0.1\n errors\n {TSIG if self.key else ''}\n {block}\n"
            f" secondary {zones.split()[0]} {{\n {inner}\n }}\n}}\n"
        )
        with serving(corefile, self.port) as program:
            yield program

    def www(self) -> list[str]:
        return dig(self.port, "www.example.org").data

    def until_www(self, last: int) -> None:
        until(self.www, lambda data: data == [f"192.0.2.{last}"])


@every_peer
@pytest.mark.parametrize("key", [None, KEY], ids=["unsigned", "signed"])
def test_a_change_is_carried_by_notify(kind: type[Peer], key: Key | None, tmp_path: Path) -> None:
    site = Site(tmp_path, kind, key)
    with site.peer, site.secondary() as program:
        site.until_www(1)
        site.peer.rewrite("example.org", text(2))
        site.peer.wait_for_serial("example.org", 2)
        began = time.monotonic()
        site.until_www(2)
        assert time.monotonic() - began < 10  # it takes less than 2 where nothing else runs; polling would take hours
        program.wait_for("serial 2 from 127.0.0.1")


@every_peer
def test_a_zone_outlives_its_primary_and_a_restart(kind: type[Peer], tmp_path: Path) -> None:
    site = Site(tmp_path, kind)
    with site.peer, site.secondary():
        site.until_www(1)
        until((tmp_path / "kept/example.org.zone").exists, bool)
    with site.secondary() as program:
        site.until_www(1)
        program.wait_for("serial 1 from disk")
    site.peer.zones["example.org"] = site.peer.zones["example.org"]._replace(text=text(2))
    with site.secondary(), site.peer:  # it is tried again, and NOTIFY comes at its start
        site.until_www(2)


@every_peer
def test_of_a_large_zone_many_messages_come_and_then_what_changed(kind: type[Peer], tmp_path: Path) -> None:
    site = Site(tmp_path, kind, KEY)  # not each of so many is signed
    many = "".join(f"n{i} A 192.0.2.9\n" for i in range(20_000))
    site.peer.zones["example.org"] = site.peer.zones["example.org"]._replace(text=text(1) + many)
    with site.peer, site.secondary() as program:
        program.wait_for("20005 records")
        site.peer.rewrite("example.org", text(2) + many)
        site.until_www(2)
        assert "by IXFR: 6 records" in program.wait_for("serial 2 from")


def test_an_unsigned_question_is_refused_and_told(tmp_path: Path) -> None:
    site = Site(tmp_path, Knot, KEY)
    site.key = None
    with site.peer, site.secondary() as program:
        program.wait_for("example.org.: no primary gives it")
        answer = dig(site.port, "www.example.org")
        assert (answer.status, [code for code, _ in answer.errors]) == ("SERVFAIL", [14])


def test_several_processes_are_one_secondary(tmp_path: Path) -> None:
    site = Site(tmp_path, Knot)
    with site.peer, site.secondary(block="multisocket 2") as program:
        for last in (1, 2):
            for _ in range(10):
                site.until_www(last)  # of both, as chance has it
            if last == 1:
                site.peer.rewrite("example.org", text(2))
                until(lambda: {tuple(site.www()) for _ in range(20)}, lambda found: found == {("192.0.2.2",)})
        assert program.count("by AXFR") == 1
        assert program.count("by IXFR") == 1


def test_what_came_by_ixfr_is_given_on_by_ixfr(tmp_path: Path) -> None:
    site = Site(tmp_path, Knot)
    many = "".join(f"n{i} A 192.0.2.9\n" for i in range(100))  # a small zone is given whole
    site.peer.zones["example.org"] = site.peer.zones["example.org"]._replace(text=text(1) + many)
    with site.peer, site.secondary(block="transfer {\n to *\n }"):
        site.until_www(1)
        site.peer.rewrite("example.org", text(2) + many)
        site.until_www(2)
        words = ("dig", "@127.0.0.1", "-p", str(site.port), "+noall", "+answer", "example.org", "IXFR=1")
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
        said = [line.split()[3:] for line in lines]
        assert [(type_, data[2] if type_ == "SOA" else data[0]) for type_, *data in said] == [
            ("SOA", "2"),
            ("SOA", "1"),
            ("A", "192.0.2.1"),
            ("SOA", "2"),
            ("A", "192.0.2.2"),
            ("SOA", "2"),
        ]


def test_another_process_takes_the_place_of_the_one_that_asked(tmp_path: Path) -> None:
    site = Site(tmp_path, Knot)
    with site.peer, site.secondary(block="multisocket 2") as program:
        site.until_www(1)
        until((tmp_path / "kept/example.org.zone").exists, bool)
        for last, worker in enumerate(workers(program), 2):  # one of them asks, whichever
            os.kill(worker, signal.SIGKILL)
            until(lambda: workers(program), lambda found, worker=worker: len(found) == 2 and worker not in found)  # type: ignore[misc]
            site.until_www(last - 1)
            site.peer.rewrite("example.org", text(last))
            wanted = {(f"192.0.2.{last}",)}
            until(lambda: {tuple(site.www()) for _ in range(10)}, lambda found, wanted=wanted: found == wanted)  # type: ignore[misc]
