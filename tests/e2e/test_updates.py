"""nsupdate and knsupdate change a zone; the server is killed in between; a secondary follows."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.rcode
import dns.tsig
import dns.update
import pytest

from tests.e2e.programs import PATIENCE, Program, dig, free_port, installed, serving, until
from tests.e2e.updating import KEYRING, Send, Senders, by_dnspython, by_nsupdate, lacking, pair, whole
from tests.peers.all import PEERS
from tests.peers.zones import KEY, Key, PeerZone, Remote

ORIGIN = "example.org"
OWN = Key("host.example.org", KEY.secret)
COREFILE = """{origin}:{port} {{
    bind 127.0.0.1
    {block}
    file {folder}/zone {origin} {{
        update key {key.name}
        update key {own.name} self A AAAA
    }}
    tsig {{
        secret {key.name} {key.secret} {key.algorithm}
        secret {own.name} {own.secret}
    }}
    transfer {{
        to {to}
    }}
}}
"""
ZONE = "$TTL 300\n@ SOA ns hostmaster 1 7200 3600 1209600 300\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.1\n"


@contextmanager
def primary(folder: Path, port: int, *, to: str = "*", block: str = "") -> Iterator[Program]:
    """pydns with the zone, which it makes where it is not there yet."""
    if not (folder / "zone").exists():
        (folder / "zone").write_text(ZONE)
    words = {"origin": ORIGIN, "port": port, "folder": folder, "key": KEY, "own": OWN}
    (folder / "Corefile").write_text(COREFILE.format(**words, to=to, block=block))
    with serving(folder / "Corefile", port) as program:
        yield program


def nsupdate(port: int, *lines: str, key: Key | None = KEY, program: str = "nsupdate") -> str:
    """What it says; nothing where all is well."""
    if installed(program) is None:
        pytest.skip(f"{program} is not installed")
    words = [program, *(["-y", key.for_dig] if key else []), "-t", "8"]
    if program == "knsupdate":
        words.append("-v")  # over TCP: it does not go there by itself, however long the message
    given = "\n".join((f"server 127.0.0.1 {port}", f"zone {ORIGIN}.", *lines, "send", ""))
    done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    found = free_port()
    with primary(tmp_path, found):
        yield found


@pytest.mark.parametrize("program", ["nsupdate", "knsupdate"])
@pytest.mark.parametrize("count", [0, 300])
def test_a_change_is_answered_at_once(program: str, count: int, port: int) -> None:
    many = [f"update add a{i}.{ORIGIN}. 60 TXT {'x' * 100}" for i in range(count)]
    assert nsupdate(port, *many, f"update add new.{ORIGIN}. 60 A 192.0.2.9", program=program) == ""
    assert dig(port, f"new.{ORIGIN}").data == ["192.0.2.9"]
    assert nsupdate(port, f"update delete new.{ORIGIN}. A", program=program) == ""
    assert dig(port, f"new.{ORIGIN}").status == "NXDOMAIN"
    assert dig(port, ORIGIN, "SOA").data[0].split()[2] == "3"


@pytest.mark.parametrize(
    ("line", "rcode"),
    [
        (f"prereq nxdomain www.{ORIGIN}.", "YXDOMAIN"),
        (f"prereq yxdomain nobody.{ORIGIN}.", "NXDOMAIN"),
        (f"prereq nxrrset www.{ORIGIN}. A", "YXRRSET"),
        (f"prereq yxrrset www.{ORIGIN}. AAAA", "NXRRSET"),
        (f"prereq yxrrset www.{ORIGIN}. A 192.0.2.7", "NXRRSET"),
        ("update add www.example.com. 60 A 192.0.2.1", "NOTZONE"),
    ],
)
@pytest.mark.parametrize("program", ["nsupdate", "knsupdate"])
def test_a_failure_has_its_rcode(line: str, rcode: str, program: str, port: int) -> None:
    said = nsupdate(port, line, f"update add new.{ORIGIN}. 60 A 192.0.2.9", program=program)
    assert rcode in said.replace("'", " ").upper()
    assert dig(port, f"new.{ORIGIN}").status == "NXDOMAIN"


@pytest.mark.parametrize(
    ("key", "rcode"),
    [
        (None, "REFUSED"),
        (Key("other.example", KEY.secret), "NOTAUTH|BADKEY"),
        (Key(KEY.name, "YWJj"), "NOTAUTH|BADSIG"),
    ],
)
def test_who_may_not(key: Key | None, rcode: str, port: int) -> None:
    assert re.search(rcode, nsupdate(port, f"update add new.{ORIGIN}. 60 A 192.0.2.9", key=key))
    assert dig(port, f"new.{ORIGIN}").status == "NXDOMAIN"


def test_a_key_of_one_name(port: int) -> None:
    assert nsupdate(port, f"update add {OWN.name}. 60 A 192.0.2.9", key=OWN) == ""
    assert "REFUSED" in nsupdate(port, f"update add {OWN.name}. 60 TXT x", key=OWN)
    assert "REFUSED" in nsupdate(port, f"update delete www.{ORIGIN}. A", key=OWN)
    assert dig(port, f"www.{ORIGIN}").data == ["192.0.2.1"]


def test_many_at_once(port: int) -> None:
    said: list[str] = []

    def go(number: int) -> None:
        said.extend(nsupdate(port, f"update add m{number}-{i}.{ORIGIN}. 60 A 192.0.2.{i}") for i in range(10))

    threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert said == [""] * 40
    assert all(dig(port, f"m{number}-9.{ORIGIN}").data == ["192.0.2.9"] for number in range(4))
    assert dig(port, ORIGIN, "SOA").data[0].split()[2] == "41"


def test_a_long_one_over_udp(port: int) -> None:
    """As external-dns sends its 50 changes."""
    names = [f"service-{i}" for i in range(50)]
    assert by_dnspython(port, ORIGIN, (f"{'x' * 60}.{'y' * 60}.{name}" for name in names))
    assert dig(port, f"{'x' * 60}.{'y' * 60}.service-49.{ORIGIN}").data == ["192.0.2.1"]
    assert dig(port, ORIGIN, "SOA").data[0].split()[2] == "2"


def test_one_that_comes_again_is_answered_as_before_and_not_done_again(port: int) -> None:
    """Its sender had no answer; or somebody overheard it."""
    message = dns.update.UpdateMessage(ORIGIN, keyring=KEYRING, keyalgorithm=dns.tsig.HMAC_SHA256)
    message.absent("new")
    message.add("new", 60, "A", "192.0.2.9")
    wire = message.to_wire()
    assert [rcode_of(wire, port) for _ in range(2)] == [dns.rcode.NOERROR] * 2
    assert nsupdate(port, f"update delete new.{ORIGIN}.") == ""
    assert rcode_of(wire, port) == dns.rcode.NOERROR
    assert dig(port, f"new.{ORIGIN}").status == "NXDOMAIN"


def rcode_of(wire: bytes, port: int) -> int:
    """Of the answer to an UPDATE message that is sent as it is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE)
        asking.connect(("127.0.0.1", port))
        asking.send(wire)
        return asking.recv(65_535)[3] & 15


