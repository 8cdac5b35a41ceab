"""Plugins for tests: a kubernetes that has read its file, and a k8s_external beside it."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from pydns.look import look
from pydns.plugin import House
from pydns.reply import Reply
from pydns.testing import plugins_of
from pydns_plugins.k8s_external import K8sExternal
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.asking import asked

CLUSTER = (Path(__file__).parent / "cluster.toml").read_text()

Start = Callable[..., Awaitable[K8sExternal]]
Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "services.toml"
    path.write_text(CLUSTER)
    return path


@pytest.fixture
async def start(file: Path, nursery: trio.Nursery) -> Start:
    async def start(*options: str, zones: str = "example.org in-addr.arpa ip6.arpa", load: bool = True) -> K8sExternal:
        lines = "\n".join(options)
        text = f". {{\nk8s_external {zones} {{\n{lines}\n}}\nkubernetes cluster.local {{\nservices {file}\n}}\n}}"
        external, kubernetes = plugins = plugins_of(text)
        assert isinstance(external, K8sExternal)
        assert isinstance(kubernetes, Kubernetes)
        house = House(generations=[(plugins,)])
        external.house = kubernetes.house = house
        kubernetes.local = (b"\x7f\0\0\1",)
        await nursery.start(external.run)
        if load:
            await kubernetes._load(look((str(file),)))
        return external

    return start


@pytest.fixture
def ask() -> Ask:
    return asked
