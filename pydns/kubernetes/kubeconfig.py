"""Access from a kubeconfig file: its clusters, users and contexts, as kubectl takes them."""

from __future__ import annotations

import time
from base64 import b64decode
from pathlib import Path
from typing import Final

import trio

from pydns.kubernetes import command
from pydns.kubernetes.access import Access, AccessError, basic, bearer, read
from pydns.kubernetes.tree import Tree

NOT_TAKEN: Final = {
    "cluster": ("proxy-url",),
    "user": ("auth-provider", "as", "as-groups", "as-uid", "as-user-extra"),
}
"""What changes how, or as whom, the API is asked, and is not known here; to pass it over could do harm."""


class Kubeconfig:
    """`context`: its name, empty: the current one. What a command gave is kept until it expires or is refused."""

    def __init__(self, path: Path, context: str = "") -> None:
        self.place = f"{path}#{context}" if context else str(path)
        self._path = path
        self._context = context
        self._granted: tuple[object, Access] | None = None

    async def load(self, *, refused: bool = False) -> Access:
        cluster, user = await trio.to_thread.run_sync(self._read)
        access = await trio.to_thread.run_sync(self._access, cluster, user)
        if "exec" not in user:
            return access
        granted = self._granted
        if granted is None or granted[0] != user or refused or granted[1].expires <= time.time():
            granted = self._granted = user, await command.grant(user.tree("exec"), access, self._path.parent)
        given = granted[1]
        return access._replace(
            certificate=given.certificate or access.certificate,
            key=given.key or access.key,
            authorization=given.authorization or access.authorization,
            expires=given.expires,
        )

    def _read(self) -> tuple[Tree, Tree]:
        """The cluster and the user of the context."""
        import yaml  # only here: few have such a file

        try:
            tree = Tree(yaml.safe_load(read(self._path)))
        except (yaml.YAMLError, RecursionError, ValueError) as error:  # a date that is none is a ValueError
            raise AccessError(f"{self._path}: no YAML: {' '.join(str(error).split())}") from error
        name = self._context or tree.text("current-context")
        if not name:
            raise AccessError(f"{self._path}: it has no current-context, and none is given")
        context = self._named(tree, "context", name)
        found = []
        for kind in ("cluster", "user"):
            part = self._named(tree, kind, context.text(kind))
            for key in NOT_TAKEN[kind]:
                if key in part:
                    raise AccessError(f"{self._path}: {key} of {kind} {context.text(kind)!r} is not known here")
            found.append(part)
        return found[0], found[1]

    def _named(self, tree: Tree, kind: str, name: str) -> Tree:
        for each in tree.trees(f"{kind}s"):
            if each.text("name") == name:
                return each.tree(kind)
        raise AccessError(f"{self._path}: it has no {kind} {name!r}")

    def _access(self, cluster: Tree, user: Tree) -> Access:
        server = cluster.text("server").rstrip("/")
        if not server.startswith(("https://", "http://")):
            raise AccessError(f"{self._path}: the server {server!r} is no URL")
        token = user.text("token")
        if user.text("tokenFile"):  # it goes before the token, as in kubectl
            token = read(self._path.parent / user.text("tokenFile")).decode("latin-1")
        authorization = bearer(token)
        if not authorization and user.text("username"):
            authorization = basic(user.text("username"), user.text("password"))
        return Access(
            server,
            self._data(cluster, "certificate-authority"),
            self._data(user, "client-certificate"),
            self._data(user, "client-key"),
            authorization,
            verify=cluster.get("insecure-skip-tls-verify") is not True,
            server_name=cluster.text("tls-server-name"),
        )

    def _data(self, tree: Tree, key: str) -> bytes:
        """What stands in the file itself goes before what it names."""
        if tree.text(f"{key}-data"):
            try:
                return b64decode(tree.text(f"{key}-data"), validate=True)
            except ValueError as error:
                raise AccessError(f"{self._path}: {key}-data is no base64") from error
        return read(self._path.parent / tree.text(key)) if tree.text(key) else b""
