"""What plugins have in common that answer from a cluster's index."""

from __future__ import annotations

from abc import abstractmethod

from pydns.cluster.answers import Found
from pydns.cluster.chase import follow
from pydns.plugin import CallNext, Plugin, Turn, leave
from pydns.query import Query
from pydns.reply import Reply


class ClusterPlugin(Plugin):
    """Its answers stand in memory, but for those that lead out of the cluster."""

    frees_task = True
    amends_later = True
    amend = leave

    @abstractmethod
    def said(self, query: Query) -> Reply | tuple[Found, bytes] | None:
        """The answer, or a name outside of the cluster with what was found; None where the query is not for here."""

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        said = self.said(query)
        if said is None:
            return await call_next(query)
        return said if isinstance(said, Reply) else await follow(query, *said, self.name)

    def at_once(self, query: Query) -> Reply | Turn:
        said = self.said(query)
        if said is None:
            return Turn.NEXT
        return said if isinstance(said, Reply) else Turn.SERVE
