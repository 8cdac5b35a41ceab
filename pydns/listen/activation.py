"""Sockets that systemd bound before the process began (sd_listen_fds(3)), so that it needs no privilege for port 53."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Iterable, MutableMapping
from typing import Final

from pydns.listen.sockaddr import normalized, to_address

log = logging.getLogger("pydns.listen")

_FIRST: Final = 3  # SD_LISTEN_FDS_START
_VARIABLES: Final = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID")
_EVERY_ADDRESS: Final = ("0.0.0.0", "::")


class Inherited:
    """The sockets that the process was started with. Each is claimed once; who claims it closes it."""

    def __init__(self, sockets: Iterable[socket.socket] = ()) -> None:
        self._sockets = list(sockets)

    def claim(self, kind: int, host: str, port: int) -> list[socket.socket]:
        """Those of a kind (`SOCK_DGRAM`; `SOCK_STREAM`, listening) that are bound to an address, made non-blocking.

        `host` is an IP address; empty takes what is bound to all addresses, of IPv4, of IPv6, or of both. Port 0 is
        nobody's.
        """
        wanted = (normalized(host),) if host else _EVERY_ADDRESS
        claimed = [sock for sock in self._sockets if port and _is_for(sock, kind, wanted, port)]
        for sock in claimed:
            self._sockets.remove(sock)
            sock.setblocking(False)
        return claimed

    def unclaimed(self) -> list[socket.socket]:
        """What nobody has claimed so far: the unit has sockets for which the Corefile has no server."""
        return list(self._sockets)


def inherited(environ: MutableMapping[str, str], pid: int) -> Inherited:
    """Takes the sockets over that `environ` names, where they are meant for this process.

    The variables are removed and the sockets closed on exec, so that no child believes they are its own.
    """
    found = {name: environ.pop(name, "") for name in _VARIABLES}
    if found["LISTEN_PID"] != str(pid):
        return Inherited()
    try:
        count = int(found["LISTEN_FDS"])
    except ValueError:
        log.warning("LISTEN_FDS is no number: %r", found["LISTEN_FDS"])
        return Inherited()
    sockets: list[socket.socket] = []
    for number in range(_FIRST, _FIRST + count):
        try:
            os.set_inheritable(number, False)
            sockets.append(socket.socket(fileno=number))
        except OSError as error:
            log.warning("inherited file descriptor %d is of no use: %s", number, error.strerror or error)
            if error.errno == errno.EBADF:  # nothing is there, nor behind it
                break
    return Inherited(sockets)


def _is_for(sock: socket.socket, kind: int, hosts: tuple[str, ...], port: int) -> bool:
    if sock.type != kind or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    if kind == socket.SOCK_STREAM and not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return False
    bound = to_address(sock.getsockname())
    return bound.port == port and normalized(bound.host) in hosts
