"""Listen on these addresses, or on those of these interfaces, instead of on all."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, ClassVar, Self

from pydns.corefile import values
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.plugin import CallNext, Plugin
from pydns.query import Query
from pydns.reply import Reply

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.settings import Settings


class Bind(Plugin):
    """All bind directives of one server block together."""

    name: ClassVar[str] = "bind"
    frees_task: ClassVar[bool] = True

    opcodes: ClassVar[frozenset[int]] = frozenset()
    """None: it has nothing to do with any query."""

    def __init__(self, hosts: Sequence[Word], except_: Sequence[Word]) -> None:
        self.hosts = hosts
        self.except_ = except_

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        hosts: list[Word] = []
        except_: list[Word] = []
        errors: list[CorefileError] = []

        def leave_out(option: Directive) -> None:
            except_.extend(values.arguments(option, 1))

        for directive in directives:
            try:
                hosts.extend(_checked(word) for word in values.arguments(directive, 1))
                values.options(directive, {"except": leave_out})
            except CorefileError as error:
                errors.append(error)
            except CorefileErrorGroup as group:
                errors.extend(group.errors)
        if errors:
            raise CorefileErrorGroup(errors)
        return (cls(hosts, except_),)

    def configure(self, settings: Settings) -> None:
        settings.bind.extend(self.hosts)
        settings.bind_except.extend(self.except_)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)


def _checked(word: Word) -> Word:
    """An interface need not exist yet where the Corefile is checked, but a port is never part of it."""
    looks_like_address = ":" in word or not word.strip("0123456789.")
    if not word or "/" in word or (looks_like_address and not _is_address(word)):
        raise CorefileError(
            word.position,
            f"{str(word)!r} is neither an address nor the name of an interface",
            "the port stands behind the zone: example.org:1053 { ... }",
        )
    return word


def _is_address(word: Word) -> bool:
    try:
        ip_address(word.partition("%")[0])
    except ValueError:
        return False
    return True
