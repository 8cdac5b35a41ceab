"""Answers of a cluster and of a hosts file, kept and shuffled above, as delv validates them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm
from pydns.dnssec.key import SEP, ZONE
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.private import generate
from pydns.names import from_text
from tests.e2e.programs import free_port, installed, serving
from tests.e2e.validators import DENIED, VALIDATED, delv

pytestmark = pytest.mark.skipif(installed("delv") is None, reason="no delv")

SERVICES: Final = """
[services.default]
web = { cluster_ip = "10.0.0.1", ports = [{ name = "http", port = 80 }] }
db = { ports = [{ name = "pg", port = 5432 }], endpoints = [{ address = "10.1.0.1", hostname = "db-0" }] }
"""
COREFILE: Final = """
cluster.example:{port} {{
    bind 127.0.0.1
    cache 30
    loadbalance
    dnssec {{
        key file {key}
        denial compact
    }}
    kubernetes {{
        services services.toml
    }}
}}
hosts.example:{port} {{
    bind 127.0.0.1
    cache
    dnssec {{
        key file {key}
    }}
    hosts hosts
}}
"""
ANSWERS: Final = {
    "a service": ("web.default.svc.cluster.example", "A", VALIDATED),
    "its ports": ("_http._tcp.web.default.svc.cluster.example", "SRV", VALIDATED),
    "an endpoint": ("db-0.db.default.svc.cluster.example", "A", VALIDATED),
    "the apex": ("cluster.example", "SOA", VALIDATED),
    "no such type": ("web.default.svc.cluster.example", "AAAA", DENIED),
    "no such service": ("none.default.svc.cluster.example", "A", DENIED),
    "a namespace": ("default.svc.cluster.example", "A", DENIED),
    "a host": ("www.hosts.example", "A", VALIDATED),
    "a host without such a family": ("www.hosts.example", "AAAA", DENIED),
}


class Signed(NamedTuple):
    folder: Path
    port: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    folder = tmp_path_factory.mktemp("sources")
    port = free_port()
    private = generate(Algorithm.ECDSAP256SHA256, 0)
    stems = [keyfiles.write(SigningKey(from_text(zone), ZONE | SEP, private), folder) for zone in ZONES]
    (folder / "services.toml").write_text(SERVICES)
    (folder / "hosts").write_text("192.0.2.1 www.hosts.example\n192.0.2.2 www.hosts.example\n")
    (folder / "Corefile").write_text(COREFILE.format(port=port, key=stems[0]))
    with serving(folder / "Corefile", port, folder=folder):
        yield Signed(folder, port)


ZONES: Final = ("cluster.example", "hosts.example")


@pytest.mark.parametrize("case", ANSWERS)
@pytest.mark.parametrize("time", ["first", "second", "third"])
def test_delv_validates(server: Signed, case: str, time: str) -> None:
    name, type_, told = ANSWERS[case]
    (zone,) = [zone for zone in ZONES if name.endswith(zone)]
    (key,) = server.folder.glob(f"K{zone}.*.key")
    assert delv(server.folder, server.port, key, name, type_) == told
