"""The log: events with fields, one a line, as text for people and as JSON for machines.

    12:03:44 page.retry walk=default/self/* offset=300 attempt=2 wait_s=1.25 reason="HTTP 503: busy"
    {"time":"2026-11-23T12:03:44.120934Z","level":"warning","event":"page.retry","walk":"default/self/*",…}

A message is an event's name, `extra` its fields; `crawler/cli/console/log_events.py` lists all events. Field values may
come from the service: they are shortened, and no control character in them reaches the stream in either form.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Final, Literal, TextIO

import orjson

from crawler.text.human import escaped, shortened

# The attributes that logging itself sets; all others come from `extra`.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# The service may send any number of unknown fields with names of any length; a line is for a person to read.
_LONGEST_TEXT: Final = 500
_MOST_ITEMS: Final = 20
_DEEPEST: Final = 3


def configure(
    log_format: Literal["auto", "text", "json"], *, stream: TextIO | None = None, level: int | None = None
) -> None:
    """Write the events of the logger `crawler` to `stream`, standard error by default; undo an earlier call.

    `auto` is text on a terminal and JSON elsewhere. `level` None is INFO, but WARNING on a terminal, where the live
    view and the summary show the rest. `run.progress` passes at any level, since --progress asks for it.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    handler = _Handler(stream)
    handler.setFormatter(_Text() if log_format == "text" or (log_format == "auto" and terminal) else _Json())
    logger = logging.getLogger("crawler")
    for earlier in _handlers():
        logger.removeHandler(earlier)
    logger.addHandler(handler)
    logger.setLevel(level if level is not None else logging.WARNING if terminal else logging.INFO)
    logging.getLogger("crawler.cli.console.progress").setLevel(logging.INFO)


@contextmanager
def diverted(sink: Callable[[str], None]) -> Iterator[None]:
    """Call `sink` with each line instead of writing it to the stream, while the context lasts.

    `sink` is called in the thread that logs, under the handler's lock: it must not log, and must not wait.
    """
    handlers = _handlers()
    for handler in handlers:
        handler.sink = sink
    try:
        yield
    finally:
        for handler in handlers:
            handler.sink = None


def _handlers() -> list["_Handler"]:
    return [handler for handler in logging.getLogger("crawler").handlers if isinstance(handler, _Handler)]


class _Handler(logging.StreamHandler[TextIO]):
    sink: Callable[[str], None] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.sink is None:
            super().emit(record)
        else:
            self.sink(self.format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Ignore the error: a crawl does not fail because its log is no longer read."""


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return text_line(datetime.fromtimestamp(record.created).astimezone(), record.getMessage(), _fields(record))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return json_line(moment, record.levelname.lower(), record.getMessage(), _fields(record))


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    if record.exc_info:
        fields["exception"] = logging.Formatter().formatException(record.exc_info)
    return fields


def text_line(moment: datetime, event: str, fields: Mapping[str, object]) -> str:
    """Return a line for people, with the time of day of `moment` in its own zone."""
    words = (f"{escaped(name)}={_word(_plain(value))}" for name, value in fields.items())
    return " ".join((f"{moment:%H:%M:%S}", escaped(event), *words))


def json_line(moment: datetime, level: str, event: str, fields: Mapping[str, object]) -> str:
    """Return one JSON object; `moment` is UTC. A field named time, level or event is left out."""
    own = {"time": f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}", "level": level, "event": _plain(event)}
    others = {_valid(name): _plain(value) for name, value in fields.items() if name not in own}
    return escaped(orjson.dumps(own | others).decode())


def _word(value: object) -> str:
    """Return a field's value: unquoted where it cannot be misread, else in quotes with JSON's escapes."""
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    if text and text.isprintable() and not any(char in ' "=\\' for char in text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped(quoted)}"'


def _plain(value: object, depth: int = 0) -> object:
    """Return a value that JSON can express, bounded in length, number of items and depth."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        items = [_plain(item, depth + 1) for item in islice(value, _MOST_ITEMS)]
        more = len(value) - len(items)
        return [*items, f"and {more} more"] if more else items
    if isinstance(value, Mapping) and depth < _DEEPEST:
        named = {
            _valid(shortened(str(name), _LONGEST_TEXT)): _plain(item, depth + 1)
            for name, item in islice(value.items(), _MOST_ITEMS)
        }
        more = len(value) - _MOST_ITEMS
        return named | ({"…": f"and {more} more"} if more > 0 else {})
    return _valid(shortened(str(value), _LONGEST_TEXT))


def _valid(text: str) -> str:
    """Return text that can be encoded as UTF-8: lone surrogates are escaped."""
    return text.encode(errors="backslashreplace").decode()
