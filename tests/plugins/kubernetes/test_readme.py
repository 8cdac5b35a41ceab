from __future__ import annotations

import re
from pathlib import Path

import pydns_plugins.kubernetes
from pydns.services.reader import read

README = (Path(pydns_plugins.kubernetes.__file__).parent / "README.md").read_text()


def test_the_file_in_the_readme_is_sound() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert [service.name for service in read(text, "README.md").services] == ["web", "db", "two", "www"]
