"""Reads the header directive of a Corefile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pydns.corefile import values
from pydns.corefile.tree import Word
from pydns.errors import CorefileError, CorefileErrorGroup

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive

RD: Final = 0x0100
FLAGS: Final = {"aa": 0x0400, "ra": 0x0080, "rd": RD}
"""Bits of the header's flags, RFC 1035 section 4.1.1."""

SELECTORS: Final = ("query", "response")
ACTIONS: Final = ("set", "clear")


class Rules(NamedTuple):
    """The flags that are set, and those that are cleared; none is both."""

    set: int = 0
    cleared: int = 0

    def __bool__(self) -> bool:
        return bool(self.set | self.cleared)

    def apply(self, flags: int) -> int:
        return (flags | self.set) & ~self.cleared

    def then(self, action: str, bits: int) -> Rules:
        """These rules and one more, which is stronger."""
        if action == "set":
            return Rules(self.set | bits, self.cleared & ~bits)
        return Rules(self.set & ~bits, self.cleared | bits)


def read_rules(directive: Directive) -> tuple[Rules, Rules]:
    """The rules for queries and those for responses. Raises CorefileError or CorefileErrorGroup."""
    values.arguments(directive, 0, 0)
    if not directive.block:
        raise CorefileError(directive.position, "header has no rules", "write a line such as: response set ra")
    found = {selector: Rules() for selector in SELECTORS}
    errors: list[CorefileError] = []
    for line in directive.block:
        try:
            selector, action, bits = _rule(line)
        except CorefileError as error:
            errors.append(error)
        else:
            found[selector] = found[selector].then(action, bits)
    if errors:
        raise CorefileErrorGroup(errors)
    return found["query"], found["response"]


def _rule(line: Directive) -> tuple[str, str, int]:
    values.no_block(line)
    selector = _lower(line.name)
    if selector in ACTIONS:
        # CoreDNS took such a line for responses until 1.12.3.
        text = " ".join(("response", selector, *line.args))
        raise CorefileError(line.position, "a rule begins with query or response", f"write: {text}")
    values.choice(selector, SELECTORS, "selector of header")
    action, *flags = values.arguments(line, 2)
    bits = 0
    for flag in flags:
        bits |= FLAGS[values.choice(_lower(flag), tuple(FLAGS), "flag")]
    return selector, values.choice(_lower(action), ACTIONS, "action of header"), bits


def _lower(word: Word) -> Word:
    return Word(word.lower(), word.position)
