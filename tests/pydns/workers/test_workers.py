"""Workers of a process that runs in the test."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

import dnslib
import pytest
import trio

from pydns.errors import StartError
from pydns.plugin import House
from pydns.run import Process
from tests.pydns.life import FIRST, Source, WriteFile, addresses, answer, failed, reloaded, running, until, value
from tests.pydns.pages import fetch, page_port

pytestmark = pytest.mark.usefixtures("bounded")

TWO: Final = FIRST.replace("hosts", "multisocket 2\n hosts")

PLUGIN: Final = """
import trio
from pydns.http import Page, Site
from pydns.plugin import Plugin
from pydns.records import Class, Record
from pydns.reply import Reply

class Own(Plugin):
    name = "own"
    single = SINGLE
    before = "hosts"

    def __init__(self, word):
        self.word = word
        self.running = False
        self.heard = []

    @classmethod
    def parse(cls, directives, block):
        return (cls(directives[0].name),)

    def configure(self, settings):
        settings.sites.append(Site("127.0.0.1", 0, "/own", self.page, self.word))

    async def page(self):
        family = self.house.family
        if not self.single:
            return Page(repr(sorted(await family.reports(self))).encode())
        family.say("own", "from the parent")
        return Page(repr((self.running, self.heard)).encode())

    def report(self):
        family = self.house.family
        return family.number, family.count, family.portion(3), self.running, family.secret.hex()[:0]

    async def serve(self, query, call_next):
        if query.type != 16:
            return await call_next(query)
        family = self.house.family
        if query.name.startswith(b"\\3say"):
            family.say("own", family.number)
        text = repr((family.number, self.running, self.heard)).encode()
        return Reply([Record(query.name, 16, Class.IN, 0, bytes((len(text),)) + text)], replay=False)

    async def run(self, *, task_status):
        self.running = True
        with self.house.family.hear("own", self.heard.append):
            task_status.started()
            await trio.sleep_forever()
