"""What a plugin's zone tells of its past, and to whom."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pydns.records import Record
from pydns.steps import whole
from pydns.zone import holder
from pydns.zone.holder import Held
from pydns.zone.zone import Zone
from tests.pydns.zone.zones import ORIGIN, build, record, soa

TWO_DOWN = (1 << 32) - 2


OTHERS = [record(f"other{i}", "A", bytes(4)) for i in range(500)]
"""More than ever change: a journal tells no more than the zone has."""


def version(serial: int, *hosts: str, others: Sequence[Record] = OTHERS) -> Zone:
    return build([soa(serial), *(record(host, "A", bytes(4)) for host in hosts), *others])


def held_through(*zones: Zone | None) -> Held:
    held = Held(ORIGIN)
    for zone in zones:
        held.publish(zone)
    return held


def test_there_is_no_zone_at_first() -> None:
    held = Held(ORIGIN)
    assert (held.zone, held.since(1)) == (None, None)


def test_who_has_its_version_missed_nothing() -> None:
    assert held_through(version(7)).since(7) == ()


def test_it_tells_what_changed_since_a_version() -> None:
    deltas = held_through(version(1), version(2, "a"), version(5, "b")).since(1)
    assert deltas is not None
    assert [(delta.old_serial, delta.new_serial) for delta in deltas] == [(1, 2), (2, 5)]
    assert deltas[0].added == (record("a", "A", bytes(4)),)


def test_serials_pass_the_highest_number() -> None:
    deltas = held_through(version(TWO_DOWN), version(1, "a")).since(TWO_DOWN)
    assert deltas is not None
    assert len(deltas) == 1


@pytest.mark.parametrize(
    ("zones", "since"),
    [
        ((version(1), version(2)), 9),  # unknown
        ((version(1), version(2), version(2, "a")), 1),  # changed under the same serial
        ((version(2), version(1, "a")), 2),  # a serial that fell
        ((version(1), None, version(2)), 1),  # it was gone meanwhile
        ((version(1), version(2), None), 2),  # it is gone
    ],
)
def test_it_says_so_where_it_cannot_tell(zones: tuple[Zone | None, ...], since: int) -> None:
    assert held_through(*zones).since(since) is None


def test_the_same_zone_again_changes_nothing() -> None:
    deltas = held_through(version(1), version(2), version(2)).since(1)
    assert deltas is not None
    assert len(deltas) == 1


def test_the_journal_is_bounded() -> None:
    held = held_through(*(version(serial, f"h{serial}") for serial in range(holder.KEPT_DELTAS + 3)))
    assert held.since(1) is None
    assert len(held.since(2) or ()) == holder.KEPT_DELTAS


def test_no_more_is_kept_than_the_zone_has() -> None:
    # Who is so far behind gets the whole zone, for less: see RFC 1995 section 4.
    held = held_through(*(version(serial, f"h{serial}", others=OTHERS[:9]) for serial in range(1, 20)))
    assert held.since(16) is None
    assert len(held.since(17) or ()) == 2


def test_large_changes_end_the_journal_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "KEPT_RECORDS", 10)
    held = held_through(version(1), version(2, "a", "b", "c"), version(3), version(4, "d"))
    assert held.since(1) is None
    assert len(held.since(2) or ()) == 2


def test_large_zones_are_compared_in_steps_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "SMALL", 0)
    held = held_through(version(1))
    held.publish(version(2, "a"))
    assert held.since(1) is None
    delta = whole(held.comparing(version(3, "b")))
    assert delta is not None
    held.publish(version(3, "b"), delta)
    assert held.since(2) == (delta,)


def test_of_a_small_zone_nothing_is_too_much() -> None:
    held = held_through(build([soa(1), *(record(f"h{i}", "A", bytes(4), 5) for i in range(1500))]))
    delta = whole(held.comparing(build([soa(2), *(record(f"h{i}", "A", bytes(4), 6) for i in range(1500))])))
    assert delta is not None
    assert len(delta.added) == 1500


def test_listeners_hear_of_each_publish_when_it_is_done() -> None:
    held = Held(ORIGIN)
    heard: list[Zone | None] = []
    held.listeners.append(lambda: heard.append(held.zone))
    one = version(1)
    held.publish(one)
    held.publish(None)
    assert heard == [one, None]


def test_a_listener_that_fails_hinders_nobody() -> None:
    held = Held(ORIGIN)
    heard: list[int] = []
    held.listeners += [lambda: heard.append(1 // 0), lambda: heard.append(1)]
    held.publish(version(1))
    assert heard == [1]


def test_it_remembers_what_led_to_its_first_version() -> None:
    before = held_through(version(1), version(2, "a"), version(3, "b"))
    held = held_through(version(3, "b"))
    held.remember(before.history)
    assert held.since(1) == before.since(1)
    held.publish(version(4))
    assert len(held.since(1) or ()) == 3


def test_it_does_not_remember_what_led_elsewhere() -> None:
    held = held_through(version(7))
    held.remember(held_through(version(1), version(2, "a")).history)
    assert held.history == ()
