"""Knot DNS. Its primary makes differences of a zone file that changed, for who transfers by IXFR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.peers.peer import Peer
from tests.peers.zones import Key, PeerZone, Remote, keys, remotes

_SERVER = """\
server:
    rundir: .  # its socket there, whose path may not be long
    listen: 127.0.0.1@{port}
    udp-max-payload: 4096
    udp-workers: 1
    tcp-workers: 2
    background-workers: 1
database:
    storage: "{folder}"
log:
  - target: stderr
    any: info
"""
_TEMPLATE = """\
template:
  - id: default
    storage: "{folder}"
    zonefile-load: difference
    journal-content: changes
"""


class Knot(Peer):
    program = "knotd"

    def words(self) -> Sequence[str]:
        return ("-c", str(self.config))

    def configuration(self) -> str:
        zones = list(self.zones.values())
        parts = [_SERVER.format(port=self.port, folder=self.folder)]
        for head, items in (
            ("key", [_key(key) for key in keys(zones)]),
            ("remote", [_remote(remote) for remote in remotes(zones)]),
            ("acl", _rules(zones)),
        ):
            parts += [f"{head}:\n", *items] if items else []
        parts.append(_TEMPLATE.format(folder=self.folder))
        parts.append("zone:\n")
        parts += ["\n".join(_zone(zone)) + "\n" for zone in zones]
        return "".join(parts) + self.extra


def _key(key: Key) -> str:
    return f'  - id: "{key.name}"\n    algorithm: {key.algorithm}\n    secret: "{key.secret}"\n'


def _remote(remote: Remote) -> str:
    signed = f'    key: "{remote.key.name}"\n' if remote.key else ""
    return f"  - id: {_id(remote)}\n    address: 127.0.0.1@{remote.port}\n{signed}"


def _id(remote: Remote) -> str:
    return f"r{remote.port}" + (f"-{remote.key.name}" if remote.key else "")


def _rules(zones: Sequence[PeerZone]) -> list[str]:
    """Who may ask for what: transfers for secondaries, NOTIFY for primaries."""
    rules: dict[str, str] = {}
    for zone in zones:
        for action, given in (("notify", zone.primaries), ("transfer", zone.secondaries)):
            for remote in given:
                signed = f'    key: "{remote.key.name}"\n' if remote.key else ""
                name = _rule(action, remote)
                rules[name] = f"  - id: {name}\n    address: 127.0.0.1\n{signed}    action: {action}\n"
    return list(rules.values())


def _rule(action: str, remote: Remote) -> str:
    return action + (f"-{remote.key.name}" if remote.key else "")


def _zone(zone: PeerZone) -> Iterator[str]:
    yield f'  - domain: "{zone.name}"\n    file: "{zone.file}"'
    if zone.primaries:
        yield f"    master: [{', '.join(_id(remote) for remote in zone.primaries)}]"
    if zone.secondaries:
        yield f"    notify: [{', '.join(_id(remote) for remote in zone.secondaries)}]"
    rules = [_rule("notify", remote) for remote in zone.primaries]
    rules += [_rule("transfer", remote) for remote in zone.secondaries]
    if rules:
        yield f"    acl: [{', '.join(dict.fromkeys(rules))}]"
    yield zone.options
