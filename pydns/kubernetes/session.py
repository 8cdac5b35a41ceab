"""Connections to the API by one identity, through which its requests go."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import trio

from pydns.kubernetes.access import Access

if TYPE_CHECKING:
    import httpx

PATIENCE: Final = 30.0
"""Seconds until an answer begins, and between two pieces of one that is read whole."""

# A peer that is gone without a word is noticed within a minute.
_KEEPALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)

Query = Mapping[str, str]


class Session:
    """Connections of one identity. One that is retired goes when nobody uses it any more."""

    def __init__(self, access: Access, context: Any, transport: Callable[[], httpx.AsyncBaseTransport] | None) -> None:
        import httpx

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=60.0)
        self.access = access
        self.stale = False
        self.fresh_until = 0.0
        self.users = 0
        self._retired = False
        self.http = httpx.AsyncClient(
            transport=transport()
            if transport
            else httpx.AsyncHTTPTransport(verify=context, limits=limits, socket_options=_KEEPALIVE, trust_env=False),
            # Packing costs us more than the network: both are in one cluster.
            headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "pydns"},
            trust_env=False,  # a proxy of the environment is not meant for the cluster
            follow_redirects=False,
        )

    async def send(self, path: str, query: Query, silence: float) -> httpx.Response:
        import httpx

        access = self.access
        headers = {"authorization": access.authorization} if access.authorization else {}
        extensions: dict[str, Any] = {"sni_hostname": access.server_name} if access.server_name else {}
        timeout = httpx.Timeout(PATIENCE, read=silence)
        request = self.http.build_request(
            "GET", access.server + path, params=dict(query), headers=headers, timeout=timeout, extensions=extensions
        )
        with trio.move_on_after(PATIENCE):
            return await self.http.send(request, stream=True)
        raise httpx.ConnectTimeout(f"no answer within {PATIENCE:g} s")

    async def leave(self) -> None:
        self.users -= 1
        await self._close_if_unused()

    async def retire(self) -> None:
        self._retired = True
        await self._close_if_unused()

    async def _close_if_unused(self) -> None:
        if self._retired and not self.users:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 1), suppress(Exception):
                await self.http.aclose()
