"""Changes as text for people (pure): one table row for each, and the sentences at the end; the report shows them, too.

Every name and text comes from the service, so it is shortened, and escaped against control sequences of a terminal.
"""

from collections.abc import Callable, Sequence
from itertools import starmap
from typing import Any, Final, NamedTuple

import msgspec

from crawler.diff.change import Change, FromTo, Summary, Unknown
from crawler.model.record import Record
from crawler.model.walk_id import WalkId
from crawler.text.human import count, counted, excerpt, size

_LONGEST_NAME: Final = 200
_LONGEST_VALUE: Final = 40
_MOST_TAGS: Final = 5

COLUMNS: Final = ("change", "center", "repository", "what")
UNKNOWN_COLUMNS: Final = ("unknown", "only in old", "only in new", "why")


class ChangeRow(NamedTuple):
    """One change: its kind, the center, the repository, and what changed."""

    change: str
    center: str
    repository: str
    what: str


def row(change: Change) -> ChangeRow:
    """Return a change's row in a table of COLUMNS."""
    return ChangeRow(change.change, _name(f"{change.target}/{change.center}"), _repository(change), change_text(change))


def change_text(change: Change) -> str:
    """Return what changed: of an added or removed record its size and tags, else each field, from what to what."""
    return _record(change.record) if change.record else _fields(change.fields or {})


def _repository(change: Change) -> str:
    domain = f"{change.domain_name}/" if change.domain_name else ""
    return _name(f"{domain}{change.namespace}/{change.name}")


def _record(record: Record) -> str:
    held = [] if record.size is None else [size(record.size)]
    return ", ".join([*held, counted(len(record.tags), "tag")])


def _fields(fields: dict[str, FromTo]) -> str:
    return "; ".join(starmap(field_text, fields.items()))


def field_text(field: str, values: FromTo) -> str:
    """Return how one field changed, e.g. `size 5 bytes -> 1.2 MB`, `tags +v2 -v1`, `is_public false -> true`."""
    name = excerpt(field, _LONGEST_VALUE)
    if field == "tags":
        return f"{name} {_tags(values.old, values.new)}"
    for write in (_WRITERS.get(field, _value), _value):  # the second one where rounding hides the difference
        old, new = write(values.old), write(values.new)
        if old != new:
            return f"{name} {old} -> {new}"
    return f"{name} differs"


def _tags(old: Sequence[str], new: Sequence[str]) -> str:
    before, after = set(old), set(new)
    parts = [f"+{tag}" for tag in new if tag not in before] + [f"-{tag}" for tag in old if tag not in after]
    if not parts:
        return "in another order" if len(old) == len(new) else "repeated"
    more = f" and {counted(len(parts) - _MOST_TAGS, 'more tag', 'more tags')}" if len(parts) > _MOST_TAGS else ""
    return " ".join(excerpt(part, _LONGEST_VALUE) for part in parts[:_MOST_TAGS]) + more


def _size(value: int | None) -> str:
    return _value(value) if value is None or value < 0 else size(value)


def _minute(value: str | None) -> str:
    return (
        _value(value) if value is None else excerpt(value[: len("2021-06-02T09:23")].replace("T", " "), _LONGEST_VALUE)
    )


def _value(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return count(value)
    text = f'"{value}"' if isinstance(value, str) else msgspec.json.encode(value).decode()
    return excerpt(text, _LONGEST_VALUE)


_WRITERS: Final[dict[str, Callable[[Any], str]]] = {"size": _size, "created_at": _minute, "updated_at": _minute}


def _name(text: str) -> str:
    return excerpt(text, _LONGEST_NAME)


def unknown_row(unknown: Unknown) -> tuple[str, str, str, str]:
    """Return a walk's row in a table of UNKNOWN_COLUMNS."""
    walk = WalkId(unknown.target, unknown.center, unknown.namespace)
    why = "; ".join(f"{reason.snapshot}: {reason.text}" for reason in unknown.reasons)
    return _name(str(walk)), count(unknown.only_old), count(unknown.only_new), _name(why)


def closing(summary: Summary, walks: int, *, style: Callable[[str], str] = str) -> str:
    """Return the last lines: counts, downloads, what is unknown in `walks` walks; `style` colours the first word."""
    kinds = ("added", "removed", "changed", "unchanged")
    counts = ", ".join(f"{count(getattr(summary, kind))} {kind}" for kind in kinds)
    lines = [f"{style('complete' if summary.complete else 'incomplete')}: {counts}"]
    if summary.downloads is not None and summary.downloads.records:
        records = counted(summary.downloads.records, "record")
        lines.append(f"  downloads {summary.downloads.difference:+} in {records}, not listed")
    if not summary.complete:
        records = counted(summary.unknown, "record") + (" is" if summary.unknown == 1 else " are")
        places = counted(walks, "walk")
        lines.append(f"  unknown   {records} in one snapshot only, in {places} where added and removed are unknown")
    return "\n".join(lines)
