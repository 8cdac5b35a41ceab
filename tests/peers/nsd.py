"""NSD. Its primary makes differences of a zone file that changed, for who transfers by IXFR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.peers.peer import Peer
from tests.peers.zones import PeerZone, Remote, keys

_SERVER = """\
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zones"
  server-count: 1
  ipv4-edns-size: 4096
  verbosity: 1
  xfrd-reload-timeout: 0
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
"""


class Nsd(Peer):
    program = "nsd"

    def words(self) -> Sequence[str]:
        return ("-d", "-c", str(self.config))

    def configuration(self) -> str:
        zones = list(self.zones.values())
        parts = [_SERVER.format(port=self.port, folder=self.folder)]
        parts += [
            f'key:\n  name: "{k.name}"\n  algorithm: {k.algorithm}\n  secret: "{k.secret}"\n' for k in keys(zones)
        ]
        parts += ["\n".join(_zone(zone)) + "\n" for zone in zones]
        return "".join(parts) + self.extra


def _zone(zone: PeerZone) -> Iterator[str]:
    yield f'zone:\n  name: "{zone.name}"\n  zonefile: "{zone.file}"'
    for remote in zone.primaries:
        yield f"  request-xfr: 127.0.0.1@{remote.port} {_key(remote)}\n  allow-notify: 127.0.0.1 {_key(remote)}"
    for remote in zone.secondaries:
        yield f"  provide-xfr: 127.0.0.1 {_key(remote)}\n  notify: 127.0.0.1@{remote.port} {_key(remote)}"
    if zone.secondaries:
        yield "  store-ixfr: yes" if zone.primaries else "  store-ixfr: yes\n  create-ixfr: yes"
    yield zone.options


def _key(remote: Remote) -> str:
    return f'"{remote.key.name}"' if remote.key else "NOKEY"
