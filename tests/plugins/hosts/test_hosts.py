import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from pydns import names
from pydns.names import from_text
from pydns.plugin import House
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns_plugins.hosts import Hosts
from tests.plugins.hosts.test_loader import forbidden

Parse = Callable[..., Hosts]
Start = Callable[..., Awaitable[Hosts]]
Ask = Callable[..., Awaitable[Reply]]

IN_TIME = 0.5  # seconds in which a change is answered

INLINE = """hosts none
  192.0.2.1 a.example.org alias.example.org
  192.0.2.2 a.example.org
  2001:db8::1 six.example.org
  192.0.2.9 *.wild.example.org
"""


def summary(reply: Reply) -> tuple[str, int, list[str]]:
    return reply.by, reply.rcode, [record.rdata.hex() for record in reply.answer]


@pytest.mark.parametrize(
    ("name", "type_", "rdata"),
    [
        ("a.example.org", "A", ["c0000201", "c0000202"]),
        ("alias.example.org", "A", ["c0000201"]),
        ("six.example.org", "AAAA", ["20010db8000000000000000000000001"]),
        ("any.wild.example.org", "A", ["c0000209"]),
        # RFC 2308 section 2.2, RFC 4074 section 3: the name exists, so no data, and no error.
        ("a.example.org", "AAAA", []),
        ("six.example.org", "A", []),
        ("a.example.org", "TXT", []),
        ("a.example.org", "ANY", []),
        ("any.wild.example.org", "AAAA", []),
    ],
)
async def test_a_known_name(name: str, type_: str, rdata: list[str], started: Start, ask: Ask) -> None:
    reply = await ask(await started(INLINE), name, type_)
    assert summary(reply) == ("hosts", Rcode.NOERROR, rdata)
    assert reply.flags == Reply.AA
    assert not reply.ages
    assert reply.replay


async def test_a_record_is_owned_by_the_asked_name_with_the_ttl(started: Start, ask: Ask) -> None:
    reply = await ask(await started("hosts none\n  ttl 7\n  192.0.2.1 A.example.org"), "a.example.org")
    assert reply.answer[0] == (from_text("a.example.org"), 1, 1, 7, bytes((192, 0, 2, 1)))


async def test_the_default_ttl_is_an_hour(started: Start, ask: Ask) -> None:
    reply = await ask(await started(INLINE), "a.example.org")
    assert reply.answer[0].ttl == 3600


