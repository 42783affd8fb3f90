"""The files of other tools as they are asked for: each is read once and decoded once (pure)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, Protocol, TypeAlias

from crawler.config.credentials.tool_files.tree import (
    MissingLibraryError,
    Tree,
    UnreadableTreeError,
    decode_ini,
    decode_json,
    decode_yaml,
)
from crawler.errors import ConfigError

Decode: TypeAlias = Callable[[str], Tree]


class ReadFile(Protocol):
    """Reads a file that `setting` asks for; `path` may begin with `~`."""

    def __call__(self, path: str, setting: str) -> str | None:
        """Return the text of the file, None when there is none. Raise CredentialsError when it is unreadable."""
        ...


class Document(NamedTuple):
    """A decoded file, and its path as messages show it. Its repr shows no secret."""

    path: str
    tree: Tree

    def __repr__(self) -> str:
        """Return the path alone."""
        return f"{type(self).__name__}({self.path!r})"

    def table(self, key: str) -> Mapping[str, Tree]:
        """Return the mapping below `key` at the top of the document, an empty one if there is none."""
        return table_of(table_of(self.tree).get(key))


class ToolFiles:
    """The files of other tools. Without a reader there are none."""

    def __init__(self, read: ReadFile = lambda _path, _setting: None) -> None:
        self._read = read
        self._found: dict[tuple[str, Decode], Document | None] = {}

    def ini(self, path: str, setting: str) -> Document | None:
        """Return the INI file at `path`, None when there is no such file; raise as `first` does."""
        return self._document(path, setting, decode_ini)

    def json(self, path: str, setting: str) -> Document | None:
        """Return the JSON file at `path`, whatever its name ends in; as `ini` otherwise."""
        return self._document(path, setting, decode_json)

    def first(self, paths: Iterable[str], setting: str) -> Document | None:
        """Return the first of the YAML and JSON files at `paths` that exists, None when none does.

        `setting` is what asks for it, for messages. Raise CredentialsError when it is unreadable, ConfigError when it
        does not hold what its name says.
        """
        found = (
            self._document(path, setting, decode_json if path.endswith(".json") else decode_yaml) for path in paths
        )
        return next((document for document in found if document is not None), None)

    def _document(self, path: str, setting: str, decode: Decode) -> Document | None:
        if (path, decode) not in self._found:
            text = self._read(path, setting)
            document = None if text is None else Document(path, _decoded(text, path, setting, decode))
            self._found[path, decode] = document
        return self._found[path, decode]


def table_of(tree: Tree) -> Mapping[str, Tree]:
    """Return a tree that is a mapping, an empty one for any other."""
    return tree if isinstance(tree, Mapping) else _NOTHING


_NOTHING: Final[Mapping[str, Tree]] = {}


def _decoded(text: str, path: str, setting: str, decode: Decode) -> Tree:
    try:
        return decode(text.removeprefix("\ufeff"))
    except UnreadableTreeError as problem:
        raise ConfigError(f"{path}: {problem}; correct that file", setting=setting) from None
    except MissingLibraryError:
        raise ConfigError(
            f"{setting}: to read {path}, PyYAML is needed, which is not installed; pip install 'swr-crawler[clouds]'"
            " installs it",
            setting=setting,
        ) from None
