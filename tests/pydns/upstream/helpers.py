from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import trio

from pydns.upstream.exchange import Exchange
from pydns.upstream.health import Checks
from pydns.upstream.limits import Limits
from pydns.upstream.pool import Pool
from pydns.upstream.request import Request
from pydns.upstream.testing import Script, ScriptedServer, good
from pydns.waiter import Waiter

REQUEST = Request(b"\x03www\x07example\x03org\x00\x00\x01\x00\x01", 0x0100, False)


@asynccontextmanager
async def asking(script: Script = good, limits: Limits | None = None, *, stream: bool = False) -> Any:
    """A scripted server, a pool of it alone, and a function that asks it and waits."""
    server = ScriptedServer(script)
    pool = Pool(limits or Limits(), Checks(max_fails=0), [server.endpoint])
    (upstream,) = pool.upstreams

    async def ask(seconds: float = 2.0) -> Exchange:
        waiter = Waiter()
        latest = trio.current_time() + 5
        exchange = upstream.begin(
            REQUEST, waiter.wake, trio.current_time(), stream=stream, timeout=seconds, latest=latest
        )
        while not exchange.done:
            await waiter
        return exchange

    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        await nursery.start(pool.run)
        yield SimpleNamespace(server=server, pool=pool, upstream=upstream, ask=ask)
        nursery.cancel_scope.cancel()