def test_the_log_tells_of_each(tmp_path: Path) -> None:
    port = free_port()
    with primary(tmp_path, port) as program:
        nsupdate(port, f"update add new.{ORIGIN}. 60 A 192.0.2.9")
        program.wait_for("example.org.: key key.example. from 127.0.0.1: +1 -0, serial 2")
        nsupdate(port, f"update add new.{ORIGIN}. 60 A 192.0.2.9", key=None)
        program.wait_for("update from 127.0.0.1: REFUSED: an update wants a signature")


def test_without_the_option_nobody_takes_updates(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "zone").write_text(ZONE)
    (tmp_path / "Corefile").write_text(f"{ORIGIN}:{port} {{\n bind 127.0.0.1\n file {tmp_path}/zone\n}}\n")
    with serving(tmp_path / "Corefile", port):
        assert "NOTIMP" in nsupdate(port, f"update add new.{ORIGIN}. 60 A 192.0.2.9", key=None)


@pytest.mark.parametrize("send", [by_nsupdate, by_dnspython])
def test_what_was_answered_is_there_whenever_the_server_is_killed(send: Send, tmp_path: Path) -> None:
    """At moments between the first updates and some writings of the file."""
    port = free_port()
    done: list[str] = []
    for round_, seconds in enumerate((0.3, 1.0, 0.6, 5.3, 0.2, 5.1)):
        with primary(tmp_path, port) as program:
            there = names_of(port)
            assert not lacking(done, there)
            assert whole(there)
            with Senders(send, port, ORIGIN, f"r{round_}") as senders:
                senders.wait_for(1)
                time.sleep(seconds)
                program.send(signal.SIGKILL)
                senders.join()
            assert program.wait() == -signal.SIGKILL
        done += senders.done
    with primary(tmp_path, port):
        there = names_of(port)
        assert not lacking(done, there)
        assert whole(there)
    assert len(done) > 20
    assert dig_check(tmp_path / "zone")


def dig_check(path: Path) -> bool:
    """named-checkzone takes the file that was written."""
    program = installed("named-checkzone")
    if program is None:
        return True
    return subprocess.run([program, "-q", ORIGIN, str(path)], check=False).returncode == 0


