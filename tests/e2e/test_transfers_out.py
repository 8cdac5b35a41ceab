"""NSD, Knot and BIND as secondaries of us: the whole zone, then each change, which NOTIFY tells them of."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import Program, dig, free_port, serving, until
from tests.peers.all import PEERS
from tests.peers.peer import Peer
from tests.peers.zones import KEY, Key, PeerZone, Remote

ORIGIN = "example.org"
COREFILE = """{origin}:{port} {{
    bind 127.0.0.1
    {block}
    file {folder}/zone {origin}
    tsig {{
        secret {key.name} {key.secret} {key.algorithm}
    }}
    transfer {{
        to {to}
        {more}
    }}
}}
"""
KEYS = [
    pytest.param(None, id="unsigned"),
    pytest.param(KEY, id="signed"),
    pytest.param(Key("other.example", KEY.secret, "hmac-sha512"), id="sha512"),
]


def zone(serial: int, *lines: str) -> str:
    head = f"$TTL 300\n@ SOA ns hostmaster {serial} 7200 3600 1209600 300\n@ NS ns\nns A 127.0.0.1\n"
    many = "\n".join(f"host{i} A 192.0.2.{i % 250}" for i in range(2500))  # several messages
    return head + many + "\n" + "\n".join(lines) + "\n"


class Primary:
    """pydns with the zone."""

    def __init__(
        self, folder: Path, port: int, to: str, key: Key | None = None, *, more: str = "", block: str = ""
    ) -> None:
        self.folder = folder
        self.port = port
        self.write(zone(1, "old A 192.0.2.1"))
        words = {"origin": ORIGIN, "port": port, "folder": folder, "key": key or KEY}
        text = COREFILE.format(**words, to=to, more=more, block=block)
        (folder / "Corefile").write_text(text)

    def write(self, text: str) -> None:
        (self.folder / "new").write_text(text)
        os.replace(self.folder / "new", self.folder / "zone")


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", PEERS.values(), ids=PEERS)
def test_a_secondary_has_the_zone_and_each_change(
    kind: type[Peer], key: Key | None, ports: tuple[int, int], tmp_path: Path
) -> None:
    ours, theirs = ports
    signed = f" key {key.name}" if key else ""
    primary = Primary(tmp_path, ours, f"127.0.0.1:{theirs}{signed}", key)
    secondary = kind(tmp_path, theirs, [PeerZone(ORIGIN, primaries=[Remote(ours, key)])])
    with serving(tmp_path / "Corefile", ours) as pydns, secondary:
        secondary.wait_for_serial(ORIGIN, 1)
        assert dig(theirs, f"host2499.{ORIGIN}").data == ["192.0.2.249"]
        pydns.wait_for("AXFR of example.org. 1")
        for serial in (2, 3, 4):
            primary.write(zone(serial, f"new{serial} A 192.0.2.{serial}"))
            secondary.wait_for_serial(ORIGIN, serial)
            assert dig(theirs, f"new{serial}.{ORIGIN}").data == [f"192.0.2.{serial}"]
        assert dig(theirs, f"old.{ORIGIN}").status == "NXDOMAIN"
        pydns.wait_for(f"127.0.0.1:{theirs} was told of example.org. 4")
        pydns.wait_for("IXFR of example.org. 4 to 127.0.0.1")


def test_of_two_processes_one_tells_when_both_have_the_change(ports: tuple[int, int], tmp_path: Path) -> None:
    ours, theirs = ports
    primary = Primary(tmp_path, ours, f"127.0.0.1:{theirs}", block="multisocket 2")
    secondary = PEERS["knot"](tmp_path, theirs, [PeerZone(ORIGIN, primaries=[Remote(ours)])])
    with serving(tmp_path / "Corefile", ours) as pydns, secondary:
        secondary.wait_for_serial(ORIGIN, 1)
        for serial in (2, 3):
            primary.write(zone(serial))
            secondary.wait_for_serial(ORIGIN, serial)
            pydns.wait_for(f"127.0.0.1:{theirs} was told of example.org. {serial}")
        assert pydns.count("was told of example.org. 3") == 1


@pytest.fixture
def demanding(ports: tuple[int, int], tmp_path: Path) -> Iterator[tuple[int, Program]]:
    """A server that transfers with the key alone, or to an address that is nobody's here."""
    Primary(tmp_path, ports[0], f"* key {KEY.name}", more="to 192.0.2.77")
    with serving(tmp_path / "Corefile", ports[0]) as program:
        yield ports[0], program


def transferred(port: int, *words: str) -> str:
    """All that dig says."""
    command = ("dig", "@127.0.0.1", "-p", str(port), "+tries=1", "+time=8", ORIGIN, *words)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_dig_is_given_the_zone_with_the_key(demanding: tuple[int, Program]) -> None:
    port, program = demanding
    assert "2505 records" in transferred(port, "AXFR", "-y", KEY.for_dig)
    program.wait_for("AXFR of example.org. 1 to 127.0.0.1 port")


def test_dig_is_given_nothing_without_it(demanding: tuple[int, Program]) -> None:
    port, _ = demanding
    assert "Transfer failed" in transferred(port, "AXFR")
    assert "Transfer failed" in transferred(port, "AXFR", "-y", f"hmac-sha256:{KEY.name}:YWJj")
    assert "Transfer failed" in transferred(port, "AXFR", "-y", f"hmac-sha256:unknown:{KEY.secret}")


def test_an_increment_is_signed_over_udp_and_tcp(demanding: tuple[int, Program], tmp_path: Path) -> None:
    port, _ = demanding
    (tmp_path / "new").write_text(zone(2, "new A 192.0.2.2"))
    os.replace(tmp_path / "new", tmp_path / "zone")
    until(lambda: dig(port, ORIGIN, "SOA").data, lambda data: " 2 7200" in " ".join(data))
    for words in (("+notcp",), ("+tcp",)):
        text = transferred(port, "IXFR=1", "-y", KEY.for_dig, *words)
        assert text.count("SOA") == 4
        assert f"new.{ORIGIN}" in text
        assert "NOERROR" in text
        assert "verify" not in text
