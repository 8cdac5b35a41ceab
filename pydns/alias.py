"""An alias, and the answer to the name that it leads to, as one answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydns.records import Record
from pydns.reply import Reply


def joined(
    answer: Sequence[Record], authority: Sequence[Record], reply: Reply, by: str, why: str | Callable[[], str]
) -> Reply:
    """What `by` has, and behind it the records of `reply` that are not among those."""
    whole = Reply(
        # Where a chain leads back, or by one DNAME several times, each is said once.
        (*answer, *(record for record in reply.answer if record not in answer)),
        (*authority, *(record for record in reply.authority if record not in authority)),
        rcode=reply.rcode,  # that of the last name in the chain (RFC 6604 section 3)
        flags=Reply.AA | reply.flags & (Reply.TC | Reply.CO),
        by=by,
        why=why,
        errors=reply.errors,
        replay=reply.replay and not reply.ages,  # the TTL of the alias does not count down with the others
    )
    whole.lifetime = reply.lifetime
    whole.counters, whole.watchers, whole.prompt = reply.counters, reply.watchers, reply.prompt
    return whole