def names_of(port: int) -> set[str]:
    """What stands before the zone's name in all the names below it."""
    return set(re.findall(rf"^(\S+)\.{ORIGIN}\.\s", transferred(port), re.MULTILINE))


def transferred(port: int) -> str:
    """The whole zone. A server that has just started may not have it yet, and says SERVFAIL until then."""
    command = ("dig", "@127.0.0.1", "-p", str(port), "+tries=1", "+time=8", ORIGIN, "AXFR")
    return until(
        lambda: subprocess.run(command, capture_output=True, text=True, check=False).stdout,
        lambda text: "Transfer failed" not in text and "SOA" in text,
    )


@pytest.mark.parametrize("kind", ["bind", "knot", "nsd"])
def test_a_secondary_follows_by_ixfr_through_a_restart(kind: str, tmp_path: Path) -> None:
    ours, theirs = free_port(), free_port()
    secondary = PEERS[kind](tmp_path, theirs, [PeerZone(ORIGIN, primaries=[Remote(ours)])])
    with primary(tmp_path, ours, to=f"127.0.0.1:{theirs}") as program, secondary:
        secondary.wait_for_serial(ORIGIN, 1)
        for serial in (2, 3):
            assert nsupdate(ours, f"update add new{serial}.{ORIGIN}. 60 A 192.0.2.{serial}") == ""
            secondary.wait_for_serial(ORIGIN, serial)
        program.wait_for("IXFR of example.org. 3 to 127.0.0.1")
        program.send(signal.SIGKILL)
        program.wait()
        with primary(tmp_path, ours, to=f"127.0.0.1:{theirs}") as again:
            assert nsupdate(ours, f"update add new4.{ORIGIN}. 60 A 192.0.2.4") == ""
            secondary.wait_for_serial(ORIGIN, 4)
            again.wait_for("IXFR of example.org. 4 to 127.0.0.1")
            assert "(the whole zone)" not in again.output
        assert dig(theirs, f"new4.{ORIGIN}").data == ["192.0.2.4"]


def test_several_processes_take_updates_and_all_have_them(tmp_path: Path) -> None:
    port = free_port()
    with primary(tmp_path, port, block="multisocket 2"):
        for i in range(20):  # whichever process it comes to
            assert nsupdate(port, f"update add p{i}.{ORIGIN}. 60 A 192.0.2.{i}") == ""
            asked = time.monotonic()
            until(
                lambda i=i: [dig(port, f"p{i}.{ORIGIN}").data for _ in range(6)],  # type: ignore[misc]  # bound at once
                lambda found, i=i: found == [[f"192.0.2.{i}"]] * 6,  # type: ignore[misc]
                2.0,
            )
            assert time.monotonic() - asked < 2.0
        assert dig(port, ORIGIN, "SOA").data[0].split()[2] == "21"


def test_of_several_processes_the_one_that_takes_updates_dies(tmp_path: Path) -> None:
    from tests.e2e.multisocket import workers  # its own module reads /proc

    port = free_port()
    with primary(tmp_path, port, block="multisocket 2") as program:
        assert nsupdate(port, f"update add a.{ORIGIN}. 60 A 192.0.2.1") == ""
        first = min(workers(program))
        subprocess.run(["kill", "-9", str(first)], check=True)
        until(lambda: nsupdate(port, f"update add b.{ORIGIN}. 60 A 192.0.2.2"), lambda said: said == "", 30.0)
        until(
            lambda: [dig(port, f"{name}.{ORIGIN}").data for name in "ab" for _ in range(4)],
            lambda found: found == [["192.0.2.1"]] * 4 + [["192.0.2.2"]] * 4,
        )


def test_reloads_of_the_corefile_lose_nothing(tmp_path: Path) -> None:
    """From one process to two and back, while updates come."""
    port = free_port()
    with primary(tmp_path, port) as program:
        text = (tmp_path / "Corefile").read_text()
        with Senders(by_nsupdate, port, ORIGIN, "r", goes_on=True) as senders:
            for block in ("errors", "multisocket 2", "multisocket 2\n    errors", "", "log"):
                since, count = len(program.lines), len(senders.done)
                (tmp_path / "Corefile").write_text(text.replace("bind 127.0.0.1", f"bind 127.0.0.1\n    {block}"))
                program.send(signal.SIGUSR1)
                program.wait_for("Reloading complete", since=since)
                senders.wait_for(count + 6)
        assert not lacking(senders.done, names_of(port))
        last = [f"{name}.{ORIGIN}" for update in senders.done[-3:] for name in pair(update)]
        assert all(dig(port, name).data == ["192.0.2.1"] for name in last * 3)
