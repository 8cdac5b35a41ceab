from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydns.kubernetes import command
from pydns.kubernetes.access import Access, AccessError
from pydns.kubernetes.kubeconfig import Kubeconfig
from pydns.kubernetes.tree import Tree

SERVER = "https://192.0.2.1:6443"


def config(user: object = None, **cluster: object) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [
            {"name": "there", "context": {"cluster": "two", "user": "me"}},
            {"name": "here", "context": {"cluster": "one", "user": "me"}},
        ],
        "clusters": [
            {"name": "one", "cluster": {"server": SERVER, **cluster}},
            {"name": "two", "cluster": {"server": "https://two.example:443/"}},
        ],
        "users": [{"name": "me", "user": user or {}}],
    }


async def load(folder: Path, tree: object, context: str = "") -> Access:
    path = folder / "config"
    path.write_text(tree if isinstance(tree, str) else yaml.safe_dump(tree))
    return await Kubeconfig(path, context).load()


@pytest.mark.parametrize(("user", "cluster", "expected"), [
    ({"token": "abc"}, {}, Access(SERVER, authorization="Bearer abc")),
    ({"tokenFile": "token", "token": "abc"}, {}, Access(SERVER, authorization="Bearer of-a-file")),
    ({"username": "u", "password": "p"}, {}, Access(SERVER, authorization="Basic dTpw")),
    ({"client-certificate": "cert", "client-key": "key"}, {"certificate-authority": "ca"},
        Access(SERVER, b"the ca", b"the cert", b"the key")),
    ({"client-certificate-data": b64encode(b"C").decode(), "client-key-data": b64encode(b"K").decode()},
        {"certificate-authority-data": b64encode(b"A").decode(), "certificate-authority": "no such file"},
        Access(SERVER, b"A", b"C", b"K")),
    ({}, {"insecure-skip-tls-verify": True}, Access(SERVER, verify=False)),
    ({}, {"tls-server-name": "kubernetes"}, Access(SERVER, server_name="kubernetes")),
    (None, {}, Access(SERVER)),
])  # fmt: skip
async def test_access(user: object, cluster: dict[str, object], expected: Access, tmp_path: Path) -> None:
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text(f"the {name}")
    (tmp_path / "token").write_text("of-a-file\n")
    assert await load(tmp_path, config(user, **cluster)) == expected


async def test_another_context(tmp_path: Path) -> None:
    assert (await load(tmp_path, config(), "there")).server == "https://two.example:443"


@pytest.mark.parametrize(("change", "fault"), [
    ({"current-context": ""}, "it has no current-context, and none is given"),
    ({"current-context": "gone"}, "it has no context 'gone'"),
    ({"clusters": []}, "it has no cluster 'one'"),
    ({"users": None}, "it has no user 'me'"),
    ({"clusters": [{"name": "one", "cluster": {"server": "x"}}]}, "the server 'x' is no URL"),
    ({"clusters": [{"name": "one", "cluster": {"server": SERVER, "proxy-url": "http://p"}}]},
        "proxy-url of cluster 'one' is not known here"),
    ({"clusters": [{"name": "one", "cluster": {"server": SERVER, "certificate-authority-data": "%"}}]},
        "certificate-authority-data is no base64"),
    ({"users": [{"name": "me", "user": {"as": "root"}}]}, "as of user 'me' is not known here"),
    ({"users": [{"name": "me", "user": {"tokenFile": "gone"}}]}, "gone: cannot be read"),
])  # fmt: skip
async def test_a_fault(change: dict[str, object], fault: str, tmp_path: Path) -> None:
    with pytest.raises(AccessError) as raised:
        await load(tmp_path, config() | change)
    assert fault in str(raised.value)


@pytest.mark.parametrize("text", [
    "", "[", "a: &a [*a]", "x: 2026-99-99", "[" * 5000, "- " * 3000, "!!python/object:os.system x", "\0",
])  # fmt: skip
async def test_what_is_no_kubeconfig(text: str, tmp_path: Path) -> None:
    with pytest.raises(AccessError):
        await load(tmp_path, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
async def test_any_bytes_are_read_or_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(data)
    with pytest.raises(AccessError):
        await Kubeconfig(path).load()


class Granting:
    """Stands in for the command: counts, and gives what a test wants."""

    def __init__(self) -> None:
        self.number = 0
        self.expires = float("inf")

    async def __call__(self, spec: Tree, access: Access, folder: Path) -> Access:
        self.number += 1
        return Access("", authorization=f"Bearer {self.number}", expires=self.expires)


@pytest.fixture
def granting(monkeypatch: pytest.MonkeyPatch) -> Granting:
    found = Granting()
    monkeypatch.setattr(command, "grant", found)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Kubeconfig:
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config({"exec": {"command": "x"}})))
    return Kubeconfig(path)


async def test_what_a_command_gave_is_kept(source: Kubeconfig, granting: Granting) -> None:
    assert [(await source.load()).authorization for _ in range(3)] == ["Bearer 1"] * 3


async def test_it_is_run_again_when_that_is_refused(source: Kubeconfig, granting: Granting) -> None:
    await source.load()
    assert (await source.load(refused=True)).authorization == "Bearer 2"


async def test_it_is_run_again_when_that_expires(source: Kubeconfig, granting: Granting) -> None:
    granting.expires = 1.0
    await source.load()
    assert (await source.load()).authorization == "Bearer 2"
