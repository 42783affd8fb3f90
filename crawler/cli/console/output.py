"""Writes text, tables, lines and JSON for people and programs; all that goes to a terminal is escaped here.

What a service, a file or a user named may hold control sequences: no other module of `cli/` writes to a stream.
"""

import sys
from collections.abc import Iterable, Sequence

import click

from crawler.errors import DiskError
from crawler.files.disk_errors import reason_and_advice
from crawler.text.human import escaped


def say(text: str, *, err: bool = False) -> None:
    """Print lines for people to standard output, or to standard error, escaped line by line. Raises OSError."""
    click.echo("\n".join(map(escaped, text.split("\n"))), err=err)


def say_styled(text: str, *, err: bool = False, color: bool | None = None) -> None:
    """Print lines that have been escaped and coloured; click removes colours where no terminal shows them.

    `color` False removes them everywhere. Raises OSError.
    """
    click.echo(text, err=err, color=color)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> None:
    """Print rows under their columns; the column indexes in `right` are right-aligned. A pipe gets unwrapped lines."""
    from rich.console import Console  # noqa: PLC0415 - only when a table is printed
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(escaped(cell)) for cell in row))  # Text, since a name may look like markup
    piped = None if sys.stdout.isatty() else 1000
    Console(file=sys.stdout, width=piped, soft_wrap=False).print(table)


def print_lines(lines: Iterable[bytes]) -> None:
    """Write lines, given without their ends: unchanged, but escaped on a terminal.

    Raises DiskError when they cannot be written, BrokenPipeError when the reader of standard output has gone.
    """
    terminal = sys.stdout.isatty()
    try:
        for line in lines:
            shown = escaped(line.decode(errors="replace")).encode() if terminal else line
            sys.stdout.buffer.write(shown + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DiskError(f"cannot write to standard output: {reason_and_advice(error)}") from None


def print_json(content: object) -> None:
    """Print one JSON document, indented, with control characters escaped."""
    # Not orjson: what a signal raises while it imports the modules that it needs ends the process with SIGSEGV.
    import msgspec  # noqa: PLC0415 - only when JSON is printed; a message needs less

    text = msgspec.json.format(msgspec.json.encode(content), indent=2).decode()
    lines = (escaped(line) for line in text.split("\n"))  # JSON does not escape U+009B, which some terminals obey
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    sys.stdout.flush()
