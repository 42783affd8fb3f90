"""Decode a file of another tool into mappings, lists and text: YAML, JSON, INI (pure).

A scalar is the text that its author wrote, whatever YAML or JSON makes of it: a password of digits stays one. None
stands for null. What one could hide in such a file is refused: a key that is there twice, a tag, aliases that refer to
themselves or expand to far more than the file holds.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

# What a file decodes to.
Tree: TypeAlias = "Mapping[str, Tree] | list[Tree] | str | None"

_MAX_NODES: Final = 50_000  # of YAML, each counted as often as aliases repeat it; a large file has some thousands
_MAX_LEVELS: Final = 40
_TOO_DEEP: Final = f"has more than {_MAX_LEVELS} levels"
_NULL: Final = "tag:yaml.org,2002:null"
_MERGE: Final = "tag:yaml.org,2002:merge"
_STANDARD: Final = "tag:yaml.org,2002:"
_MAPPING, _SEQUENCE = f"{_STANDARD}map", f"{_STANDARD}seq"


class UnreadableTreeError(ValueError):
    """A text that cannot be decoded; `str()` is the reason in one line, which repeats nothing of the text."""


class MissingLibraryError(Exception):
    """YAML cannot be decoded, because PyYAML is not installed."""


def decode_yaml(text: str) -> Tree:
    """Return what the one document in `text` holds.

    Raise UnreadableTreeError for text that is no such document, MissingLibraryError without PyYAML.
    """
    try:
        import yaml  # noqa: PLC0415 - an extra, which few runs need
    except ImportError:
        raise MissingLibraryError from None
    try:
        root = yaml.compose(text, Loader=_shallow(yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableTreeError(f"is not YAML{f' in line {mark.line + 1}' if mark else ''}") from None
    except yaml.YAMLError:  # a character that no YAML has; its message shows the text around it
        raise UnreadableTreeError("is not YAML: it holds characters that are no text") from None
    return None if root is None else _Nodes().tree_of(root, 0)


def _shallow(loader: Any) -> Any:  # noqa: ANN401 - a class; PyYAML has no types
    """Return a loader that stops at a level too many: to read on to the end takes the time of its levels squared."""

    class ShallowLoader(loader):  # type: ignore[misc]
        _level = 0

        def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401
            if self._level > _MAX_LEVELS:
                raise UnreadableTreeError(_TOO_DEEP)
            self._level += 1
            try:
                return super().compose_node(parent, index)
            finally:
                self._level -= 1

    return ShallowLoader


class _Nodes:
    """Turns nodes of PyYAML into a tree, and counts them."""

    def __init__(self) -> None:
        self._left = _MAX_NODES

    def tree_of(self, node: Any, level: int) -> Tree:  # noqa: ANN401 - a node; PyYAML has no types
        self._count(node, level)
        if node.id == "scalar":
            return None if node.tag == _NULL else str(node.value)
        if node.id == "sequence":
            return [self.tree_of(item, level + 1) for item in node.value]
        return dict(self._pairs(node, level))

    def _pairs(self, node: Any, level: int) -> Iterator[tuple[str, Tree]]:  # noqa: ANN401
        """Yield the keys and values of a mapping: those that it merges first, so that its own override them."""
        own = [(key, value) for key, value in node.value if key.tag != _MERGE]
        for key, value in node.value:
            if key.tag == _MERGE:
                yield from self._merged(value, level)
        if any(key.id != "scalar" for key, _ in own):
            raise UnreadableTreeError(f"has a key that is no text in line {node.start_mark.line + 1}")
        _refuse_repeated(key.value for key, _ in own)
        yield from ((str(key.value), self.tree_of(value, level + 1)) for key, value in own)

    def _merged(self, node: Any, level: int) -> Iterator[tuple[str, Tree]]:  # noqa: ANN401
        """Yield what the value of a merge key `<<` adds: of several mappings the first overrides the others."""
        for mapping in reversed(node.value) if node.id == "sequence" else (node,):
            self._count(mapping, level + 1)
            if mapping.id != "mapping":
                raise UnreadableTreeError(f"merges what is no mapping in line {mapping.start_mark.line + 1}")
            yield from self._pairs(mapping, level + 1)

    def _count(self, node: Any, level: int) -> None:  # noqa: ANN401
        self._left -= 1
        if level > _MAX_LEVELS:
            raise UnreadableTreeError(_TOO_DEEP)
        if self._left < 0:
            raise UnreadableTreeError(f"holds more than {_MAX_NODES} values, with what its aliases repeat")
        if not node.tag.startswith(_STANDARD) or (node.id != "scalar" and node.tag not in {_MAPPING, _SEQUENCE}):
            raise UnreadableTreeError(f"has a tag in line {node.start_mark.line + 1}")


def decode_json(text: str) -> Tree:
    """Return what the JSON in `text` holds. Raise UnreadableTreeError for other text."""
    try:
        return _texts(
            json.loads(text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_without_repeated)
        )
    except json.JSONDecodeError as error:
        raise UnreadableTreeError(f"is not JSON in line {error.lineno}") from None
    except RecursionError:
        raise UnreadableTreeError("has too many levels") from None


def decode_ini(text: str) -> Tree:
    """Return the sections of an INI file, each with its keys. Raise UnreadableTreeError for other text."""
    from configparser import ConfigParser, Error  # noqa: PLC0415 - few runs need it

    # The official SDK interpolates `%`; access keys never have one, and a stray `%` must not stop a run.
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except Error:
        raise UnreadableTreeError(
            "is not a credentials file of the SDK; write [basic], and below it ak = … and sk = …, each once"
        ) from None
    return {name: dict(parser[name]) for name in parser.sections()}


def _texts(value: object) -> Tree:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [_texts(item) for item in value]
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    return value if isinstance(value, str) else None


def _without_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    _refuse_repeated(key for key, _ in pairs)
    return dict(pairs)


def _refuse_repeated(keys: Iterable[str]) -> None:
    """Raise UnreadableTreeError for a key that is there twice: which of its values holds, readers do not agree on."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise UnreadableTreeError(f"has the key {key[:40]!a} twice in one mapping")
        seen.add(key)
