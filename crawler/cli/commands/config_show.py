"""`swr-crawler config show` after its flags are read: prints every setting, its value, and where it was set."""

from crawler.cli.commands.crawl import Environ
from crawler.cli.console.output import print_json
from crawler.config.config import Loaded


def show(loaded: Loaded, environ: Environ, *, as_json: bool) -> None:
    """Print every setting, its value and where it was set."""
    from crawler.cli.console.output import print_table  # noqa: PLC0415
    from crawler.config.credentials.secrets import read_tool_file  # noqa: PLC0415
    from crawler.config.credentials.tool_files.documents import ToolFiles  # noqa: PLC0415
    from crawler.config.describe import describe  # noqa: PLC0415

    rows = describe(loaded, environ, ToolFiles(read_tool_file))
    if as_json:
        print_json([row._asdict() for row in rows])
    else:
        print_table(("setting", "value", "unit", "origin"), [(r.setting, r.value, r.unit, r.origin) for r in rows])
