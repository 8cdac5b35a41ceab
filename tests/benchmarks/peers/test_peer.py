"""Where a server's program is."""

import pytest

from benchmarks.errors import ServerError
from benchmarks.peers import DEBIANS


@pytest.mark.parametrize("name", DEBIANS)
def test_one_that_is_not_installed_is_told_with_the_remedy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = DEBIANS[name]()
    monkeypatch.setattr(DEBIANS[name], "program", "no-such-server")
    with pytest.raises(ServerError, match=f"apt install {peer.package}"):
        peer.path()
