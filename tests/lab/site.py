"""A small site: pydns on the bridge, an authoritative server as its upstream, two clients with a resolv.conf each."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from tests.lab.network import Host, Network

ROOT: Final = Path(__file__).parents[2]
SERVER: Final = "10.53.0.1"
UPSTREAM: Final = "10.53.0.53"

# Names come from the client's own /etc/hosts, then from DNS, whatever the machine's own file says.
_NSSWITCH: Final = "hosts: files dns\n"
_HOSTS: Final = "127.0.0.1 localhost\n"

SITE: Final = (
    Host("dns", SERVER),
    Host("upstream", UPSTREAM),
    Host(
        "desk",
        "10.53.0.11",
        {"resolv.conf": f"nameserver {SERVER}\n", "nsswitch.conf": _NSSWITCH, "hosts": _HOSTS},
    ),
    Host(  # as kubelet writes it
        "pod",
        "10.53.0.12",
        {
            "resolv.conf": f"search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver {SERVER}\n"
            "options ndots:5\n",
            "nsswitch.conf": _NSSWITCH,
            "hosts": _HOSTS,
        },
    ),
)

COREFILE: Final = """\
. {{
    bind {server}
    errors
    log
    health {server}:8080 {{
        lameduck 1s
    }}
    ready {server}:8181
    prometheus {server}:9153
    reload
    loop
    loadbalance
    hosts {folder}/hosts {{
        fallthrough
    }}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        services {folder}/services.toml
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
    cache 30 {{
        success 9984 30 1
        serve_stale 1h verify 300ms
    }}
    forward . {upstream}
}}
"""
LOCAL_NAMES: Final = """\
10.53.0.70  printer.home
10.53.0.1   dns.home
"""
SERVICES: Final = """\
[services.shop.web]
cluster_ip = "10.96.1.10"
ports = ["http:80"]

[services.shop.db]
ports = ["pg:5432"]
endpoints = [{ address = "10.244.0.21", hostname = "db-0" }]
"""

# The upstream has names of the cluster as well, which nobody may ever see.
NSD: Final = """\
server:
  ip-address: {upstream}
  username: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd"
  zonelistfile: "{folder}/zones"
  logfile: "{folder}/nsd.log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example.org
  zonefile: example.org
zone:
  name: cluster.local
  zonefile: cluster.local
"""
ZONE: Final = """\
$TTL {ttl}
@ SOA ns hostmaster 1 7200 3600 1209600 {ttl}
@ NS ns
ns A {upstream}
"""
EXAMPLE_ORG: Final = "www A 192.0.2.80\nmail A 192.0.2.25\n* A 192.0.2.99\n"
CLUSTER_LOCAL: Final = "* A 192.0.2.66\n"


class Site:
    """`name` begins the names of its namespaces; its files stand in `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.network = Network(name)
        self.folder = folder
        self.hosts = folder / "hosts"
        self.services = folder / "services.toml"

    def build(self) -> None:
        """Raises CalledProcessError where no namespaces can be made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        places = {"folder": self.folder, "server": SERVER, "upstream": UPSTREAM}
        (self.folder / "Corefile").write_text(COREFILE.format(**places))
        (self.folder / "nsd.conf").write_text(NSD.format(**places))
        (self.folder / "example.org").write_text(ZONE.format(ttl=1, **places) + EXAMPLE_ORG)
        (self.folder / "cluster.local").write_text(ZONE.format(ttl=30, **places) + CLUSTER_LOCAL)
        self.hosts.write_text(LOCAL_NAMES)
        self.services.write_text(SERVICES)
        self.network.build(*SITE)

    def remove(self) -> None:
        """Takes it down; also what another with this name and folder has left."""
        self.network.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def server_command(self) -> tuple[str, ...]:
        program = (sys.executable, "-m", "pydns", "-conf", str(self.folder / "Corefile"))
        return self.network.inside("dns", "env", f"PYTHONPATH={ROOT}:{ROOT}/plugins", *program)

    def upstream_command(self, nsd: str) -> tuple[str, ...]:
        """`nsd` is the path of the program."""
        return self.network.inside("upstream", nsd, "-d", "-c", str(self.folder / "nsd.conf"))