async def test_the_reply_tells_file_and_line(started: Start, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("# comment\n192.0.2.1 a\n")
    hosts = await started("hosts file\n  192.0.2.1 b")
    assert (await ask(hosts, "a")).why == f"{tmp_path / 'file'}:2"
    assert (await ask(hosts, "b")).why == "Corefile:2"


async def test_a_missing_name_is_servfail_with_an_extended_error(started: Start, ask: Ask) -> None:
    reply = await ask(await started(INLINE), "missing.example.org")
    assert summary(reply) == ("hosts", Rcode.SERVFAIL, [])
    assert reply.errors == ((Ede.OTHER, "hosts: no entry for missing.example.org. and no fallthrough"),)
    assert not reply.replay


@pytest.mark.parametrize(
    ("fallthrough", "name", "by"),
    [
        ("fallthrough", "missing.example.org", "next"),
        ("fallthrough example.org", "missing.example.org", "next"),
        ("fallthrough example.net", "missing.example.org", "hosts"),
        ("fallthrough", "a.example.org", "hosts"),
    ],
)
async def test_fallthrough(fallthrough: str, name: str, by: str, started: Start, ask: Ask) -> None:
    assert (await ask(await started(f"{INLINE}  {fallthrough}"), name)).by == by


@pytest.mark.parametrize(
    ("type_", "name", "by"),
    [
        ("TXT", "a.example.org", "next"),
        ("HTTPS", "a.example.org", "next"),
        ("AAAA", "a.example.org", "hosts"),
        ("TXT", "a.example.net", "hosts"),
    ],
)
async def test_fallthrough_of_unsupported_types(type_: str, name: str, by: str, started: Start, ask: Ask) -> None:
    text = f"{INLINE}  192.0.2.1 a.example.net\n  fallthrough example.org\n  fallthrough_unsupported"
    assert (await ask(await started(text), name, type_)).by == by


@pytest.mark.parametrize("type_", ["A", "TXT"])
async def test_a_name_outside_the_zones_goes_on(type_: str, started: Start, ask: Ask) -> None:
    hosts = await started("hosts none example.org\n  192.0.2.1 a.example.org")
    assert (await ask(hosts, "a.example.net", type_)).by == "next"
    assert (await ask(hosts, "badexample.org", type_)).by == "next"


async def test_another_class_goes_on(started: Start, ask: Ask) -> None:
    assert (await ask(await started(INLINE), "a.example.org", "A", 3)).by == "next"


async def test_an_address_gives_its_names(started: Start, ask: Ask) -> None:
    reply = await ask(await started(INLINE), "1.2.0.192.in-addr.arpa", "PTR")
    assert [record.rdata for record in reply.answer] == [from_text("a.example.org"), from_text("alias.example.org")]
    assert reply.flags == Reply.AA
    assert reply.answer[0].owner == from_text("1.2.0.192.in-addr.arpa")


async def test_an_ipv6_address_gives_its_names(started: Start, ask: Ask) -> None:
    owner = names.reverse(bytes.fromhex("20010db8000000000000000000000001"))
    reply = await ask(await started(INLINE), owner, "PTR")
    assert [record.rdata for record in reply.answer] == [from_text("six.example.org")]


async def test_an_address_is_answered_whatever_the_zones(started: Start, ask: Ask) -> None:
    hosts = await started("hosts none example.org\n  192.0.2.1 a.example.org b.example.net")
    reply = await ask(hosts, "1.2.0.192.in-addr.arpa", "PTR")
    assert [record.rdata for record in reply.answer] == [from_text("a.example.org")]


@pytest.mark.parametrize("name", ["8.2.0.192.in-addr.arpa", "9.2.0.192.in-addr.arpa", "a.example.org", "missing"])
async def test_a_ptr_that_it_does_not_know_always_goes_on(name: str, started: Start, ask: Ask) -> None:
    assert (await ask(await started(INLINE), name, "PTR")).by == "next"


async def test_no_reverse_makes_no_ptr(started: Start, ask: Ask) -> None:
    hosts = await started(f"{INLINE}  no_reverse")
    assert (await ask(hosts, "1.2.0.192.in-addr.arpa", "PTR")).by == "next"


async def test_before_its_data_is_in_its_names_are_not_ready(parse: Parse, ask: Ask) -> None:
    hosts = parse("hosts none example.org\n  192.0.2.1 a.example.org\n  fallthrough")
    reply = await ask(hosts, "b.example.org")
    assert (reply.rcode, reply.errors[0][0]) == (Rcode.SERVFAIL, Ede.NOT_READY)
    assert (await ask(hosts, "b.example.net")).by == "next"
    assert not hosts.ready()


async def test_it_is_ready_after_the_first_load_even_without_its_file(
    started: Start, ask: Ask, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    hosts = await started("hosts missing")
    assert hosts.ready()
    assert (await ask(hosts, "a")).rcode == Rcode.SERVFAIL
    assert f"{tmp_path / 'missing'}: cannot be read: No such file or directory" in caplog.messages


async def test_the_null_device_is_no_file_that_is_amiss(
    started: Start, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    hosts = await started("hosts /dev/null\n  192.0.2.1 a.test")
    assert (await ask(hosts, "a.test")).answer
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_an_inline_name_outside_the_zones_is_told(started: Start, caplog: pytest.LogCaptureFixture) -> None:
    await started("hosts none example.org\n  192.0.2.1 b.test")
    assert "Corefile:2:13: b.test is in none of the zones of hosts and is never answered" in caplog.messages


# What follows changes files under a running watcher.


async def answers(ask: Ask, hosts: Hosts, name: str, *expected: str) -> None:
    """Waits until `name` has these addresses."""

    async def found() -> list[str]:
        return [".".join(map(str, record.rdata)) for record in (await ask(hosts, name)).answer]

    while await found() != [*expected]:  # noqa: ASYNC110 -- nothing tells of an answer that is to come
        await trio.sleep(0.01)


def mounted(volume: Path, text: str, stamp: str) -> None:
    """What kubelet does with a ConfigMap: a new folder, then `..data` swapped to it by rename."""
    (volume / stamp).mkdir(parents=True)
    (volume / stamp / "file").write_text(text)
    (volume / "..data_tmp").symlink_to(stamp)
    (volume / "..data_tmp").rename(volume / "..data")
    if not (volume / "file").is_symlink():
        (volume / "file").symlink_to("..data/file")


def in_place(folder: Path) -> None:
    (folder / "file").write_text("192.0.2.2 a\n")


def by_rename(folder: Path) -> None:
    (folder / "new").write_text("192.0.2.2 a\n")
    (folder / "new").rename(folder / "file")


def by_removal(folder: Path) -> None:
    (folder / "file").unlink()
    (folder / "file").write_text("192.0.2.2 a\n")


@pytest.mark.parametrize("change", [in_place, by_rename, by_removal])
async def test_a_changed_file_is_answered_in_time(
    change: Callable[[Path], None], started: Start, ask: Ask, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("192.0.2.1 a\n")
    hosts = await started("hosts file\n  reload 1h")
    await trio.sleep(0.3)  # the watches stand
    await answers(ask, hosts, "a", "192.0.2.1")
    change(tmp_path)
    with trio.fail_after(IN_TIME):
        await answers(ask, hosts, "a", "192.0.2.2")


async def test_swaps_of_the_data_symlink_are_answered_in_time(started: Start, ask: Ask, tmp_path: Path) -> None:
    mounted(tmp_path, "192.0.2.1 a\n", "..1")
    hosts = await started("hosts file\n  reload 1h")
    await trio.sleep(0.3)
    for i in (2, 3, 4):
        mounted(tmp_path, f"192.0.2.{i} a\n", f"..{i}")
        with trio.fail_after(IN_TIME):
            await answers(ask, hosts, "a", f"192.0.2.{i}")


async def test_a_glob_gains_a_file(started: Start, ask: Ask, tmp_path: Path) -> None:
    hosts = await started("hosts *.hosts\n  reload 1h")
    await trio.sleep(0.3)
    (tmp_path / "x.hosts").write_text("192.0.2.1 a\n")
    with trio.fail_after(IN_TIME):
        await answers(ask, hosts, "a", "192.0.2.1")


async def test_a_missing_file_that_comes_is_answered(started: Start, ask: Ask, tmp_path: Path) -> None:
    hosts = await started("hosts folder/file\n  reload 1h")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("192.0.2.1 a\n")
    with trio.fail_after(5):
        await answers(ask, hosts, "a", "192.0.2.1")


async def complaint(hosts: Hosts, count: int) -> None:
    """Waits until the spoilt file was looked at."""
    metric = hosts.house.metrics.gauge("pydns_hosts_complaints", "", "hostsfile")
    with trio.fail_after(5):
        while metric.value(str(hosts.options.files[0])) != count:  # noqa: ASYNC110 -- metrics tell no event
            await trio.sleep(0.01)


def truncate(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"\0" * 100)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("spoil", [truncate, garbage, Path.unlink, loop])
async def test_a_spoilt_file_is_answered_as_before_until_it_is_good_again(
    spoil: Callable[[Path], None], started: Start, ask: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("192.0.2.1 a\n")
    hosts = await started("hosts file")
    spoil(path)
    await complaint(hosts, 1)
    await answers(ask, hosts, "a", "192.0.2.1")
    path.unlink(missing_ok=True)
    path.write_text("192.0.2.2 a\n")
    await complaint(hosts, 0)
    await answers(ask, hosts, "a", "192.0.2.2")


async def test_an_unreadable_file_is_answered_as_before(started: Start, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("192.0.2.1 a\n")
    hosts = await started("hosts file")
    with forbidden(path):
        await complaint(hosts, 1)
        await answers(ask, hosts, "a", "192.0.2.1")


async def test_a_change_tells_which_answers_are_old(started: Start, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("192.0.2.1 a\n192.0.2.1 same\n")
    hosts = await started("hosts file")
    changes = hosts.house.changes
    epoch = changes.epoch
    in_place(tmp_path)
    with trio.fail_after(5):
        await answers(ask, hosts, "a", "192.0.2.2")
    assert changes.touched_since(epoch, [from_text("a")])
    assert changes.touched_since(epoch, [from_text("1.2.0.192.in-addr.arpa")])
    assert not changes.touched_since(epoch, [from_text("other")])


async def test_a_change_is_logged_and_counted(
    started: Start, ask: Ask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "file"
    path.write_text("192.0.2.1 a\n192.0.2.3 b\n")
    os.utime(path, (1000, 1000))
    hosts = await started("hosts file")
    metrics = hosts.house.metrics
    reloaded = metrics.gauge("coredns_hosts_reload_timestamp_seconds", "")
    assert reloaded.value() == 1000
    assert f"{path}: 2 entries (+2 -0)" in caplog.messages
    path.write_text("192.0.2.2 a\n192.0.2.3 b\n192.0.2.3 c\nbad\n")
    with trio.fail_after(5):
        await answers(ask, hosts, "c", "192.0.2.3")
    assert f"{path}: 3 entries (+2 -1)" in caplog.messages
    assert f"{path}:4: 'bad' is no IP address; the line is left out" in caplog.messages
    assert metrics.gauge("coredns_hosts_entries", "", "hostsfile").value(str(path)) == 6
    changed = metrics.counter("pydns_hosts_changes_total", "", "hostsfile", "change")
    assert (changed.value(str(path), "added"), changed.value(str(path), "removed")) == (4, 1)
    assert metrics.gauge("pydns_hosts_faults", "", "hostsfile").value(str(path)) == 1
    with trio.fail_after(5):  # what was answered may have been read by a look from before the change
        while time.time() - reloaded.value() > 60:  # noqa: ASYNC110 -- metrics tell no event
            await trio.sleep(0.01)


async def test_reload_0_follows_nothing(started: Start, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("192.0.2.1 a\n")
    hosts = await started("hosts file\n  reload 0")
    assert hosts.house.files._follows == []
    in_place(tmp_path)
    await trio.sleep(IN_TIME)
    await answers(ask, hosts, "a", "192.0.2.1")


@pytest.mark.parametrize(("option", "every"), [("", 2.0), ("\n  reload 300ms", 0.3), ("\n  reload 1m", 60.0)])
async def test_reload_is_the_time_between_two_looks_without_events(option: str, every: float, started: Start) -> None:
    hosts = await started(f"hosts file{option}")
    assert [follow.every for follow in hosts.house.files._follows] == [every]


async def test_an_heir_answers_at_once_and_reads_only_what_changed(
    started: Start, parse: Parse, ask: Ask, house: House, nursery: trio.Nursery, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "file").write_text("192.0.2.1 a\n")
    (tmp_path / "other").write_text("192.0.2.5 b\n")
    old = await started("hosts file ./other\n  reload 0")
    heir = parse("hosts file ./other\n  reload 0")
    heir.house = house
    heir.inherit(old)
    assert heir.ready()
    await answers(ask, heir, "a", "192.0.2.1")
    in_place(tmp_path)
    read: list[Path] = []
    real = trio.to_thread.run_sync

    async def spied(function: Callable[..., object], *args: object, **options: object) -> object:
        if args and function.__name__ == "read_now":
            read.append(Path(str(args[0])))
        return await real(function, *args, **options)  # type: ignore[arg-type] # what was passed is passed on

    monkeypatch.setattr(trio.to_thread, "run_sync", spied)
    epoch = house.changes.epoch
    with trio.fail_after(5):
        await nursery.start(heir.run)
    await answers(ask, heir, "a", "192.0.2.2")
    assert read == [tmp_path / "file"]
    assert house.changes.touched_since(epoch, [from_text("a")])
    assert not house.changes.touched_since(epoch, [from_text("b")])


async def test_a_run_that_is_started_again_goes_on(
    parse: Parse, ask: Ask, house: House, nursery: trio.Nursery, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("192.0.2.1 a\n")
    hosts = parse("hosts file\n  reload 0")
    hosts.house = house
    await nursery.start(hosts.run)
    in_place(tmp_path)
    await nursery.start(hosts.run)
    await answers(ask, hosts, "a", "192.0.2.2")
