from pathlib import Path

import pytest

from pydns.corefile.parser import parse_file, parse_text
from pydns.errors import CorefileErrorGroup
from pydns.names import from_text
from pydns.registry import BUILTIN
from pydns.setup import Block, Configuration, Place, configure, load, routes
from pydns_plugins.forward import Forward
from tests.pydns.life import PLUGIN, WriteFile


def made(text: str, port: int = 53) -> Configuration:
    return load(lambda: parse_text(text, environ={}), port)


def errors(text: str) -> list[str]:
    with pytest.raises(CorefileErrorGroup) as caught:
        made(text)
    return str(caught.value).splitlines()


def plugins(text: str) -> list[str]:
    return [plugin.name for plugin in made(text).blocks[0].plugins]


def served(text: str) -> dict[str, dict[str, int]]:
    """For each place, how many blocks there are for each zone."""
    found = routes(made(text).blocks, Block.hosts)
    return {
        str(place): {"." if zone == b"\0" else zone.decode("latin-1"): len(routes) for zone, routes in zones.items()}
        for place, zones in found.items()
    }


# The chain.


def test_the_chain_has_an_order_of_its_own() -> None:
    text = ". {\n whoami\n forward . 192.0.2.1\n hosts\n cache\n log\n errors\n bind lo\n root .\n}"
    assert plugins(text) == ["root", "bind", "errors", "log", "cache", "hosts", "forward", "whoami"]


def test_directives_of_one_name_stand_in_the_order_of_the_corefile() -> None:
    text = ". {\n forward b.example 192.0.2.2\n whoami\n forward a.example 192.0.2.1\n}"
    blocks = made(text).blocks
    found = [plugin.options.zones for plugin in blocks[0].plugins if isinstance(plugin, Forward)]
    assert found == [(from_text("b.example"),), (from_text("a.example"),)]


@pytest.mark.parametrize(("before", "chain"), [
    ("", ["cache", "hosts", "own", "forward", "whoami"]),
    ("before = 'hosts'", ["cache", "own", "hosts", "forward", "whoami"]),
    ("before = 'cache'", ["own", "cache", "hosts", "forward", "whoami"]),
])  # fmt: skip
def test_a_plugin_from_a_file_stands_where_it_says(before: str, chain: list[str], write: WriteFile) -> None:
    path = write("own.py", PLUGIN + f"\n    {before}\n")
    assert plugins(f". {{\n plugin {path}\n own\n whoami\n cache\n hosts\n forward . 192.0.2.1\n}}") == chain


def test_a_plugin_file_may_stand_behind_what_it_brings(write: WriteFile) -> None:
    path = write("own.py", PLUGIN)
    assert plugins(f". {{\n own\n plugin {path}\n}}") == ["own"]


def test_a_plugin_file_is_for_its_own_block(write: WriteFile) -> None:
    path = write("own.py", PLUGIN)
    assert errors(f"a {{\n plugin {path}\n own\n}}\nb {{\n own\n}}") == [
        "Corefile:6:2: unknown plugin 'own' (`pydns -plugins` lists those that are known)"
    ]


def test_a_relative_plugin_file_is_taken_from_root(write: WriteFile) -> None:
    path = write("own.py", PLUGIN)
    assert plugins(f". {{\n root {path.parent}\n plugin own.py\n own\n}}") == ["root", "own"]


# What is wrong.


@pytest.mark.parametrize(("text", "error"), [
    (". {\n cach\n}", "Corefile:2:2: unknown plugin 'cach' (did you mean 'cache'?)"),
    (". {\n whoami x\n}", "Corefile:2:9: whoami takes no arguments; 'x' is one too many"),
    ("tls://. {\n whoami\n}", "Corefile:1:1: there is no listener for tls:// yet in this version of pydns"),
    ("a, https://b {\n whoami\n}", "Corefile:1:4: there is no listener for https:// yet in this version of pydns"),
    ("grpc://. {\n whoami\n}", "Corefile:1:1: there is no listener for grpc:// yet in this version of pydns"),
    ("quic://. {\n whoami\n}", "Corefile:1:1: there is no listener for quic:// yet in this version of pydns"),
    (". {\n plugin\n}", "Corefile:2:2: plugin wants at least 1 argument, not 0"),
    (". {\n plugin a.py {\n }\n}", "Corefile:2:2: plugin takes no block"),
    (". {\n plugin none.py\n}", "Corefile:2:9: plugin file 'none.py' cannot be loaded: "),
    ("", "Corefile:1:1: there is no server block"),
    ("# nothing\n", "Corefile:1:1: there is no server block"),
    ("(snippet) {\n whoami\n}\n", "Corefile:1:1: there is no server block"),
])  # fmt: skip
def test_it_is_refused_with_its_place(text: str, error: str) -> None:
    (found,) = errors(text)
    assert found.startswith(error)


