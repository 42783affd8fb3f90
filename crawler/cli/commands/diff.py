"""`swr-crawler diff` after its flags are read: the output as a table or NDJSON, and the exit code."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from crawler.cli.console.exit_status import FOUND, INCOMPLETE, SUCCESS
from crawler.cli.console.output import print_lines, print_table, say, say_styled
from crawler.diff.change import FIELDS, NESTED, Change
from crawler.diff.changes import changes
from crawler.diff.compare import Comparison
from crawler.diff.render import COLUMNS, UNKNOWN_COLUMNS, closing, row, unknown_row
from crawler.errors import UsageError
from crawler.snapshot.history.find import open_named, order_doubt
from crawler.text.human import count, counted


class DiffOptions(NamedTuple):
    """The flags of `diff`.

    `rows` is the number of changes that a table lists at most, `as_json` lists all; with `exit_code`, a difference is
    exit code 1.
    """

    ignore: frozenset[str]
    list_downloads: bool
    as_json: bool
    rows: int
    exit_code: bool


def diff(old_name: str, new_name: str, output: Path, options: DiffOptions) -> int:
    """Print what differs. Return 3 when something is unknown, else 1 for a difference with `exit_code`, else 0."""
    _check_fields(options.ignore)
    old, new = (open_named(name, output) for name in (old_name, new_name))
    if doubt := order_doubt(old.manifest, new.manifest):
        say(f"warning: {doubt}", err=True)
    comparison = Comparison(old.manifest, new.manifest, ignore=options.ignore, list_downloads=options.list_downloads)
    found = changes(old, new, comparison)
    if options.as_json:
        encode = msgspec.json.Encoder().encode
        print_lines(encode(change) for change in found)
        print_lines(encode(content) for content in (*comparison.unknown(), comparison.summary()))
    else:
        _print_tables(found, comparison, options.rows)
    summary = comparison.summary()
    if not summary.complete:
        return INCOMPLETE
    return FOUND if options.exit_code and summary.added + summary.removed + summary.changed else SUCCESS


def _check_fields(ignore: frozenset[str]) -> None:
    for field in sorted(ignore):
        if field not in FIELDS and not field.startswith(tuple(f"{nested}." for nested in NESTED)):
            known = ", ".join([*FIELDS, *(f"{nested}.NAME" for nested in NESTED)])
            raise UsageError(f"--ignore: {field} is no field that can change; there are {known}")


def _print_tables(found: Iterator[Change], comparison: Comparison, most: int) -> None:
    listed = [row(change) for change in islice(found, most)]
    left_out = sum(1 for _ in found)
    if listed:
        print_table(COLUMNS, listed)
    if left_out:
        say(f"and {count(left_out)} more; --json lists all of them, --rows N more")
    unknown = comparison.unknown()
    if unknown:
        print_table(UNKNOWN_COLUMNS, [unknown_row(of) for of in unknown[:most]], right=frozenset({1, 2}))
    if len(unknown) > most:
        more = counted(len(unknown) - most, "more walk", "more walks")
        say(f"and {more}; --json lists all of them, --rows N more")
    summary = comparison.summary()
    style = partial(click.style, fg="green" if summary.complete else "yellow", bold=True)
    say_styled(closing(summary, len(unknown), style=style))
