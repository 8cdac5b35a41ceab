"""A services file changes under pydns, by hand and by the verb, while dig asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import trio

from pydns.cli import services
from pydns.testing import RunningServer, running_server
from tests.e2e.programs import dig, installed, until

SOON = 5.0
"""Seconds in which a change is answered. A machine that is busy may need more than the half second that is meant."""

COREFILE = """. {{
    bind 127.0.0.1
    cache 30
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        services {path}
        pods insecure
        ttl 30
        fallthrough in-addr.arpa ip6.arpa
    }}
    hosts {{
        192.0.2.80 www.example.com
        fallthrough
    }}
}}
"""
TEXT = """\
# ours
[services.shop.web]
cluster_ip = "10.96.1.10"
ports = ["http:80"]

[services.shop.db]
ports = ["pg:5432"]
endpoints = [{ address = "10.244.0.21", hostname = "db-0" }]

[services.shop.www]
external_name = "www.example.com"
"""

pytestmark = pytest.mark.skipif(installed("dig") is None, reason="dig is not installed")


class Live:
    def __init__(self, server: RunningServer, path: Path) -> None:
        self.server = server
        self.path = path

    async def asked(self, name: str, type_: str = "A") -> tuple[str, list[str]]:
        found = await trio.to_thread.run_sync(dig, self.server.port, name, type_)
        return found.status, found.data

    async def answers(self, data: list[str], name: str, type_: str = "A") -> None:
        """Returns once that is the answer."""

        def wait() -> None:
            until(lambda: dig(self.server.port, name, type_).data, lambda found: found == data, SOON)

        await trio.to_thread.run_sync(wait)


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    path = tmp_path / "services.toml"
    write(path, TEXT)
    async with running_server(COREFILE.format(path=path)) as server:
        yield Live(server, path)


def write(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.mark.parametrize(("name", "type_", "expected"), [
    ("web.shop.svc.cluster.local", "A", ("NOERROR", ["10.96.1.10"])),
    ("web.shop.svc.cluster.local", "AAAA", ("NOERROR", [])),
    ("_http._tcp.web.shop.svc.cluster.local", "SRV", ("NOERROR", ["0 100 80 web.shop.svc.cluster.local."])),
    ("db-0.db.shop.svc.cluster.local", "A", ("NOERROR", ["10.244.0.21"])),
    ("www.shop.svc.cluster.local", "A", ("NOERROR", ["www.example.com.", "192.0.2.80"])),
    ("10-1-2-3.shop.pod.cluster.local", "A", ("NOERROR", ["10.1.2.3"])),
    ("10.1.96.10.in-addr.arpa", "PTR", ("NOERROR", ["web.shop.svc.cluster.local."])),
    ("dns-version.cluster.local", "TXT", ("NOERROR", ['"1.1.0"'])),
    ("missing.shop.svc.cluster.local", "A", ("NXDOMAIN", [])),
    ("www.example.com.shop.svc.cluster.local", "A", ("NXDOMAIN", [])),
    ("www.example.com", "A", ("NOERROR", ["192.0.2.80"])),
])  # fmt: skip
async def test_an_answer(name: str, type_: str, expected: tuple[str, list[str]], live: Live) -> None:
    for _ in range(3):  # by the plugin, by the cache, and as a whole packet
        assert await live.asked(name, type_) == expected


async def test_what_the_verb_changes_is_answered(live: Live) -> None:
    file = ("--file", str(live.path))
    assert (await live.asked("new.shop.svc.cluster.local"))[0] == "NXDOMAIN"
    services.run([*file, "add", "new.shop", "--cluster-ip", "10.96.1.11"])
    await live.answers(["10.96.1.11"], "new.shop.svc.cluster.local")
    services.run([*file, "endpoint", "add", "db.shop", "10.244.0.22", "--hostname", "db-1"])
    await live.answers(["10.244.0.22"], "db-1.db.shop.svc.cluster.local")
    services.run([*file, "endpoint", "remove", "db.shop", "db-1"])
    await live.answers([], "db-1.db.shop.svc.cluster.local")
    services.run([*file, "remove", "new.shop"])
    await live.answers([], "new.shop.svc.cluster.local")


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def by_rename(path: Path, text: str) -> None:
    path.with_name("new").write_text(text)
    path.with_name("new").replace(path)


def by_removal(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def by_link(path: Path, text: str) -> None:
    path.with_name("other").write_text(text)
    path.with_name("link").symlink_to("other")
    path.with_name("link").replace(path)


@pytest.mark.parametrize("change", [in_place, by_rename, by_removal, by_link])
async def test_a_change_is_answered(change: Callable[[Path, str], None], live: Live) -> None:
    await live.answers(["10.96.1.10"], "web.shop.svc.cluster.local")
    change(live.path, TEXT.replace("10.96.1.10", "10.96.1.11"))
    await live.answers(["10.96.1.11"], "web.shop.svc.cluster.local")
    await live.answers(["web.shop.svc.cluster.local."], "11.1.96.10.in-addr.arpa", "PTR")


@pytest.mark.parametrize("text", ["", "\n", "[services", TEXT.replace("10.96.1.10", "10.96.1.300"), "\0"])
async def test_a_file_that_cannot_be_meant_leaves_the_last_good_one(
    text: str, live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    write(live.path, text)
    with trio.fail_after(SOON):
        while not any("last good services stay" in line or "is empty now" in line for line in caplog.messages):  # noqa: ASYNC110 -- the log tells no event
            await trio.sleep(0.01)
    assert await live.asked("web.shop.svc.cluster.local") == ("NOERROR", ["10.96.1.10"])
    write(live.path, TEXT.replace("10.96.1.10", "10.96.1.12"))
    await live.answers(["10.96.1.12"], "web.shop.svc.cluster.local")


def mount(volume: Path, text: str, stamp: str) -> None:
    """What kubelet does with a ConfigMap: a new folder, then `..data` swapped to it by rename."""
    (volume / stamp).mkdir(parents=True)
    (volume / stamp / "services.toml").write_text(text)
    (volume / "..data_tmp").symlink_to(stamp)
    (volume / "..data_tmp").rename(volume / "..data")
    if not (volume / "services.toml").is_symlink():
        (volume / "services.toml").symlink_to("..data/services.toml")


async def test_a_config_map_is_followed(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    mount(volume, TEXT, "..0")
    async with running_server(COREFILE.format(path=volume / "services.toml")) as server:
        live = Live(server, volume / "services.toml")
        for number in (1, 2, 3):
            mount(volume, TEXT.replace("10.96.1.10", f"10.96.2.{number}"), f"..{number}")
            await live.answers([f"10.96.2.{number}"], "web.shop.svc.cluster.local")


async def test_a_file_that_comes_later_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "services.toml"
    async with running_server(COREFILE.format(path=path)) as server:
        live = Live(server, path)
        assert (await live.asked("web.shop.svc.cluster.local"))[0] == "SERVFAIL"
        assert (await live.asked("9.9.96.10.in-addr.arpa", "PTR"))[0] == "SERVFAIL"
        write(path, TEXT)
        await live.answers(["10.96.1.10"], "web.shop.svc.cluster.local")
