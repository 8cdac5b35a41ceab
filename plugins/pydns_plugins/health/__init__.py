"""Say over HTTP that the process lives; and go on answering for a while when it is told to stop."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns.corefile import values
from pydns.http import Page, Site
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.settings import Settings

log = logging.getLogger("pydns.health")

DEFAULT_ADDRESS: Final = ":8080"

_INTERVAL: Final = 1.0  # seconds between two askings of itself
_PATIENCE: Final = 3.0  # seconds for one
_BOUNDS: Final = (0.00025, 0.0025, 0.025, 0.25, 2.5)  # seconds; CoreDNS's
_REQUEST: Final = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Health(Plugin):
    """The health directive of one server block."""

    name: ClassVar[str] = "health"
    frees_task: ClassVar[bool] = True

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    single: ClassVar[bool] = True
    """There is one page for all processes, and one time until they end."""

    def __init__(self, address: Word, lameduck: float) -> None:
        self.host, self.port = values.listen_address(address)
        self.word = address
        self.lameduck = lameduck

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        words = values.arguments(directive, 0, 1)
        durations: list[float] = []

        def lameduck(option: Directive) -> None:
            durations.append(values.duration(values.arguments(option, 1, 1)[0]))

        values.options(directive, {"lameduck": lameduck})
        address = words[0] if words else type(directive.name)(DEFAULT_ADDRESS, directive.position)
        return (cls(address, durations[-1] if durations else 0.0),)

    def configure(self, settings: Settings) -> None:
        settings.sites.append(Site(self.host, self.port, "/health", self.page, self.word))

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    async def page(self) -> Page:
        return Page(b"OK")

    async def stopping(self) -> None:
        if self.lameduck:
            log.info("going into lameduck mode for %g s", self.lameduck)
            await trio.sleep(self.lameduck)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Asks itself each second, so that a process that is too busy to answer shows in its metrics."""
        metrics = self.house.metrics
        durations = metrics.histogram(
            "coredns_health_request_duration_seconds",
            "Histogram of the time (in seconds) each request took.",
            bounds=_BOUNDS,
        )
        failures = metrics.counter(
            "coredns_health_request_failures_total", "The number of times the health check failed."
        )
        task_status.started()
        while True:
            await trio.sleep(_INTERVAL)
            port = self.house.port_of(self.host, self.port)
            if not port:
                continue  # not yet, or no more: a reload has moved it
            began = perf_counter()
            try:
                with trio.fail_after(_PATIENCE):
                    await self._ask(port)
            except (OSError, trio.TooSlowError, trio.BrokenResourceError) as error:
                failures.add()
                log.warning("the health page at %s:%d does not answer: %s", self.host, port, error)
            durations.observe(value=perf_counter() - began)

    async def _ask(self, port: int) -> None:
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        async with await trio.open_tcp_stream(host, port) as stream:
            await stream.send_all(_REQUEST)
            if not (await stream.receive_some(64)).startswith(b"HTTP/1.1 200"):
                raise OSError("it is not 200 OK")
