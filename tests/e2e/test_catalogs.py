"""Catalog zones (RFC 9432) from Knot to pydns, and from pydns to BIND and to itself."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.programs import dig, free_port, serving, until
from tests.peers.bind import Bind
from tests.peers.knot import Knot
from tests.peers.peer import serial
from tests.peers.zones import PeerZone, Remote

ZONE = """\
$TTL 300
@ SOA ns hostmaster 1 7200 3600 1209600 300
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
"""
MEMBER = "    catalog-role: member\n    catalog-zone: catalog.invalid"
CATALOG = "    catalog-role: generate"


def secondary(port: int, primary: int) -> str:
    return (
        f"catalog.invalid test {{\n bind 127.0.0.1\n errors\n secondary catalog.invalid {{\n"
        f" transfer from 127.0.0.1:{primary}\n catalog test\n }}\n}}\n"
    )


def test_zones_come_and_go_with_a_catalog_of_knot(tmp_path: Path) -> None:
    here, there = free_port(), free_port()
    us = [Remote(there)]
    members = [PeerZone(f"{name}.test", ZONE, secondaries=us, options=MEMBER) for name in "ab"]
    catalog = PeerZone("catalog.invalid", secondaries=us, options=CATALOG)
    corefile = tmp_path / "Corefile"
    corefile.write_text(secondary(there, here))
    with Knot(tmp_path, here, [catalog, *members]) as knot, serving(corefile, there) as program:
        for name in "ab":
            until(lambda name=name: dig(there, f"www.{name}.test").data, lambda data: data == ["192.0.2.1"])  # type: ignore[misc]
        del knot.zones["a.test"]
        knot.zones["c.test"] = members[0]._replace(name="c.test")
        (knot.folder / "c.test.zone").write_text(ZONE)
        knot.config.write_text(knot.configuration())
        knot.reload()
        until(lambda: dig(there, "www.c.test").data, lambda data: data == ["192.0.2.1"])
        until(lambda: serial(there, "a.test"), lambda found: found is None)
        program.wait_for("a.test. goes with catalog catalog.invalid.")
        assert dig(there, "www.b.test").data == ["192.0.2.1"]


class ConsumingBind(Bind):
    """Takes a catalog from `primary`."""

    primary = 0

    def configuration(self) -> str:
        catalogs = (
            f'catalog-zones {{ zone "catalog.invalid" default-primaries {{ 127.0.0.1 port {self.primary}; }} '
            "in-memory yes min-update-interval 1; };"
        )
        return super().configuration().replace("options {", f"options {{\n    {catalogs}", 1)


def test_bind_takes_our_catalog(tmp_path: Path) -> None:
    """The zones come from Knot by way of us, and BIND learns of them from our catalog alone."""
    first, here, there = free_port(), free_port(), free_port()
    zones = [PeerZone(f"{name}.test", ZONE, secondaries=[Remote(here)]) for name in "ab"]
    corefile = tmp_path / "Corefile"

    def write(*names: str) -> None:
        corefile.write_text(
            f"catalog.invalid test {{\n bind 127.0.0.1\n errors\n reload 2s 1s\n secondary {' '.join(names)} {{\n"
            f" transfer from 127.0.0.1:{first}\n }}\n catalog catalog.invalid\n transfer {{\n to 127.0.0.1:{there}\n"
            " }\n}\n"
        )

    write("a.test")
    bind = ConsumingBind(tmp_path, there, [PeerZone("catalog.invalid", primaries=[Remote(here)])])
    bind.primary = here
    with Knot(tmp_path, first, zones), serving(corefile, here) as program, bind:
        until(lambda: dig(there, "www.a.test").data, lambda data: data == ["192.0.2.1"])
        write("b.test")
        program.wait_for("Reloading complete")
        until(lambda: dig(there, "www.b.test").data, lambda data: data == ["192.0.2.1"])
        until(lambda: serial(there, "a.test"), lambda found: found is None)


def test_we_take_our_own_catalog(tmp_path: Path) -> None:
    first, here, there = free_port(), free_port(), free_port()
    ours, theirs = tmp_path / "Corefile", tmp_path / "Corefile.theirs"
    ours.write_text(
        f"catalog.invalid a.test {{\n bind 127.0.0.1\n secondary a.test {{\n transfer from 127.0.0.1:{first}\n }}\n"
        f" catalog catalog.invalid\n transfer {{\n to 127.0.0.1:{there}\n }}\n}}\n"
    )
    theirs.write_text(secondary(there, here))
    knot = Knot(tmp_path, first, [PeerZone("a.test", ZONE, secondaries=[Remote(here)])])
    with knot, serving(ours, here), serving(theirs, there):
        until(lambda: dig(there, "www.a.test").data, lambda data: data == ["192.0.2.1"])
