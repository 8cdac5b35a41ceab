from __future__ import annotations

from pathlib import Path

import pytest

from pydns.kubernetes.access import Access, AccessError
from pydns.kubernetes.in_cluster import InCluster

ENVIRON = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("one\n")
    (tmp_path / "ca.crt").write_text("PEM")
    return tmp_path


@pytest.mark.parametrize(("host", "server"), [
    ("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443"),
])  # fmt: skip
async def test_what_a_pod_finds(host: str, server: str, folder: Path) -> None:
    found = await InCluster(ENVIRON | {"KUBERNETES_SERVICE_HOST": host}, folder).load()
    assert found == Access(server, b"PEM", authorization="Bearer one")


async def test_a_token_that_was_replaced_is_read(folder: Path) -> None:
    source = InCluster(ENVIRON, folder)
    await source.load()
    (folder / "token").write_text("two")
    assert (await source.load()).authorization == "Bearer two"


@pytest.mark.parametrize("missing", ENVIRON)
async def test_out_of_a_cluster_it_says_so(missing: str, folder: Path) -> None:
    with pytest.raises(AccessError, match="this is no pod"):
        await InCluster({name: value for name, value in ENVIRON.items() if name != missing}, folder).load()


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
async def test_a_pod_without_a_service_account(missing: str, folder: Path) -> None:
    (folder / missing).unlink()
    with pytest.raises(AccessError, match=f"{missing}: cannot be read"):
        await InCluster(ENVIRON, folder).load()