def test_a_plugin_of_coredns_that_is_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(BUILTIN, "cache")
    assert errors(". {\n cache\n}")[0].startswith("Corefile:2:2: plugin 'cache' is CoreDNS's, but not there yet")


def test_all_errors_come_together_in_the_order_of_the_file() -> None:
    text = "tls://a {\n whoami x\n cach\n bind\n}\nb {\n hosts {\n  tll 5\n }\n whoami {\n }\n}\nb {\n whoami\n}"
    assert [error.split(": ")[0] for error in errors(text)] == [
        "Corefile:1:1", "Corefile:2:9", "Corefile:3:2", "Corefile:4:2", "Corefile:8:3", "Corefile:10:2",
        "Corefile:13:1",
    ]  # fmt: skip


def test_an_error_in_a_snippet_is_told_once() -> None:
    assert len(errors("(bad) {\n cach\n}\na {\n import bad\n}\nb {\n import bad\n}")) == 1


def test_errors_of_imported_files_stand_where_they_are_imported(write: WriteFile) -> None:
    write("first", "cach\n")
    main = write("main", "b {\n import first\n whoam\n}\n")
    with pytest.raises(CorefileErrorGroup) as caught:
        configure(parse_file(main, environ={}))
    names = [Path(error.position.file).name for error in caught.value.errors]
    assert names == ["main", "first"]  # file after file, as the reader's own


@pytest.mark.parametrize(("change", "text"), [
    (("return (cls(),)", "1 / 0"), "ZeroDivisionError: division by zero"),
    (("return (cls(),)", "raise SystemExit(2)"), "SystemExit: 2"),
    (("return (cls(),)", "return None"), "TypeError: "),
    (("return (cls(),)", "return (7,)"), "TypeError: parse gave 7, which is no Plugin"),
    (("# configure", "raise RuntimeError('no')"), "RuntimeError: no"),
    (("# opcodes", "opcodes = None"), "TypeError: "),
    (("# opcodes", "classes = frozenset(('IN',))"), "TypeError: "),
    (("# opcodes", "reads_options = 5"), "TypeError: "),
])  # fmt: skip
def test_a_plugin_that_misbehaves_is_an_error_of_the_corefile(
    change: tuple[str, str], text: str, write: WriteFile
) -> None:
    path = write("own.py", PLUGIN.replace(*change))
    (error,) = errors(f". {{\n plugin {path}\n own\n}}")
    assert error.startswith(f"Corefile:3:2: plugin 'own' failed to read this: {text}")


# Two blocks at one place.


@pytest.mark.parametrize(("text", "where", "second"), [
    ("a {\n}\na {\n}", "a. is served at dns://:53", "3:1"),
    ("a {\n}\nA. {\n}", "a. is served at dns://:53", "3:1"),
    ("a a {\n}", "a. is served at dns://:53", "1:3"),
    ("a {\n}\nb, a:53 {\n}", "a. is served at dns://:53", "3:4"),
    ("a {\n}\ndns://a {\n}", "a. is served at dns://:53", "3:1"),
    ("10.0.0.0/8 {\n}\n10.in-addr.arpa {\n}", "10.in-addr.arpa. is served at dns://:53", "3:1"),
    ("a {\n bind 192.0.2.1\n}\na {\n bind 192.0.2.2 192.0.2.1\n}", "a. is served at dns://192.0.2.1:53", "4:1"),
    ("a {\n bind 2001:db8::1\n}\na {\n bind 2001:db8::1\n}", "a. is served at dns://[2001:db8::1]:53", "4:1"),
])  # fmt: skip
def test_a_zone_is_served_once_at_one_place(text: str, where: str, second: str) -> None:
    assert errors(text) == [
        f"Corefile:{second}: {where} already, by Corefile:1:1 (serve it in one block, or tell them apart)"
    ]


@pytest.mark.parametrize(("text", "where"), [
    ("a {\n bind 192.0.2.1\n}\nb {\n}", "4:1: b listens on all addresses of port 53, but Corefile:2:7"),
    ("a:54 {\n}\nb:54 {\n bind lo\n}", "1:1: a:54 listens on all addresses of port 54, but Corefile:4:7"),
])  # fmt: skip
def test_all_addresses_of_a_port_are_not_to_be_had_beside_one_of_them(text: str, where: str) -> None:
    assert errors(text) == [f"Corefile:{where} binds some of them (give each block of a port a bind, or none of them)"]