"""


def with_plugin(write: WriteFile, single: bool) -> str:
    path = write("own.py", PLUGIN.replace("SINGLE", str(single)))
    return TWO.replace("hosts", f"plugin {path}\n own\n hosts")


def port_of(process: Process) -> int:
    (port,) = process.ports.values()
    return port


async def text(process: Process, name: str) -> tuple[int, bool, list[object]]:
    found: dnslib.DNSRecord = await answer(port_of(process), name, "TXT")
    (record,) = found.rr
    told: tuple[int, bool, list[object]] = eval(bytes(record.rdata.data[0]))
    return told


async def told_by_each(process: Process) -> dict[int, tuple[int, bool, list[object]]]:
    """What each of two workers says of itself."""
    found: dict[int, tuple[int, bool, list[object]]] = {}
    while len(found) < 2:
        told = await text(process, "example.org")
        found[told[0]] = told
    return found


async def page(process: Process, path: str) -> str:
    return (await fetch(page_port(process), path)).body


async def test_a_port_of_chance_is_one_for_all() -> None:
    async with running(Source(TWO)) as process:
        for _ in range(20):
            assert await addresses(port_of(process)) == ["192.0.2.1"]
        assert value(process, "pydns_workers") == 2


async def test_what_is_not_single_runs_in_each_worker(write: WriteFile) -> None:
    async with running(Source(with_plugin(write, single=False))) as process:
        assert await told_by_each(process) == {0: (0, True, []), 1: (1, True, [])}
        assert await page(process, "/own") == "[(0, 2, 2, True, ''), (1, 2, 1, True, '')]"


async def test_what_is_single_runs_in_the_parent(write: WriteFile) -> None:
    async with running(Source(with_plugin(write, single=True))) as process:
        assert await told_by_each(process) == {0: (0, False, []), 1: (1, False, [])}
        assert await page(process, "/own") == "(True, [])"


async def test_what_one_worker_says_the_others_hear(write: WriteFile) -> None:
    async with running(Source(with_plugin(write, single=False))) as process:
        who = (await text(process, "say.example.org"))[0]
        while True:
            told = await told_by_each(process)
            if told[1 - who][2]:
                break
        assert told == {who: (who, True, []), 1 - who: (1 - who, True, [who])}


async def test_what_a_worker_says_the_parent_hears(write: WriteFile) -> None:
    async with running(Source(with_plugin(write, single=True))) as process:
        who = (await text(process, "say.example.org"))[0]
        while (found := await page(process, "/own")) == "(True, [])":
            pass
        assert found == f"(True, [{who}])"


async def test_a_reload_that_one_refuses_leaves_the_old(write: WriteFile) -> None:
    source = Source(TWO)
    async with running(source) as process:
        failing = PLUGIN.replace("self.running = True", "assert self.house.family.number == 0, 'not here'")
        path = write("own.py", failing.replace("SINGLE", "False"))
        source.text = TWO.replace("192.0.2.1", "192.0.2.2").replace("hosts", f"plugin {path}\n own\n hosts")
        await failed(process)
        for _ in range(10):
            assert await addresses(port_of(process)) == ["192.0.2.1"]
        source.text = TWO.replace("192.0.2.1", "192.0.2.3")
        await reloaded(process)
        for _ in range(10):
            assert await addresses(port_of(process)) == ["192.0.2.3"]


async def test_a_start_that_one_refuses_is_an_error(write: WriteFile) -> None:
    failing = PLUGIN.replace("self.running = True", "assert self.house.family.number == 0, 'not here'")
    path = write("own.py", failing.replace("SINGLE", "False"))
    with pytest.raises(StartError, match="worker 2: plugin own cannot start: AssertionError: not here"):
        async with running(Source(TWO.replace("hosts", f"plugin {path}\n own\n hosts"))):
            pass


async def test_states_of_the_time_before_are_forgotten(write: WriteFile) -> None:
    file = write("hosts", "192.0.2.1 example.org\n")
    source = Source(FIRST.replace("hosts", f"prometheus 127.0.0.1:0\n hosts {file}"))
    async with running(source) as process:
        assert value(process, "coredns_hosts_entries", str(file)) == 4
        source.text = source.text.replace("hosts /", "multisocket 2\n hosts /")
        await reloaded(process)
        assert value(process, "coredns_hosts_entries", str(file)) == 0
        assert f'coredns_hosts_entries{{hostsfile="{file}"}} 4' in await page(process, "/metrics")


def processes() -> list[int]:
    """The workers of this process."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            is_ours = int(status.read_text().rpartition(")")[2].split()[1]) == os.getpid()
            if is_ours and b"pydns.workers.worker" in (status.parent / "cmdline").read_bytes():
                found.append(int(status.parent.name))
        except OSError:
            continue
    return sorted(found)


async def test_a_reload_in_the_midst_of_a_replacement() -> None:
    source, house = Source(TWO), House()
    async with running(source, house) as process:
        os.kill(processes()[0], signal.SIGKILL)
        source.text = TWO.replace("192.0.2.1", "192.0.2.2")
        await reloaded(process)
        await until(lambda: value(process, "pydns_workers"), lambda count: count == 2)
        await until(processes, lambda found: len(found) == 2)
        for _ in range(10):
            assert await addresses(port_of(process)) == ["192.0.2.2"]


async def test_cancelling_leaves_no_process() -> None:
    async with running(Source(TWO)):
        assert len(processes()) == 2
    assert processes() == []


async def test_a_worker_that_hangs_is_ended_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydns.workers.child._INTERVAL", 0.1)
    monkeypatch.setattr("pydns.workers.child._PATIENCE", 3.0)  # less, and a busy machine makes one hang that does not
    monkeypatch.setattr("pydns.workers.child._LAST_WORDS", 0.1)
    async with running(Source(TWO)) as process:
        first, second = processes()
        os.kill(first, signal.SIGSTOP)
        await until(lambda: value(process, "pydns_worker_restarts_total"), lambda count: count == 1)
        await until(processes, lambda found: len(found) == 2 and first not in found)
        assert second in processes()
        with trio.fail_after(10):
            assert await addresses(port_of(process)) == ["192.0.2.1"]
