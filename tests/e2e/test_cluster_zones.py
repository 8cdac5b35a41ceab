"""A cluster beyond its own names: its zones at a secondary, its services from outside, and search paths completed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import Program, dig, free_port, installed, serving, until
from tests.peers.all import PEERS
from tests.peers.peer import Peer
from tests.peers.zones import PeerZone, Remote

SERVICES = """
[services.shop.web]
cluster_ip = "{address}"
external_ips = ["203.0.113.9"]
ports = ["http:80"]

[services.shop.db]
ports = ["pg:5432"]
endpoints = [{{ address = "10.244.0.21", hostname = "db-0", zone = "a" }}, {{ address = "10.244.0.22", zone = "b" }}]

[pods.shop]
me = "127.0.0.1"
"""
COREFILE = """. {{
    bind 127.0.0.1
    transfer cluster.local example.net {{
        to 127.0.0.1:{secondary}
    }}
    autopath @kubernetes
    hosts {{
        192.0.2.77 www.example.com
        fallthrough
    }}
    k8s_external example.net
    kubernetes cluster.local {{
        services {folder}/services.toml
        pods verified
        zonal
    }}
}}
"""
WEB = "web.shop.svc.cluster.local"

pytestmark = pytest.mark.skipif(installed("dig") is None, reason="dig is not installed")


def write(folder: Path, address: str) -> None:
    (folder / "new").write_text(SERVICES.format(address=address))
    os.replace(folder / "new", folder / "services.toml")


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def program(ports: tuple[int, int], tmp_path: Path) -> Iterator[Program]:
    write(tmp_path, "10.96.0.1")
    (tmp_path / "Corefile").write_text(COREFILE.format(folder=tmp_path, secondary=ports[1]))
    with serving(tmp_path / "Corefile", ports[0]) as running:
        yield running


@pytest.mark.parametrize("kind", PEERS.values(), ids=PEERS)
def test_a_secondary_has_the_clusters_zones_and_their_changes(
    kind: type[Peer], program: Program, ports: tuple[int, int], tmp_path: Path
) -> None:
    ours, theirs = ports
    zones = [PeerZone(origin, primaries=[Remote(ours)]) for origin in ("cluster.local", "example.net")]
    with kind(tmp_path, theirs, zones):
        until(lambda: dig(theirs, WEB).data, lambda found: found == ["10.96.0.1"])
        until(lambda: dig(theirs, "web.shop.example.net").data, lambda found: found == ["203.0.113.9"])
        assert (
            dig(theirs, "_pg._tcp.db.shop.svc.cluster.local", "SRV").data
            == dig(ours, "_pg._tcp.db.shop.svc.cluster.local", "SRV").data
        )
        write(tmp_path, "10.96.0.2")
        until(lambda: dig(theirs, WEB).data, lambda found: found == ["10.96.0.2"])
        program.wait_for("IXFR of cluster.local.")


@pytest.mark.parametrize(("name", "expected"), [
    ("www.example.com.shop.svc.cluster.local", ["www.example.com.", "192.0.2.77"]),
    (f"web.shop.{WEB.partition('.')[2]}", [f"{WEB}.", "10.96.0.1"]),
    ("a.pin._zone.db.shop.svc.cluster.local", ["10.244.0.21"]),
    ("web.shop.example.net", ["203.0.113.9"]),
])  # fmt: skip
def test_it_answers(name: str, expected: list[str], program: Program, ports: tuple[int, int]) -> None:
    for _ in range(3):  # by each of the lanes
        assert dig(ports[0], name).data == expected