@pytest.mark.parametrize("text", [
    "a {\n}\nb {\n}",
    "a {\n}\na:54 {\n}",
    "a {\n bind 192.0.2.1\n}\na {\n bind 192.0.2.2\n}",
    "a {\n bind 192.0.2.1\n}\nb:54 {\n}",
    "a {\n bind 192.0.2.1\n}\nb {\n bind 192.0.2.2\n}",
    "a {\n bind ::\n}\nb {\n}",
    "a {\n}\nx.a {\n}",
    "a {\n bind 192.0.2.1 192.0.2.1\n}",
])  # fmt: skip
def test_these_stand_beside_each_other(text: str) -> None:
    assert made(text)


@pytest.mark.parametrize(("first", "second"), [("own", ""), ("", "own"), ("own", "own")])
def test_a_block_with_a_filter_may_stand_beside_another_of_its_zone(first: str, second: str, write: WriteFile) -> None:
    path = write("own.py", PLUGIN.replace("# configure", "settings.filters.append(lambda query: True)"))
    assert made(f"a {{\n plugin {path}\n {first}\n}}\na {{\n plugin {path}\n {second}\n}}")


def test_with_a_filter_two_others_of_the_zone_still_collide(write: WriteFile) -> None:
    path = write("own.py", PLUGIN.replace("# configure", "settings.filters.append(lambda query: True)"))
    assert len(errors(f"a {{\n}}\na {{\n plugin {path}\n own\n}}\na {{\n}}")) == 1


# What is made of it.


@pytest.mark.parametrize(("text", "places"), [
    ("a b {\n whoami\n}", {"dns://:53": {"\1a\0": 1, "\1b\0": 1}}),
    ("a {\n whoami\n}\nb:54 {\n whoami\n}", {"dns://:53": {"\1a\0": 1}, "dns://:54": {"\1b\0": 1}}),
    (". {\n bind 192.0.2.1 192.0.2.2\n whoami\n}", {"dns://192.0.2.1:53": {".": 1}, "dns://192.0.2.2:53": {".": 1}}),
    (". {\n}", {"dns://:53": {}}),  # listens, and answers nothing but REFUSED
    ("10.0.0.0/8 10.0.0.0/7:54 {\n whoami\n}", {
        "dns://:53": {"\00210\7in-addr\4arpa\0": 1},
        "dns://:54": {"\00210\7in-addr\4arpa\0": 1, "\00211\7in-addr\4arpa\0": 1},
    }),
])  # fmt: skip
def test_a_place_has_the_blocks_that_listen_there(text: str, places: dict[str, dict[str, int]]) -> None:
    assert served(text) == places


def test_a_key_without_a_port_has_that_of_the_command_line() -> None:
    found = routes(made("a, b:54 {\n whoami\n}", 1053).blocks, Block.hosts)
    assert list(found) == [Place("dns", "", 1053), Place("dns", "", 54)]


def test_reload_is_as_the_first_block_says_that_says_something() -> None:
    reload = made("a {\n}\nb {\n reload 3s 0\n}\nc {\n reload 4s\n}").reload
    assert reload is not None
    assert (reload.interval, reload.jitter) == (3, 0)


def test_a_corefile_that_says_nothing_of_reload_is_not_followed() -> None:
    assert made("a {\n}").reload is None


def test_plugin_files_are_followed_with_the_corefile(write: WriteFile) -> None:
    path = write("own.py", PLUGIN)
    main = write("main", f". {{\n plugin {path}\n own\n}}\n")
    assert configure(parse_file(main, environ={})).patterns == (str(main), str(path))


# The digest: equal where nothing is different.


@pytest.mark.parametrize(("text", "same"), [
    ("a {\n whoami\n}", True),
    ("# words\na   {\n\n whoami # more\n}\n", True),
    ("a {\n import all\n}\n(all) {\n whoami\n}", True),
    ("b {\n whoami\n}", False),
    ("a {\n whoami\n log\n}", False),
    ("a {\n}", False),
])  # fmt: skip
def test_the_digest_is_of_what_the_corefile_says(text: str, same: bool) -> None:
    assert (made(text).digest == made("a {\n whoami\n}").digest) is same


def test_the_digest_is_of_plugin_files_too(write: WriteFile) -> None:
    path = write("own.py", PLUGIN)
    text = f". {{\n plugin {path}\n own\n}}"
    before = made(text).digest
    write("own.py", PLUGIN + "\n# more\n")
    assert made(text).digest != before


def test_the_digest_is_sha512() -> None:
    assert len(bytes.fromhex(made("a {\n}").digest)) == 64


def test_a_fault_in_the_text_does_not_hide_those_of_plugins() -> None:
    text = ". {\n cach\n forward . {$NOPE}\n hosts {\n  ttl x\n }\n}\n"
    with pytest.raises(CorefileErrorGroup) as raised:
        load(lambda: parse_text(text, environ={}))
    assert [error.position.line for error in raised.value.errors] == [2, 3, 5]
