"""The table of log events against the calls of the loggers, read from the tree."""

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest

from crawler.cli.console.log_events import LOG_EVENTS
from tests.layers import modules, tree_of

pytestmark = pytest.mark.unmeasured

LEVELS = ("debug", "info", "warning", "error", "critical", "exception", "log")


class Call(NamedTuple):
    """A call of a logger: the event, the method, and the fields as far as they can be read from the text."""

    event: str
    method: str
    fields: tuple[str, ...]


@cache
def calls() -> tuple[Call, ...]:
    return tuple(call for path in modules().values() for call in calls_of(tree_of(path)))


def calls_of(tree: ast.Module) -> Iterator[Call]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            named = {
                target.id: node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            yield from (call_of(node, named) for node in ast.walk(function) if is_call_of_logger(node))


def is_call_of_logger(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and ast.unparse(node.func.value) in {"log", "_log", "logger", "logging"}
    )


def call_of(node: ast.AST, named: dict[str, ast.Dict]) -> Call:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    event = node.args[1] if node.func.attr == "log" else node.args[0]
    assert isinstance(event, ast.Constant), f"an event's name is a text: {ast.unparse(node)}"
    extra = next((keyword.value for keyword in node.keywords if keyword.arg == "extra"), ast.Dict([], []))
    return Call(str(event.value), node.func.attr, tuple(fields(extra, named)))


def fields(extra: ast.expr, named: dict[str, ast.Dict]) -> Iterator[str]:
    found = named[extra.id] if isinstance(extra, ast.Name) else extra
    assert isinstance(found, ast.Dict)
    for key, value in zip(found.keys, found.values, strict=True):
        if key is None:
            yield from fields(value, named)
        else:
            assert isinstance(key, ast.Constant)
            yield str(key.value)


def test_every_event_that_is_logged_is_in_the_table_and_the_other_way_round() -> None:
    assert {call.event for call in calls()} == {event.name for event in LOG_EVENTS}


def test_the_table_has_the_fields_of_every_event_in_their_order() -> None:
    table = {event.name: event.fields for event in LOG_EVENTS}
    assert {call.event: call.fields for call in calls()} == table


def test_the_table_has_the_level_of_every_event() -> None:
    table = {event.name: event.level for event in LOG_EVENTS}
    for call in calls():
        levels = table[call.event].split(" or ")
        assert set(levels) <= set(LEVELS)
        assert len(levels) == 2 if call.method == "log" else levels == [call.method]


def test_the_table_is_sorted_and_its_words_are_sentences() -> None:
    assert [event.name for event in LOG_EVENTS] == sorted({event.name for event in LOG_EVENTS})
    for event in LOG_EVENTS:
        assert event.meaning.endswith(".")
        assert not set("|`\n") & set(event.meaning), "it is shown in a cell of a table"
