"""Where a server's program is."""

import pytest

from benchmarks.errors import ServerError
from benchmarks.peers import OTHERS


@pytest.mark.parametrize("name", OTHERS)
def test_one_that_is_not_installed_is_told_with_the_remedy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = OTHERS[name]()
    monkeypatch.setattr(OTHERS[name], "program", "no-such-server")
    with pytest.raises(ServerError, match=f"{name} is not installed: apt install {peer.package}"):
        peer.path()
