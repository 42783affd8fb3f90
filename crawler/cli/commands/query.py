"""What `swr-crawler query` does once its flags are read: the answer as a table, NDJSON or CSV."""

import sys
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import click

from crawler.cli.console.output import print_lines, print_table
from crawler.errors import IncompleteError, UsageError
from crawler.query.engine import QueryLimits, QueryResult, ask, open_database
from crawler.query.sql_values import cells, csv_line, distinct, json_line
from crawler.snapshot.reader import open_snapshot, resolve
from crawler.text.human import count, escaped

Form = Literal["table", "json", "csv"]


def query(name: str, sql: str, output: Path, bounds: QueryLimits, form: Form, *, rows: int) -> int:
    """Print what `sql` says of a snapshot: as a table of at most so many rows, or all as NDJSON or CSV.

    Gives 3, with a warning, for a snapshot that is not complete, else 0. Raises UsageError for SQL that is refused.
    """
    snapshot = open_snapshot(resolve(name, output))
    snapshot.check()
    with open_database(snapshot, bounds) as connection:
        answer = ask(connection, _given(sql))
        if form == "json":
            raw = frozenset(index for index, kind in enumerate(answer.types) if kind == "JSON")
            columns = distinct(answer.columns)
            print_lines(json_line(columns, row, raw) for row in answer.rows)
        elif form == "csv":
            print_lines(csv_line(row) for row in chain([tuple(answer.columns)], answer.rows))
        else:
            _print_table(answer, rows)
    if snapshot.manifest.status == "complete":
        return 0
    click.echo(f"warning: snapshot {escaped(snapshot.manifest.snapshot)} is not complete, nor is this answer", err=True)
    return IncompleteError.exit_code


def _given(sql: str) -> str:
    """Give the SQL that is meant. Raises UsageError for bytes that are no text: DuckDB takes UTF-8 and nothing else."""
    try:
        text = sys.stdin.read() if sql == "-" else sql
        text.encode()
    except UnicodeError:
        raise UsageError("the SQL is not UTF-8") from None
    return text


def _print_table(answer: QueryResult, most: int) -> None:
    listed = list(islice(answer.rows, most))
    left = sum(1 for _ in answer.rows)
    right = frozenset(index for index, kind in enumerate(answer.types) if kind.endswith(("INT", "DOUBLE", "INTEGER")))
    print_table(cells(answer.columns), map(cells, listed), right=right)
    if left:
        click.echo(f"and {count(left)} more; --rows N shows more, --json and --csv give all")
