"""Sockets that the parent was started with (socket activation): all workers listen on the same ones."""

from __future__ import annotations

import socket
from collections.abc import Container
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydns.serving import Change, Serving
    from pydns.setup import Place


class Given:
    """Kept by place as long as a configuration listens there, for workers that are still to come."""

    def __init__(self) -> None:
        self._sockets: dict[Place, list[socket.socket]] = {}

    def claim(self, change: Change, serving: Serving) -> None:
        """Takes what there is for a configuration's places: from the process's start, or from what it listens on."""
        for place in change.routers:
            if place in self._sockets:
                continue
            bound = serving.bound.get(place)
            if bound is not None and bound.sockets.given:
                self._sockets[place] = [sock.dup() for sock in (*bound.sockets.datagram, *bound.sockets.stream)]
            elif bound is None and serving.inherited is not None:
                kinds = socket.SOCK_DGRAM, socket.SOCK_STREAM
                found = [sock for kind in kinds for sock in serving.inherited.claim(kind, place.host, place.port)]
                if found:
                    self._sockets[place] = found

    def keep(self, places: Container[Place]) -> None:
        """Closes those of all other places."""
        for place in list(self._sockets):
            if place not in places:
                for sock in self._sockets.pop(place):
                    sock.close()

    def sockets(self) -> list[socket.socket]:
        return [sock for sockets in self._sockets.values() for sock in sockets]

    def copies(self) -> list[socket.socket]:
        return [sock.dup() for sock in self.sockets()]

    def close(self) -> None:
        self.keep(())
