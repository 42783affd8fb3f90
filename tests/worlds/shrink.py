"""Makes a world simpler as long as it still breaks the law."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tests.worlds.world import World


def shrink(world: World, still_broken: Callable[[World], bool]) -> World:
    """Return a world that breaks the law, and of which nothing can be made a default without keeping it."""
    while True:
        simpler = next((candidate for candidate in _simpler(world) if still_broken(candidate)), None)
        if simpler is None:
            return world
        world = simpler


def _simpler(spec: Any) -> Iterator[Any]:  # noqa: ANN401 - any of the dataclasses of a world
    """Yield a spec with one thing made simpler: first the big steps."""
    for field in fields(spec):
        value = getattr(spec, field.name)
        if value != field.default:
            yield replace(spec, **{field.name: field.default})
    for field in fields(spec):
        value = getattr(spec, field.name)
        for candidate in _simpler_values(value, field.default):
            yield replace(spec, **{field.name: candidate})


def _simpler_values(value: Any, default: Any) -> Iterator[Any]:  # noqa: ANN401 - the value of any field
    if value == default:
        return
    if isinstance(value, bool | str | None):
        return
    if isinstance(value, tuple):
        yield from _simpler_tuples(value)
    elif is_dataclass(value):
        yield from _simpler(value)
    elif isinstance(value, float):
        yield from (one for one in (0.05, 0.3, 2.0, 3600.0) if one < value)
    elif isinstance(value, int):
        middle = default + (value - default) // 2
        yield from (one for one in dict.fromkeys((middle, value - 1 if value > default else value + 1)) if one != value)


def _simpler_tuples(value: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if len(value) > 1 or (value and is_dataclass(value[0]) and type(value[0]).__name__ != "Replica"):
        for index in range(len(value)):
            yield (*value[:index], *value[index + 1 :])
    for index, element in enumerate(value):
        if is_dataclass(element):
            for simpler in _simpler(element):
                yield (*value[:index], simpler, *value[index + 1 :])
