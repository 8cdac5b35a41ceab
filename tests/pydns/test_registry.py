import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pydns import registry
from pydns.corefile.tree import Position, Word
from pydns.errors import CorefileError
from pydns.order import ORDER
from pydns.registry import BUILTIN, Registry, known_names

HELLO = """
from pydns.plugin import Plugin
from pydns.reply import Reply

class Hello(Plugin):
    name = "hello"

    @classmethod
    def parse(cls, directives, block):
        return (cls(),)

    async def serve(self, query, call_next):
        return Reply(why="one")
"""

Install = Callable[[str, str], None]


def word(text: str) -> Word:
    return Word(text, Position("Corefile", 3, 5))


def refusal(found: Callable[[], object]) -> str:
    with pytest.raises(CorefileError) as caught:
        found()
    return str(caught.value)


@pytest.fixture(autouse=True)
def writes_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python does where nobody says otherwise."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """A function that installs a distribution: its entry point, and its one module `hello_plugin`."""

    def install(entry_point: str, source: str) -> None:
        info = tmp_path / "hello_plugin-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hello-plugin\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{entry_point}\n")
        (tmp_path / "hello_plugin.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)

    yield install
    sys.modules.pop("hello_plugin", None)


@pytest.mark.parametrize("name", BUILTIN)
def test_each_of_our_own_is_there_under_its_name(name: str) -> None:
    assert Registry().find(word(name)).name == name


@pytest.mark.parametrize("name", BUILTIN)
def test_each_of_our_own_has_its_place_in_the_chain(name: str) -> None:
    assert name in ORDER


def test_all_that_can_be_named_are_known() -> None:
    assert known_names() == sorted(BUILTIN)


@pytest.mark.parametrize(("name", "remedy"), [
    ("cach", "did you mean 'cache'?"),
    ("plugn", "did you mean 'plugin'?"),
    ("imprt", "did you mean 'import'?"),
    ("qqqqq", "`pydns -plugins` lists those that are known"),
    ("", "`pydns -plugins` lists those that are known"),
])  # fmt: skip
def test_an_unknown_name_is_refused_with_a_remedy(name: str, remedy: str) -> None:
    assert refusal(lambda: Registry().find(word(name))) == f"Corefile:3:5: unknown plugin {name!r} ({remedy})"


def test_a_plugin_of_coredns_that_is_not_there_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(BUILTIN, "whoami")
    assert refusal(lambda: Registry().find(word("whoami"))).startswith(
        "Corefile:3:5: plugin 'whoami' is CoreDNS's, but not there yet in this version of pydns"
    )


# Files of plugins.


def test_a_file_brings_its_plugins(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    found = Registry()
    found.add_file(tmp_path / "hello.py", word("hello.py"))
    assert found.find(word("hello")).name == "hello"


def test_a_file_may_bring_one_in_place_of_our_own(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO.replace('"hello"', '"whoami"'))
    found = Registry()
    found.add_file(tmp_path / "hello.py", word("hello.py"))
    assert found.find(word("whoami")).__name__ == "Hello"


def test_a_base_without_a_name_is_no_plugin_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(
        HELLO.replace("class Hello(Plugin):", "class Base(Plugin): pass\n\nclass Hello(Base):")
    )
    found = Registry()
    found.add_file(tmp_path / "hello.py", word("hello.py"))
    assert found.find(word("hello")).__name__ == "Hello"


def test_what_a_file_imports_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text("from pydns_plugins.whoami import Whoami\n")
    assert "defines no plugin" in refusal(lambda: Registry().add_file(tmp_path / "hello.py", word("hello.py")))


def test_a_suggestion_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    found = Registry()
    found.add_file(tmp_path / "hello.py", word("hello.py"))
    assert "did you mean 'hello'?" in refusal(lambda: found.find(word("helo")))


def test_an_edited_file_is_read_anew_though_size_and_second_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "hello.py"
    for text in ("one", "two"):
        path.write_text(HELLO.replace("one", text))
        os.utime(path, (1_000_000, 1_000_000))
        found = Registry()
        found.add_file(path, word("hello.py"))
    assert "two" in found.find(word("hello")).serve.__code__.co_consts


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO)
    Registry().add_file(tmp_path / "hello.py", word("hello.py"))
    assert [path.name for path in tmp_path.iterdir()] == ["hello.py"]


@pytest.mark.parametrize(("source", "text"), [
    ("", "'hello.py' defines no plugin (derive a class"),
    ("x = 1", "'hello.py' defines no plugin"),
    ("class Hello: name = 'hello'", "'hello.py' defines no plugin"),
    ("from pydns.plugin import Plugin\nclass Hello(Plugin): pass", "'hello.py' defines no plugin"),
    ("def", "plugin file 'hello.py' cannot be loaded: SyntaxError: "),
    ("\0", "plugin file 'hello.py' cannot be loaded: "),
    ("import nothing_of_that_name", "plugin file 'hello.py' cannot be loaded: ModuleNotFoundError: "),
    ("1 / 0", "plugin file 'hello.py' cannot be loaded: ZeroDivisionError: division by zero"),
    ("raise SystemExit(3)", "plugin file 'hello.py' cannot be loaded: SystemExit: 3"),
    (HELLO.replace("def parse", "def read"), "Hello has no `parse`"),
    (HELLO.replace("def serve", "def answer"), "Hello has no `serve`"),
    (HELLO.replace('"hello"', "7"), "Hello's `name` is no word: 7"),
    (HELLO + "    before = 'nobody'\n", "wants to stand before 'nobody', which has no place in the chain"),
    (HELLO + "    before = None\n", "wants to stand before None, which has no place in the chain"),
])  # fmt: skip
def test_a_bad_file_is_refused(source: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "hello.py"
    path.write_text(source)
    message = refusal(lambda: Registry().add_file(path, word("hello.py")))
    assert message.startswith("Corefile:3:5: ")
    assert text in message


@pytest.mark.parametrize(("name", "text"), [
    ("missing.py", "No such file"),
    ("hello.txt", "its name must end in .py"),
    ("folder.py", "cannot be loaded"),
])  # fmt: skip
def test_what_is_no_python_file_is_refused(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text(HELLO)
    (tmp_path / "folder.py").mkdir()
    assert text in refusal(lambda: Registry().add_file(tmp_path / name, word(name)))


# Installed plugins.


def test_an_installed_plugin_is_found(install: Install) -> None:
    install("hello = hello_plugin:Hello", HELLO)
    assert Registry().find(word("hello")).name == "hello"


def test_an_installed_plugin_is_listed(install: Install) -> None:
    install("hello = hello_plugin:Hello", "1 / 0  # it is not imported for that")
    assert "hello" in known_names()


def test_an_installed_plugin_is_suggested(install: Install) -> None:
    install("hello = hello_plugin:Hello", HELLO)
    assert "did you mean 'hello'?" in refusal(lambda: Registry().find(word("helo")))


def test_none_that_is_installed_stands_in_for_our_own(install: Install) -> None:
    install("whoami = hello_plugin:Hello", HELLO.replace('"hello"', '"whoami"'))
    assert Registry().find(word("whoami")).__name__ == "Whoami"


@pytest.mark.parametrize(("entry_point", "source", "text"), [
    ("hello = hello_plugin:Hello", "1 / 0", "ZeroDivisionError"),
    ("hello = hello_plugin:Hello", "raise SystemExit", "SystemExit"),
    ("hello = hello_plugin:Missing", HELLO, "AttributeError"),
    ("hello = missing_module:Hello", HELLO, "ModuleNotFoundError"),
    ("hello = hello_plugin:Plugin", HELLO, "Plugin has no `parse`"),
    ("hello = hello_plugin:Hello", HELLO.replace("Hello(Plugin)", "Hello"), "no class derived from"),
    ("hello = hello_plugin:Hello", HELLO.replace("def parse", "def read"), "Hello has no `parse`"),
    ("hello = hello_plugin:Hello", HELLO.replace('"hello"', '"other"'), "Hello is named 'other'"),
])  # fmt: skip
def test_a_bad_installed_plugin_is_refused(entry_point: str, source: str, text: str, install: Install) -> None:
    install(entry_point, source)
    message = refusal(lambda: Registry().find(word("hello")))
    assert message.startswith("Corefile:3:5: plugin 'hello' cannot be loaded: ")
    assert text in message
