"""Tables for people, on standard output."""

import sys
from collections.abc import Iterable, Sequence

from crawler.errors import DiskError
from crawler.wording import escaped


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
