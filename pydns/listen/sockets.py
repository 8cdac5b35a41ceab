"""Sockets for one address, UDP and TCP on the same port."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from pydns.errors import StartError

if TYPE_CHECKING:
    from pydns.listen.activation import Inherited

log = logging.getLogger("pydns.listen")

_BACKLOG: Final = 1024
_TRIES: Final = 50  # for a port that is free for all sockets of an address
_FLAGS: Final = socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_REMEDIES: Final = {
    errno.EADDRINUSE: "another program listens there: see `ss -lntup`, or take another port with -dns.port; where one "
    "server block binds an address, all blocks of that port must",
    errno.EACCES: "ports below 1024 want root, CAP_NET_BIND_SERVICE or the sysctl net.ipv4.ip_unprivileged_port_start",
    errno.EADDRNOTAVAIL: "no interface of this machine has that address",
}


class Sharing(Enum):
    """Whether other processes of ours have sockets at the same address (SO_REUSEPORT): the kernel deals out to all."""

    NONE = 0
    FIRST = 1
    """None has yet. Whoever listens there now is another program, which is an error."""
    MORE = 2
    """Some have, or may have."""


class Sockets(NamedTuple):
    """`port` is the one that they have, also where any was asked for; `given` are those that the process began with."""

    datagram: tuple[socket.socket, ...]
    stream: tuple[socket.socket, ...]
    port: int
    given: bool = False

    def leave(self) -> None:
        """What comes from now on goes to the sockets that others have at the address, or at all; what came stays here.

        A datagram that waits in a socket that is closed is lost. One that is connected takes no part any more in what
        the kernel deals out, and can still be read and answered from.
        """
        for sock in () if self.given else self.datagram:
            with suppress(OSError):  # it may be closed already
                host, *rest = sock.getsockname()
                sock.connect(({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), *rest))

    def share(self, shared: bool) -> None:
        """Whether others may bind what overlaps with their addresses, where these say so too."""
        for sock in (*self.datagram, *self.stream):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)

    def close(self) -> None:
        for sock in (*self.datagram, *self.stream):
            sock.close()


def open_sockets(
    host: str,
    port: int,
    inherited: Inherited | None = None,
    beside: Iterable[Sockets] = (),
    *,
    datagram: bool = True,
    sharing: Sharing = Sharing.NONE,
) -> Sockets:
    """Bound sockets, those for streams listening; without `datagram` streams alone.

    `beside` are sockets of ours that are about to be closed. What is opened may overlap with them meanwhile: one
    address in place of all, or all in place of one.

    `host` is an IP address; empty for all addresses, with a socket for each family. Port 0 is any that is free. Sockets
    that the process was started with are taken where they fit. Raises StartError.
    """
    if inherited is not None:
        datagrams = inherited.claim(socket.SOCK_DGRAM, host, port) if datagram else []
        streams = inherited.claim(socket.SOCK_STREAM, host, port)
        if datagrams or streams:
            if datagram and not (datagrams and streams):
                only, missing = ("UDP", "TCP") if datagrams else ("TCP", "UDP")
                log.warning("port %d was inherited for %s alone: nobody is answered over %s", port, only, missing)
            for sock in (*datagrams, *streams):
                sock.setblocking(False)
            return Sockets(tuple(datagrams), tuple(streams), port, given=True)
    leaving = tuple(beside)
    for left in reversed(range(_TRIES if port == 0 else 1)):
        for sockets in leaving:
            sockets.share(True)
        try:
            found = _open(host, port, datagram, bool(leaving) or sharing is Sharing.MORE)
            found.share(sharing is not Sharing.NONE)  # else a second program on the port is an error again
            return found
        except OSError as error:
            if left and error.errno == errno.EADDRINUSE:
                continue
            remedy = _REMEDIES.get(error.errno or 0)
            if not datagram and error.errno == errno.EADDRINUSE:
                remedy = "another program listens there: see `ss -lntp`, or give the directive another address"
            where = f"[{host}]:{port}" if ":" in host else f"{host or '*'}:{port}"
            raise StartError(
                f"cannot listen on {where}: {error.strerror or error}{f' ({remedy})' if remedy else ''}"
            ) from error
        finally:
            for sockets in leaving:
                sockets.share(False)
    raise AssertionError("unreachable")


def _open(host: str, port: int, datagram: bool, shared: bool) -> Sockets:
    datagrams: list[socket.socket] = []
    streams: list[socket.socket] = []
    try:
        for address in (host,) if host else ("0.0.0.0", "::"):
            try:
                streams.append(_bound(address, port, socket.SOCK_STREAM, shared))
            except OSError as error:
                if not host and ":" in address and error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    log.info("no IPv6 on this machine: listening on IPv4 alone")
                    continue
                raise
            port = streams[-1].getsockname()[1]
            if datagram:
                datagrams.append(_bound(address, port, socket.SOCK_DGRAM, shared))
        for sock in streams:
            sock.listen(_BACKLOG)
    except BaseException:
        for sock in (*datagrams, *streams):
            sock.close()
        raise
    return Sockets(tuple(datagrams), tuple(streams), port)


def _bound(host: str, port: int, kind: int, shared: bool) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)[0]
    sock = socket.socket(family, kind | _FLAGS)
    try:
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock
