"""An autopath for tests, beside a kubernetes that has read its file, and a chain behind it that knows some names."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from pydns.look import look
from pydns.names import from_text
from pydns.plugin import House
from pydns.query import Address, Query
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import Someone, plugins_of, query
from pydns.watch import Watcher
from pydns_plugins.autopath import Autopath
from pydns_plugins.kubernetes import Kubernetes

SERVICES = """
namespaces = ["empty"]

[services.shop.web]
cluster_ip = "10.96.0.1"
ports = ["http:80"]
endpoints = ["10.244.0.50"]

[pods.shop]
a = "10.244.0.7"

[pods.dev]
b = "10.244.0.8"
"""
POD, ENDPOINT = "10.244.0.7", "10.244.0.50"

Start = Callable[..., Awaitable[Autopath]]


class Chain:
    """What stands behind: it gives what `known` says, and NXDOMAIN else; it remembers what was `asked`."""

    def __init__(self) -> None:
        self.known: dict[bytes, Reply] = {}
        self.asked: list[bytes] = []

    def know(self, name: str, reply: Reply | None = None) -> None:
        owner = from_text(name)
        self.known[owner] = reply or Reply((Record(owner, Type.A, Class.IN, 30, b"\xc0\0\2\1"),), by="behind")

    async def __call__(self, query: Query) -> Reply:
        self.asked.append(query.name)
        found = self.known.get(query.name)
        return found.replace() if found is not None else Reply(rcode=Rcode.NXDOMAIN, by="behind")


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "resolv.conf"
    path.write_text("search corp.example\n")
    monkeypatch.setattr(Autopath, "host", path)
    return path


@pytest.fixture
async def start(tmp_path: Path, nursery: trio.Nursery, resolv_conf: Path) -> Start:
    async def start(line: str, *, pods: str = "verified", options: str = "") -> Autopath:
        file = tmp_path / "services.toml"
        write(file)
        below = f"kubernetes cluster.local {{\nservices {file}\npods {pods}\n{options}\n}}"
        plugins = plugins_of(f". {{\n{line}\n{below}\n}}")
        autopath, kubernetes = plugins
        assert isinstance(autopath, Autopath)
        assert isinstance(kubernetes, Kubernetes)
        watcher = Watcher()
        await nursery.start(watcher.run)
        autopath.house = kubernetes.house = House(watcher=watcher, generations=[(plugins,)])
        await kubernetes._load(look((str(file),)))
        await nursery.start(autopath.run)
        return autopath

    return start


def write(file: Path) -> None:
    file.write_text(SERVICES)


def asked(name: str, client: str = POD, type_: str = "A") -> Query:
    return query(name, type_, Someone(Address(client, 5353)))
