"""Tables for people, on standard output."""

import sys
from collections.abc import Iterable, Sequence

import orjson

from crawler.errors import DiskError
from crawler.text.human import escaped


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> None:
    """Print rows under their columns, those in `right` (by index) flush right; whole lines when piped."""
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
    """Write lines, given without their ends: as they are, but escaped on a terminal, which might obey them.

    Raises DiskError when standard output can't take them, BrokenPipeError when nobody reads it any more.
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
        raise DiskError(f"cannot write to standard output: {error.strerror}") from None


def print_json(content: object) -> None:
    """Print one JSON document, indented, with what a terminal might obey escaped."""
    text = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    lines = (escaped(line) for line in text.split("\n"))  # JSON leaves U+009B as it is: some terminals obey it
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode())
    sys.stdout.flush()
