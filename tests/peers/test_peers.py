"""The peers among themselves: what tests of transfers build on."""

from pathlib import Path

import pytest

from tests.e2e.programs import dig, free_port
from tests.peers.all import PEERS
from tests.peers.peer import Peer
from tests.peers.zones import KEY, Key, PeerZone, Remote

ZONE = """\
$TTL 300
@ SOA ns hostmaster {serial} 7200 3600 1209600 300
@ NS ns
ns A 127.0.0.1
www A 192.0.2.{serial}
"""
every_peer = pytest.mark.parametrize("kind", PEERS.values(), ids=PEERS)


@every_peer
def test_a_changed_zone_is_read(kind: type[Peer], tmp_path: Path) -> None:
    with kind(tmp_path, free_port(), [PeerZone("example.org", ZONE.format(serial=1))]) as peer:
        assert dig(peer.port, "www.example.org").data == ["192.0.2.1"]
        peer.rewrite("example.org", ZONE.format(serial=2))
        peer.wait_for_serial("example.org", 2)
        assert dig(peer.port, "www.example.org").data == ["192.0.2.2"]


WAYS = {
    **{f"{a} to {b}, signed": (PEERS[a], PEERS[b], KEY) for a in PEERS for b in PEERS},
    **{f"{a} to {a}, unsigned": (PEERS[a], PEERS[a], None) for a in PEERS},
}


@pytest.mark.parametrize(("primary", "secondary", "key"), WAYS.values(), ids=WAYS)
def test_a_change_is_carried(primary: type[Peer], secondary: type[Peer], key: Key | None, tmp_path: Path) -> None:
    here, there = free_port(), free_port()
    zone = PeerZone("example.org", ZONE.format(serial=1), secondaries=[Remote(there, key)])
    mirror = PeerZone("example.org", primaries=[Remote(here, key)])
    with primary(tmp_path / "p", here, [zone]) as first, secondary(tmp_path / "s", there, [mirror]) as second:
        second.wait_for_serial("example.org", 1)
        first.rewrite("example.org", ZONE.format(serial=2))
        second.wait_for_serial("example.org", 2)
        assert dig(there, "www.example.org").data == ["192.0.2.2"]


@every_peer
def test_it_is_started_anew(kind: type[Peer], tmp_path: Path) -> None:
    peer = kind(tmp_path, free_port(), [PeerZone("example.org", ZONE.format(serial=1))])
    with peer:
        pass
    assert peer.serial("example.org") is None
    with peer:
        assert peer.serial("example.org") == 1
