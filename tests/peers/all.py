"""Those that zones are held to."""

from typing import Final

from tests.peers.bind import Bind
from tests.peers.knot import Knot
from tests.peers.nsd import Nsd
from tests.peers.peer import Peer

PEERS: Final[dict[str, type[Peer]]] = {"nsd": Nsd, "knot": Knot, "bind": Bind}
"""By the name of the project, for `pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)`."""
