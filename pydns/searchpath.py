"""What a client puts behind a name that it is given, as plugins know it of their clients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable


class KnowsSearchPath(ABC):
    """A plugin that knows where its clients look for names.

    * `falls_through`: False where it is to pass on no query for a name in the zones that search paths lead into
    """

    falls_through: bool

    @abstractmethod
    def search_path(self, name: bytes, address: Callable[[], bytes]) -> tuple[bytes, ...] | None:
        """The endings that a client tries behind what it asks for, in their order, where `name` has the first of them.

        None where that is not known. `address` gives the client's, packed; it is called only where it decides.
        """

    @abstractmethod
    def group(self, name: bytes) -> str | None:
        """Of which clients a name is that was made by a search path, empty where that cannot be told.

        None where it is in no zone that search paths lead into.
        """
