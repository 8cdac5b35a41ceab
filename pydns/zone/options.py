"""What plugins that serve zones from files can be told of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydns.corefile import values
from pydns.corefile.tree import Directive


@dataclass(kw_only=True)
class Followed:
    """How files of zones are followed.

    * `reload`: seconds between two looks where no event tells of a change; 0: they are read once
    * `mind_serial`: it is told where a zone changes and its serial does not
    * `fallthrough`: zones whose names that do not exist go on
    """

    reload: float
    mind_serial: bool = True
    fallthrough: frozenset[bytes] = frozenset()

    def readers(self) -> dict[str, Callable[[Directive], None]]:
        """For `values.options`: the lines that say so."""

        def reload(option: Directive) -> None:
            self.reload = values.duration(values.arguments(option, 1, 1)[0])

        def reload_by_mtime(option: Directive) -> None:
            values.arguments(option, 0, 0)
            self.mind_serial = False

        def fallthrough(option: Directive) -> None:
            self.fallthrough = frozenset(values.fallthrough(option))

        def upstream(option: Directive) -> None:
            """CoreDNS takes it and does nothing: aliases are always followed."""

        return {each.__name__: each for each in (reload, reload_by_mtime, fallthrough, upstream)}
