from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from pydns.cluster.index import Exposed, label
from pydns.look import look
from pydns.names import from_text
from pydns_plugins.kubernetes.source import MAX_CHANGED, Loaded, Source

EXPOSED = Exposed((from_text("cluster.local"),), pods=True)
ONE = '[services.shop.web]\ncluster_ip = "10.0.0.1"\n'
TWO = ONE.replace("10.0.0.1", "10.0.0.2")
WEB = label("web") + label("shop")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "services.toml"
    path.write_text(ONE)
    return path


@pytest.fixture
def source(path: Path) -> Source:
    return Source(path, EXPOSED)


async def load(source: Source) -> Loaded | None:
    with trio.fail_after(30):
        return await source.load(look((str(source.path),)))


def addresses(loaded: Loaded | None) -> list[tuple[bytes, ...]]:
    assert loaded is not None
    return [entry.service.cluster_ips for entry in loaded.index.entries.values() if entry.service]


async def test_a_file_is_read_once(source: Source) -> None:
    assert addresses(await load(source)) == [(b"\x0a\0\0\1",)]
    assert await load(source) is None


async def test_what_says_the_same_changes_nothing(source: Source, path: Path) -> None:
    await load(source)
    await trio.Path(path).write_text("# a comment\n" + ONE)
    assert await load(source) is None


async def test_a_change_is_put_into_the_same_index(source: Source, path: Path) -> None:
    first = await load(source)
    await trio.Path(path).write_text(TWO)
    second = await load(source)
    assert first is not None
    assert second is not None
    assert second.index is first.index
    assert addresses(second) == [(b"\x0a\0\0\2",)]
    assert (second.added, second.removed) == (1, 1)
    assert second.changed == {
        from_text(name) for name in ("web.shop.svc.cluster.local", "1.0.0.10.in-addr.arpa", "2.0.0.10.in-addr.arpa")
    }


async def test_many_changes_make_a_new_index(source: Source, path: Path) -> None:
    first = await load(source)
    pods = "".join(f'p{i} = "10.1.{i >> 8}.{i & 255}"\n' for i in range(MAX_CHANGED + 1))
    await trio.Path(path).write_text(f"{ONE}[pods.shop]\n{pods}")
    second = await load(source)
    assert first is not None
    assert second is not None
    assert second.index is not first.index
    assert second.changed is None


async def test_namespaces_come_and_go(source: Source, path: Path) -> None:
    await load(source)
    await trio.Path(path).write_text('namespaces = ["a"]\n')
    loaded = await load(source)
    assert loaded is not None
    assert loaded.index.namespaces == {label("a")}
    assert from_text("shop.pod.cluster.local") in (loaded.changed or ())


async def test_a_serial_grows_though_an_older_file_comes(source: Source, path: Path) -> None:
    first = await load(source)
    assert first is not None
    serial = first.index.serial
    await trio.Path(path).write_text(TWO)
    os.utime(path, (1000, 1000))
    second = await load(source)
    assert second is not None
    assert second.index.serial == serial + 1


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def blank(path: Path) -> None:
    path.write_text(" \n\n")


def faulty(path: Path) -> None:
    path.write_text("[services.shop.web]\n")


def no_toml(path: Path) -> None:
    path.write_text(ONE[:25])


def junk(path: Path) -> None:
    path.write_bytes(b"\0\xff" * 50)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(("spoil", "told"), [
    (emptied, ": is empty now; to drop its services, write a comment line into it"),
    (blank, ": is empty now; to drop its services, write a comment line into it"),
    (Path.unlink, ": cannot be read: No such file or directory"),
    (folder, ": cannot be read: Is a directory"),
    (junk, ":1: no UTF-8"),
    (no_toml, ":2: no TOML: Expected '=' after a key in a key/value pair"),
    (faulty, ":1: services.shop.web: it wants cluster_ip, endpoints or external_name "
        '(cluster_ip = "None" for a headless one)'),
])  # fmt: skip
async def test_a_spoilt_file_leaves_the_last_good_one(
    spoil: Callable[[Path], None], told: str, source: Source, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = await load(source)
    spoil(path)
    assert await load(source) is None
    assert await load(source) is None
    assert caplog.messages == [f"{path}{told}", f"{path}: its last good services stay in force"]
    assert addresses(loaded) == [(b"\x0a\0\0\1",)]
    assert source.complaint


async def test_a_file_that_is_good_again_is_told(source: Source, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await load(source)
    faulty(path)
    await load(source)
    await trio.Path(path).write_text(TWO)
    assert addresses(await load(source)) == [(b"\x0a\0\0\2",)]
    assert caplog.messages[-1] == f"{path}: is good again"
    assert not source.complaint


async def test_a_comment_drops_all(source: Source, path: Path) -> None:
    await load(source)
    await trio.Path(path).write_text("# nothing\n")
    assert addresses(await load(source)) == []


async def test_a_shared_index_is_left_alone(source: Source, path: Path) -> None:
    first = await load(source)
    heir = Source(path, EXPOSED)
    heir.inherit(source)
    assert await load(heir) is None
    await trio.Path(path).write_text(TWO)
    second = await load(heir)
    assert addresses(first) == [(b"\x0a\0\0\1",)]
    assert addresses(second) == [(b"\x0a\0\0\2",)]
    assert second is not None
    assert from_text("web.shop.svc.cluster.local") in (second.changed or ())
    assert addresses(await load(source)) == [(b"\x0a\0\0\2",)]
