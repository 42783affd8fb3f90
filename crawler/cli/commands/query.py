"""`swr-crawler query` after its flags are read: the result as a table, NDJSON or CSV, and the exit code."""

import sys
from itertools import chain, islice
from pathlib import Path
from typing import Final, Literal, NamedTuple

from crawler.cli.console.exit_status import INCOMPLETE, SUCCESS
from crawler.cli.console.output import print_lines, print_table, say
from crawler.errors import UsageError
from crawler.query.engine import QueryLimits, QueryResult, execute, open_database
from crawler.query.sql_values import cells, csv_line, distinct_names, json_line
from crawler.snapshot.history.find import open_named
from crawler.text.human import count

_MAX_SQL: Final = 2**20  # characters
Form = Literal["table", "json", "csv"]


class QueryOutput(NamedTuple):
    """How a result is printed: its form, the number of `rows` of a table, and whether CSV holds `raw` text."""

    form: Form
    rows: int
    raw: bool


def query(name: str, sql: str, output: Path, limits: QueryLimits, to_print: QueryOutput) -> int:
    """Print the result of `sql` on a snapshot: all rows as NDJSON or CSV, or some of them as a table.

    Return 3, with a warning, when the snapshot is not complete, else 0. Raises UsageError for SQL that is refused.
    """
    form = to_print.form
    snapshot = open_named(name, output)
    snapshot.check()
    with open_database(snapshot, limits) as database:
        result = execute(database, _read_sql(sql))
        if form == "json":
            json_columns = frozenset(index for index, kind in enumerate(result.types) if kind == "JSON")
            columns = distinct_names(result.columns)
            print_lines(json_line(columns, row, json_columns) for row in result.rows)
        elif form == "csv":
            print_lines(csv_line(row, raw=to_print.raw) for row in chain([tuple(result.columns)], result.rows))
        else:
            _print_table(result, to_print.rows)
    if snapshot.manifest.status == "complete":
        return SUCCESS
    say(f"warning: snapshot {snapshot.manifest.snapshot} is not complete, nor is this result", err=True)
    return INCOMPLETE


def _read_sql(sql: str) -> str:
    """Return the SQL, read from standard input for "-". Raises UsageError when it is none, or a megabyte."""
    try:
        text = sys.stdin.read(_MAX_SQL + 1) if sql == "-" else sql
        text.encode()
    except UnicodeError:
        raise UsageError("the SQL is not UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read the SQL from standard input: {error.strerror or error}") from None
    if len(text) > _MAX_SQL:
        raise UsageError(f"the SQL has more than {_MAX_SQL} characters")
    return text


def _print_table(result: QueryResult, most: int) -> None:
    listed = [cells(row) for row in islice(result.rows, most)]  # at once: a row may be wide, its cells are short
    left_out = sum(1 for _ in result.rows)
    right = frozenset(index for index, kind in enumerate(result.types) if kind.endswith(("INT", "DOUBLE", "INTEGER")))
    print_table(cells(result.columns), listed, right=right)
    if left_out:
        say(f"and {count(left_out)} more; --rows N shows more, --json and --csv print all")
