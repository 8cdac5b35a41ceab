"""When data below changes, what was kept of it goes."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from pydns import names
from pydns.records import Rcode
from pydns.reply import Reply

HOST = names.from_text("host.example.net")
FAR = names.from_text("far.example.com")


def asking_within(query):
    query.replace(name=FAR)
    return Reply()


@pytest.mark.parametrize(
    ("build", "changed", "gone"),
    [
        (lambda k: Reply((k.a(),)), "www.example.org", True),
        (lambda k: Reply((k.a(),)), "mail.example.org", False),
        (lambda k: k.nxdomain(30), "www.example.org", True),
        (lambda k: k.nxdomain(30), "below.www.example.org", True),  # RFC 8020: the NXDOMAIN covered it
        (lambda k: k.nxdomain(30), "example.org", True),
        (lambda k: k.servfail(), "www.example.org", True),
        (lambda k: Reply((k.cname(HOST), k.a(300, HOST))), "host.example.net", True),
        (lambda k: Reply((k.cname(HOST),), (k.soa(),), rcode=Rcode.NXDOMAIN), "host.example.net", True),
        (lambda k: asking_within, "far.example.com", True),
        (lambda k: asking_within, "near.example.com", False),
    ],
)
async def test_what_goes_when_a_name_changes(kit, autojump_clock, build, changed, gone):
    cache, below = kit.make(), kit.Below(build(kit))
    await cache.serve(kit.question(), below)
    cache.house.changes.names([names.from_text(changed)])
    await cache.serve(kit.question(epoch=1), below)
    assert (len(below.asked) == 2) is gone


@pytest.mark.parametrize(("zone", "gone"), [("example.org", True), (".", True), ("example.com", False)])
async def test_a_zone_takes_its_names_along(kit, autojump_clock, zone, gone):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    await cache.serve(kit.question(), below)
    cache.house.changes.zone(names.from_text(zone))
    await cache.serve(kit.question(epoch=1), below)
    assert (len(below.asked) == 2) is gone


async def test_an_nxdomain_of_30_seconds_is_asked_anew_at_once(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(kit.nxdomain(30), Reply((kit.a(),)))
    assert (await cache.serve(kit.question(), below)).rcode == Rcode.NXDOMAIN
    cache.house.changes.names([kit.WWW])
    assert (await cache.serve(kit.question(epoch=1), below)).rcode == Rcode.NOERROR
    assert (await cache.serve(kit.question(epoch=1), below)).by == "cache"


async def test_an_untouched_answer_is_looked_at_once_for_each_change(kit, autojump_clock, monkeypatch):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    await cache.serve(kit.question(), below)
    cache.house.changes.names([b"\5other\0"])
    for _ in range(2):
        await cache.serve(kit.question(), below)
    assert cache.keeper.success.get((kit.WWW, 1, 1, 0x0100, ())).epoch == 1
    assert len(below.asked) == 1


async def test_a_change_while_the_chain_waited_keeps_the_answer_out(kit, autojump_clock, nursery):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    below.gate = trio.Event()
    nursery.start_soon(cache.serve, kit.question(), below)
    await wait_all_tasks_blocked()
    cache.house.changes.names([kit.WWW])
    below.gate.set()
    await wait_all_tasks_blocked()
    assert len(cache.keeper.success) == 0


async def test_a_change_of_other_names_while_the_chain_waited_does_not(kit, autojump_clock, nursery):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    below.gate = trio.Event()
    nursery.start_soon(cache.serve, kit.question(), below)
    await wait_all_tasks_blocked()
    cache.house.changes.names([b"\5other\0"])
    below.gate.set()
    await wait_all_tasks_blocked()
    assert (await cache.serve(kit.question(epoch=1), below)).by == "cache"


async def test_who_waits_for_an_answer_that_was_changed_meanwhile_asks_anew(kit, autojump_clock, nursery):
    cache, below = kit.make(), kit.Below(kit.nxdomain(), Reply((kit.a(),)))
    below.gate = trio.Event()
    rcodes = []

    async def ask(epoch):
        rcodes.append((await cache.serve(kit.question(epoch=epoch), below)).rcode)

    nursery.start_soon(ask, 0)
    await wait_all_tasks_blocked()
    cache.house.changes.names([kit.WWW])
    for _ in range(3):
        nursery.start_soon(ask, 1)
    await wait_all_tasks_blocked()
    below.gate.set()
    await wait_all_tasks_blocked()
    assert sorted(rcodes) == [Rcode.NOERROR] * 3 + [Rcode.NXDOMAIN]
    assert len(below.asked) == 2


async def test_who_waited_before_the_change_asks_with_the_data_of_now(kit, autojump_clock, nursery):
    """One asks anew and the others have its answer, though all came before the change."""
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    below.gate = trio.Event()
    for _ in range(5):
        nursery.start_soon(cache.serve, kit.question(), below)
    await wait_all_tasks_blocked()
    cache.house.changes.names([kit.WWW])
    below.gate.set()
    await wait_all_tasks_blocked()
    assert len(below.asked) == 2


@pytest.mark.parametrize("mode", ["immediate", "verify"])
async def test_a_changed_answer_is_not_given_stale(kit, autojump_clock, mode):
    cache = kit.make(f"cache\nserve_stale 1h {mode}")
    below = kit.Below(Reply((kit.a(10),)), kit.servfail())
    await cache.serve(kit.question(), below)
    await trio.sleep(11)
    cache.house.changes.names([kit.WWW])
    assert (await cache.serve(kit.question(epoch=1), below)).rcode == Rcode.SERVFAIL


async def test_a_change_during_verify_ends_the_stale_answer(kit, autojump_clock, nursery):
    cache = kit.make("cache\nserve_stale 1h verify")
    below = kit.Below(Reply((kit.a(10),)), kit.servfail(), kit.nxdomain())
    await cache.serve(kit.question(), below)
    await trio.sleep(11)
    below.gate = trio.Event()
    rcodes = []

    async def ask():
        rcodes.append((await cache.serve(kit.question(), below)).rcode)

    nursery.start_soon(ask)
    await wait_all_tasks_blocked()
    cache.house.changes.names([kit.WWW])
    below.gate.set()
    await wait_all_tasks_blocked()
    assert rcodes == [Rcode.NXDOMAIN]
