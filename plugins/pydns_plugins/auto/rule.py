"""From the name of a file to the zone that is in it."""

from __future__ import annotations

import re
from typing import Any, Final

from pydns import names
from pydns.corefile.tree import Word
from pydns.errors import CorefileError

EXPRESSION: Final = r"db\.(.*)"
TEMPLATE: Final = "{1}"

_PLACE: Final = re.compile(r"\{([0-9]{1,4})\}")


class Rule:
    """An expression that is sought in the name of a file, and what the zone's name is made of."""

    def __init__(self, expression: Any, template: str) -> None:
        self._expression = expression
        self._template = template

    def origin(self, file: str) -> bytes | None:
        """The zone of a file of this name, without its folder; None where it is none of ours.

        Raises NameSyntaxError where what comes of it is no name.
        """
        try:
            file.encode()
        except UnicodeEncodeError:  # RE2 takes none of these
            raise names.NameSyntaxError(f"{file!a} is no text in UTF-8") from None
        found = self._expression.search(file)
        if found is None:
            return None
        text = _PLACE.sub(lambda place: found.group(int(place[1])) or "", self._template)
        if not text:  # the root is a dot
            raise names.NameSyntaxError(f"nothing is left of {file!r}")
        return names.from_text(text)


def usual() -> Rule:
    """That of files called `db.example.org`."""
    return Rule(re.compile(EXPRESSION), TEMPLATE)


def read_rule(expression: Word, template: Word) -> Rule:
    """Raises CorefileError."""
    import re2  # type: ignore[import-untyped] # it ships no types; imported here, since few Corefiles need it

    # RE2 takes the syntax of Go's expressions, and none takes it long.
    settings = re2.Options()
    settings.log_errors = False
    try:
        compiled = re2.compile(str(expression), settings)
    except re2.error as error:
        raise CorefileError(expression.position, f"{str(expression)!r} is no expression: {_text(error)}") from None
    groups = int(compiled.groups)
    if not groups:
        remedy = r"such as db\.(.*), and {1} is what stands in them"
        raise CorefileError(expression.position, f"no parentheses in {str(expression)!r}", remedy)
    places = _PLACE.findall(template)
    if not places:
        remedy = "{1} stands for what is in the first parentheses"
        raise CorefileError(template.position, f"no {{1}} in {str(template)!r}: all files would be one zone", remedy)
    for place in places:
        if int(place) > groups:
            text = f"{{{place}}} in {str(template)!r}, and {groups} in parentheses"
            raise CorefileError(template.position, text)
    return Rule(compiled, str(template))


def _text(error: Exception) -> str:
    told = error.args[0] if error.args else error
    return told.decode(errors="replace") if isinstance(told, bytes) else str(told)
