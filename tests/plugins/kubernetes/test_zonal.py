"""Names of headless services for each topology zone, as CoreDNS has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydns.look import look
from pydns.names import from_text
from pydns.records import Rcode, Type
from tests.plugins.kubernetes.conftest import Ask, Start
from tests.pydns.cluster.shown import data

SERVICES = """
[services.shop.hdls]
ports = ["http:80"]
endpoints = [
    { address = "10.244.0.1", zone = "US-West-2a" },
    { address = "10.244.0.2", zone = "us-west-2b" },
    { address = "10.244.0.3", zone = "us-west-2b" },
    { address = "10.244.0.4", zone = "corp.example.com" },
    { address = "10.244.0.5" },
    { address = "10.244.0.6", zone = "us-west-2d", ready = false },
]

[services.shop.clstr]
cluster_ip = "10.96.0.10"
ports = ["http:80"]
endpoints = [{ address = "10.244.0.9", zone = "us-west-2a" }]

[services.shop.gone]
ports = ["http:80"]
endpoints = []

[services.shop]
out = { external_name = "www.example.com" }
"""
ALL = ["10.244.0.1", "10.244.0.2", "10.244.0.3", "10.244.0.4", "10.244.0.5"]
BELOW = "hdls.shop.svc.cluster.local."

ANSWERS = [
    ("us-west-2a.pin._zone.hdls", "A", ["10.244.0.1"]),
    ("US-WEST-2A.Pin._ZONE.hdls", "A", ["10.244.0.1"]),
    ("us-west-2b.pin._zone.hdls", "A", ["10.244.0.2", "10.244.0.3"]),
    ("corp.example.com.pin._zone.hdls", "A", ["10.244.0.4"]),
    ("us-west-2a.prefer._zone.hdls", "A", ["10.244.0.1"]),
    ("us-west-2c.prefer._zone.hdls", "A", ALL),
    ("us-west-2d.prefer._zone.hdls", "A", ALL),
    ("us-west-2b.pin._zone.hdls", "SRV", [f"0 50 80 10-244-0-2.{BELOW}", f"0 50 80 10-244-0-3.{BELOW}"]),
]
NO_DATA = [
    ("us-west-2c.pin._zone.hdls", "A"), ("us-west-2d.pin._zone.hdls", "A"), ("us-west-2c.pin._zone.hdls", "TXT"),
    ("us-west-2c.prefer._zone.hdls", "TXT"), ("us-west-2a.pin._zone.hdls", "AAAA"), ("a.pin._zone.gone", "A"),
    ("pin._zone.hdls", "A"), ("prefer._zone.hdls", "A"), ("_zone.hdls", "A"),
]  # fmt: skip
NO_NAME = [
    "us-west-2a.pin._zone.ghost", "us-west-2a.florp._zone.hdls", "florp._zone.hdls", "us-west-2a.pin._zone.clstr",
    "us-west-2a.pin._zone.out", "_zone.clstr", "a._zones.hdls", "us-west-2a.pin._zone.a.hdls",
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "services.toml"
    path.write_text(SERVICES)
    return path


@pytest.mark.parametrize(("name", "type_", "expected"), ANSWERS)
async def test_an_answer(name: str, type_: str, expected: list[str], filled: Start, ask: Ask) -> None:
    reply = await ask(await filled("zonal"), f"{name}.shop.svc.cluster.local", type_)
    assert [data(record) for record in reply.answer] == expected


@pytest.mark.parametrize(("name", "type_"), NO_DATA)
async def test_no_data(name: str, type_: str, filled: Start, ask: Ask) -> None:
    reply = await ask(await filled("zonal"), f"{name}.shop.svc.cluster.local", type_)
    assert (reply.rcode, len(reply.answer), [each.type for each in reply.authority]) == (0, 0, [Type.SOA])


@pytest.mark.parametrize("name", NO_NAME)
async def test_no_such_name(name: str, filled: Start, ask: Ask) -> None:
    assert (await ask(await filled("zonal"), f"{name}.shop.svc.cluster.local")).rcode == Rcode.NXDOMAIN


@pytest.mark.parametrize("name", [name for name, _, _ in ANSWERS])
async def test_without_the_option_there_is_none(name: str, filled: Start, ask: Ask) -> None:
    assert (await ask(await filled(), f"{name}.shop.svc.cluster.local")).rcode == Rcode.NXDOMAIN


async def test_an_endpoint_that_moves_to_another_zone_is_a_change(filled: Start, file: Path) -> None:
    plugin = await filled("zonal")
    epoch = plugin.house.changes.epoch
    change(file)
    await plugin._load(look((str(file),)))
    assert plugin.house.changes.touched_since(epoch, [from_text("us-west-2a.pin._zone.hdls.shop.svc.cluster.local")])


def change(file: Path) -> None:
    file.write_text(SERVICES.replace("US-West-2a", "us-west-2c"))
