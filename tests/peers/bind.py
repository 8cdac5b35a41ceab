"""BIND 9. Its primary makes differences of a zone file that changed, for who transfers by IXFR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.peers.peer import Peer
from tests.peers.zones import PeerZone, Remote, keys

_OPTIONS = """\
options {{
    directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    lock-file none;
    recursion no;
    allow-transfer {{ none; }};
    notify explicit;
    notify-delay 0;
    ixfr-from-differences yes;
    dnssec-validation no;
    empty-zones-enable no;
    minimal-responses no;
    max-udp-size 4096;
    rrset-order {{ order none; }};
    check-integrity no;
    check-names primary ignore;
    check-names secondary ignore;
    check-mx ignore;
    check-mx-cname ignore;
    check-srv-cname ignore;
    check-wildcard no;
}};
controls {{ }};
"""


class Bind(Peer):
    program = "named"

    def words(self) -> Sequence[str]:
        return ("-g", "-n", "1", "-c", str(self.config))

    def configuration(self) -> str:
        zones = list(self.zones.values())
        parts = [_OPTIONS.format(port=self.port, folder=self.folder)]
        parts += [f'key "{k.name}" {{ algorithm {k.algorithm}; secret "{k.secret}"; }};\n' for k in keys(zones)]
        parts += [f'zone "{zone.name}" {{\n' + "\n".join(_zone(zone)) + "\n};\n" for zone in zones]
        return "".join(parts) + self.extra


def _zone(zone: PeerZone) -> Iterator[str]:
    yield f'    type {"secondary" if zone.primaries else "primary"};\n    file "{zone.file}";'
    if zone.primaries:
        yield f"    primaries {{ {' '.join(map(_there, zone.primaries))} }};"
        yield f"    allow-notify {{ {' '.join(map(_who, zone.primaries))} }};\n    masterfile-format text;"
    if zone.secondaries:
        yield f"    also-notify {{ {' '.join(map(_there, zone.secondaries))} }};"
        yield f"    allow-transfer {{ {' '.join(map(_who, zone.secondaries))} }};"
    yield zone.options


def _there(remote: Remote) -> str:
    return f"127.0.0.1 port {remote.port}" + (f' key "{remote.key.name}"' if remote.key else "") + ";"


def _who(remote: Remote) -> str:
    return f'key "{remote.key.name}";' if remote.key else "127.0.0.1;"
