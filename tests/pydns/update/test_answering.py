"""What who sends an UPDATE is told."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydns import names
from pydns.metrics import Metrics
from pydns.query import Query
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.testing import FakeNext, Someone, plugins_of, query
from pydns.tsig.server import Signature
from pydns.update.updated import Updated
from pydns.wire.question import read_question
from pydns_plugins.file import UpdatedFile
from tests.pydns.update.messages import add, address, delete, equals, exists, message
from tests.pydns.update.sites import KEY, Site, site
from tests.pydns.zone.files import master
from tests.pydns.zone.zones import ORIGIN

CHANGE = message([], [add("a", "A", address(1))])


class Signed:
    """A signature that was found good."""

    def __init__(self, key: bytes = KEY) -> None:
        self.key = key


def asked(wire: bytes = CHANGE, key: bytes | None = KEY) -> Query:
    found = read_question(wire, Someone(), 0)
    if key is not None:
        found.signature = cast("Signature", Signed(key))
    return found


async def told(here: Site, given: Query) -> Reply:
    return await here.plugin.serve(given, FakeNext())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "db"
    found.write_text(master(1, "www A 192.0.2.1"))
    return found


def counted(metrics: Metrics) -> dict[tuple[str, ...], float]:
    return dict(metrics.counter("pydns_update_requests_total", "", "zone", "rcode").values)


async def test_success(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        reply = await told(here, asked())
        assert (reply.rcode, reply.by, reply.replay, reply.errors) == (0, "file", False, ())
        assert here.has("a")
        assert counted(here.plugin.house.metrics) == {("example.org.", "NOERROR"): 1}
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("wire", "key", "rcode", "code"),
    [
        (CHANGE, None, Rcode.REFUSED, Ede.PROHIBITED),
        (CHANGE, names.from_text("other"), Rcode.REFUSED, Ede.PROHIBITED),
        (message([exists("nobody")], []), KEY, Rcode.NXDOMAIN, Ede.OTHER),
        (message([], [add("example.com.", "A", address(1))]), KEY, Rcode.NOTZONE, Ede.OTHER),
        (CHANGE[:-1], KEY, Rcode.FORMERR, Ede.OTHER),
        (CHANGE.replace(b"\0\6\0\1", b"\0\1\0\1", 1), KEY, Rcode.FORMERR, Ede.OTHER),
        (message(zone=b"\3sub" + ORIGIN), KEY, Rcode.NOTAUTH, Ede.NOT_AUTHORITATIVE),
        (CHANGE.replace(b"\0\6\0\1", b"\0\6\0\3", 1), KEY, Rcode.NOTAUTH, Ede.NOT_AUTHORITATIVE),
    ],
    ids=["unsigned", "another key", "prerequisite", "out of the zone", "cut", "no SOA", "below the zone", "class CH"],
)
async def test_a_failure_tells_why(
    wire: bytes, key: bytes | None, rcode: int, code: int, path: Path, nursery: trio.Nursery
) -> None:
    async with site(path, nursery) as here:
        given = asked(CHANGE if wire == CHANGE[:-1] else wire, key)
        given.wire = wire  # one that is cut the server reads no question of
        reply = await told(here, given)
        assert (reply.rcode, reply.errors[0][0], bool(reply.errors[0][1])) == (rcode, code, True)
        assert here.serial == 1
        zone = "" if rcode == Rcode.NOTAUTH else "example.org."
        ((labels, count),) = counted(here.plugin.house.metrics).items()
        assert (labels[0], count) == (zone, 1)
    nursery.cancel_scope.cancel()


async def test_a_zone_beside_it_takes_none(path: Path) -> None:
    text = f". {{\nfile {path} example.org {{\nupdate key key.example\n}}\nfile {path}2 example.net\ntsig\n}}"
    (plugin,) = [each for each in plugins_of(text) if isinstance(each, UpdatedFile)]
    net = names.from_text("example.net")
    reply = await plugin.serve(asked(message(zone=net)), FakeNext())
    assert (reply.rcode, reply.errors[0][0]) == (Rcode.REFUSED, Ede.PROHIBITED)
    assert not isinstance(plugin.following[net], Updated)


async def test_other_queries_are_answered_as_ever(path: Path, nursery: trio.Nursery) -> None:
    async with site(path, nursery) as here:
        reply = await told(here, query("www.example.org"))
        assert [each.rdata for each in reply.answer] == [address(1)]
    nursery.cancel_scope.cancel()


async def test_refusals_do_not_fill_the_log(
    path: Path, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    async with site(path, nursery) as here:
        for _ in range(100):
            await told(here, asked(key=None))
        assert sum("REFUSED" in line for line in caplog.messages) == 20
    nursery.cancel_scope.cancel()


_KNOWN = {0, Rcode.FORMERR, Rcode.NOTZONE, Rcode.NXDOMAIN, Rcode.YXDOMAIN, Rcode.NXRRSET, Rcode.YXRRSET, Rcode.REFUSED}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(12, 100), st.integers(0, 255)), max_size=8), end=st.integers(12, 200))
def test_hostile_bytes_of_who_has_the_key(changes: list[tuple[int, int]], end: int, path: Path) -> None:
    wire = bytearray(message([exists("a"), *equals("b", "MX", b"\0\1\0")], [add("a", "A", address(1)), delete("a")]))
    for at, octet in changes:
        wire[at % len(wire)] = octet

    async def go() -> int:
        async with trio.open_nursery() as nursery:
            async with site(path, nursery) as here:
                given = asked()
                given.wire = bytes(wire[:end])
                reply = await told(here, given)
            nursery.cancel_scope.cancel()
        return reply.rcode

    assert trio.run(go) in _KNOWN
