"""`swr-crawler schema` after its flags are read: prints the schemas of the output formats."""

from crawler import __version__
from crawler.cli.console.output import print_json, print_lines
from crawler.errors import UsageError


def schema(which: str | None, form: str) -> None:
    """Print a schema: the JSON Schema of one format or of all, by default of all, or that of a record in another form.

    Raises UsageError for another form of what is no record.
    """
    if form == "json":
        _print_json_schemas(which or "all")
    elif which in {None, "record"}:
        _print_record(form)
    else:
        raise UsageError(f"--format {form} is for records only; try: swr-crawler schema record --format {form}")


def _print_json_schemas(which: str) -> None:
    from crawler.audit.finding import schema as of_finding  # noqa: PLC0415
    from crawler.diff.change import schema as of_change  # noqa: PLC0415
    from crawler.snapshot.manifest import schemas  # noqa: PLC0415

    every = {**schemas(), "change": of_change(), "finding": of_finding()}
    print_json(every if which == "all" else every[which])


def _print_record(form: str) -> None:
    from crawler.model.record import Record  # noqa: PLC0415
    from crawler.snapshot.schema.arrow_source import arrow_source  # noqa: PLC0415
    from crawler.snapshot.schema.data_contract import data_contract  # noqa: PLC0415
    from crawler.snapshot.schema.duckdb_columns import columns_argument, duckdb_columns  # noqa: PLC0415
    from crawler.snapshot.schema.fields import fields_of  # noqa: PLC0415

    if form == "odcs":
        print_json(data_contract(__version__))
        return
    fields = fields_of(Record)
    text = arrow_source(fields) if form == "arrow" else columns_argument(duckdb_columns(fields))
    print_lines(text.encode().split(b"\n"))
