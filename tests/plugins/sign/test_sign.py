from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trio.testing

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import Algorithm, DnssecError
from pydns.plugin import House
from pydns.signing.job import Done
from pydns.testing import running_server
from pydns.watch import Watcher
from pydns_plugins import sign
from pydns_plugins.sign import Sign
from tests.e2e.programs import dig, installed, until
from tests.plugins.asking import block, directives
from tests.pydns.dnssec.signing import key

DB = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 120\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.3\n"
COREFILE = """example.org:0 {{
    bind 127.0.0.1
    root {folder}
    file db.example.org.signed
    sign db {{
        key directory .
        directory .
        {more}
    }}
}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "db").write_text(DB)
    keyfiles.write(key(Algorithm.ED25519), tmp_path)
    return tmp_path


@pytest.mark.skipif(installed("dig") is None, reason="no dig")
@pytest.mark.parametrize(("more", "type_"), [("", "NSEC"), ("nsec3", "NSEC3PARAM")])
async def test_a_zone_is_signed_and_served_and_signed_anew(folder: Path, more: str, type_: str) -> None:
    async with running_server(COREFILE.format(folder=folder, more=more)) as server:

        async def wait(name: str, wanted_type: str, wanted: Callable[[list[str]], bool]) -> None:
            def read() -> list[str]:
                return dig(server.port, name, wanted_type, "+dnssec").data

            await trio.to_thread.run_sync(until, read, wanted)

        await wait("www.example.org", "A", lambda data: len(data) == 2 and data[0] == "192.0.2.3")
        await wait("example.org", type_, lambda data: len(data) == 2)
        (folder / "db").write_text(DB + "new A 192.0.2.4\n")
        await wait("new.example.org", "A", lambda data: len(data) == 2)


async def test_what_cannot_be_signed_is_told_and_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = trio.open_memory_channel[str](9)

    async def fail(job: object) -> None:
        await tries[0].send("")
        raise DnssecError("for a test")

    monkeypatch.setattr(sign, "perform_apart", fail)
    monkeypatch.setattr(sign, "RETRY", 0.01)
    (plugin,) = Sign.parse(directives(f"sign {folder / 'db'}\n key file K1"), block("example.org"))
    plugin.house = House(watcher=Watcher())
    async with trio.open_nursery() as nursery:
        await nursery.start(plugin.house.files.run)
        await nursery.start(plugin.run)
        with trio.fail_after(10):
            for _ in range(3):
                await tries[1].receive()
        nursery.cancel_scope.cancel()
    failures = plugin.house.metrics.counter("pydns_sign_failures_total", "", "zone")
    assert failures.value("example.org.") >= 2


async def test_that_all_is_well_again_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes = iter([DnssecError("for a test"), Done("", time.time() + 9000)])
    done = trio.Event()

    async def perform(job: object) -> Done:
        outcome = next(outcomes)
        if isinstance(outcome, DnssecError):
            raise outcome
        done.set()
        return outcome

    monkeypatch.setattr(sign, "perform_apart", perform)
    monkeypatch.setattr(sign, "RETRY", 0.01)
    (plugin,) = Sign.parse(directives(f"sign {folder / 'db'}\n key file K1"), block("example.org"))
    plugin.house = House(watcher=Watcher())
    with caplog.at_level("INFO", "pydns.sign"):
        async with trio.open_nursery() as nursery:
            await nursery.start(plugin.house.files.run)
            await nursery.start(plugin.run)
            with trio.fail_after(10):
                await done.wait()
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
    assert "example.org. is signed as it should be again" in caplog.text


def test_files_of_keys_are_followed(folder: Path) -> None:
    text = f"sign db\n key file {folder / 'K1'}\n key directory {folder}"
    (plugin,) = Sign.parse(directives(text), block("example.org"))
    (options,) = plugin.options
    found = [path.name for path in sign._keys(options, options.zones[0])]
    assert found == ["K1.key", "K1.private", "Kexample.org.+*"]
