"""The public API as the reference shows it: the signature and the docstring of each name of `crawler.__all__`."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping

import crawler
from crawler.api.snapshots import SnapshotAudit, SnapshotDiff
from crawler.api.streaming import CrawlStream, StreamedWalk
from crawler.emulator.serving import ServedEmulator
from crawler.errors import CrawlerError
from crawler.snapshot.verify import Report

_MODULE = re.compile(r"\b(?:crawler|collections|pathlib|typing)(?:\.[a-z_]+)*\.(?=[A-Z])")
_QUOTED = re.compile(r"'([A-Z]\w*(?: \| None)?)'")  # a type that is named before it is defined
_OPTIONAL = re.compile(r"Optional\[(Literal\[[^\]]*\])\]")

# Where the reader looks for them; a test holds that each public name is in one of these.
FUNCTIONS = ("crawl", "crawl_async", "plan", "plan_async", "stream")
CLASSES = ("Config", "CrawlResult", "Snapshot")
VALUES = ("Record", "Shortfall", "Estimate", "Change", "Finding", "Policy", "Observer")


def signature_text(function: Callable[..., object]) -> str:
    """Return the signature of a function as a caller writes it, without `self` and the modules of types."""
    text = str(inspect.signature(function)).replace("(self, ", "(").replace("(self)", "()")
    return _QUOTED.sub(r"\1", _OPTIONAL.sub(r"\1 | None", _MODULE.sub("", text)))


def inserts() -> Mapping[str, str]:
    """Return what the template of the page has marks for."""
    errors = [name for name in crawler.__all__ if _is_error(getattr(crawler, name))]
    return {
        "functions": "\n\n".join(_function(name, getattr(crawler, name)) for name in FUNCTIONS),
        "classes": "\n\n".join(_class(name, getattr(crawler, name)) for name in CLASSES),
        "made of a snapshot": "\n\n".join(_class(one.__name__, one) for one in (SnapshotDiff, SnapshotAudit, Report)),
        "walks of a stream": "\n\n".join(_class(one.__name__, one) for one in (CrawlStream, StreamedWalk)),
        "values": "\n\n".join(_value(name, getattr(crawler, name)) for name in VALUES),
        "errors": "\n\n".join(_value(name, getattr(crawler, name)) for name in errors),
        "emulator": "\n\n".join(
            [
                _function("emulator.serve", crawler.emulator.serve),
                _function("emulator.serve_async", crawler.emulator.serve_async),
                _class("ServedEmulator", ServedEmulator),
            ]
        ),
    }


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, CrawlerError)


def _function(name: str, function: Callable[..., object], level: str = "###") -> str:
    title = name.rpartition(".")[2] if level != "###" else name
    return f"{level} `{name}`\n\n```text\n{title}{signature_text(function)}\n```\n\n{_text(function)}"


def _class(name: str, kind: type) -> str:
    return "\n\n".join([f"### `{name}`", _text(kind), *_members(name, kind)])


def _members(name: str, kind: type) -> Iterator[str]:
    public = {key: value for key, value in vars(kind).items() if not key.startswith("_")}
    properties = [(key, value) for key, value in public.items() if isinstance(value, property)]
    if properties:
        yield "\n".join(f"- `{key}`: {' '.join(_text(value).split())}" for key, value in properties)
    for key, value in public.items():
        function = value.__func__ if isinstance(value, classmethod) else value
        if inspect.isfunction(function) and key != "end":
            yield _function(f"{name}.{key}", getattr(kind, key) if isinstance(value, classmethod) else function, "####")


def _value(name: str, value: object) -> str:
    return f"### `{name}`\n\n{_text(value)}"


def _text(value: object) -> str:
    return inspect.getdoc(value) or ""
