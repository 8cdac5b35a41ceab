from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pydns.listen.activation import Inherited
from pydns.listen.sockets import Sockets, open_sockets
from pydns.setup import Place
from pydns.workers.given import Given


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    found = open_sockets("127.0.0.1", 0)
    yield found
    found.close()


def change(*places: Place) -> Any:
    return SimpleNamespace(routers=dict.fromkeys(places))


def place(port: int) -> Place:
    return Place("dns", "127.0.0.1", port)


def test_what_the_process_was_started_with_is_taken(sockets: Sockets) -> None:
    given, inherited = Given(), Inherited([*sockets.datagram, *sockets.stream])
    given.claim(change(place(sockets.port)), SimpleNamespace(bound={}, inherited=inherited))
    assert given.sockets() == [*sockets.datagram, *sockets.stream]
    assert inherited.unclaimed() == []


def test_what_nobody_wants_is_left(sockets: Sockets) -> None:
    given, inherited = Given(), Inherited([*sockets.datagram, *sockets.stream])
    given.claim(change(place(1)), SimpleNamespace(bound={}, inherited=inherited))
    assert given.sockets() == []
    assert len(inherited.unclaimed()) == 2


@pytest.mark.parametrize("is_given", [True, False])
def test_what_is_listened_on_is_copied_where_it_was_given(is_given: bool, sockets: Sockets) -> None:
    given = Given()
    bound = {place(sockets.port): SimpleNamespace(sockets=sockets._replace(given=is_given))}
    given.claim(change(place(sockets.port)), SimpleNamespace(bound=bound, inherited=None))
    assert len(given.sockets()) == (2 if is_given else 0)
    given.close()
    assert sockets.datagram[0].fileno() > 0


def test_what_is_listened_on_no_more_is_closed(sockets: Sockets) -> None:
    given = Given()
    serving = SimpleNamespace(bound={}, inherited=Inherited([*sockets.datagram, *sockets.stream]))
    given.claim(change(place(sockets.port)), serving)
    given.keep([place(sockets.port)])
    assert sockets.datagram[0].fileno() > 0
    given.keep([])
    assert sockets.datagram[0].fileno() < 0
    assert given.sockets() == []


def test_copies_are_others_of_the_same(sockets: Sockets) -> None:
    given = Given()
    serving = SimpleNamespace(bound={}, inherited=Inherited([*sockets.datagram, *sockets.stream]))
    given.claim(change(place(sockets.port)), serving)
    copies = given.copies()
    assert [copy.getsockname() for copy in copies] == [sock.getsockname() for sock in given.sockets()]
    for copy in copies:
        copy.close()
    assert isinstance(copies[0], socket.socket)
