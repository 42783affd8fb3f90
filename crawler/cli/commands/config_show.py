"""`swr-crawler config show` after its flags are read: prints every setting, its value, and where it was set."""

from contextlib import suppress

from crawler.cli.commands.crawl import Environ
from crawler.cli.console.output import print_json
from crawler.config.config import Loaded
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.errors import CrawlerError


def show(loaded: Loaded, environ: Environ, *, as_json: bool) -> None:
    """Print every setting, its value and where it was set; then raise the error that ends a crawl for its network.

    Raise ConfigError for a variable that names no proxy, and for a file of certificates or keys that cannot be used;
    CredentialsError when the password of a key cannot be read.
    """
    from crawler.cli.console.output import print_table  # noqa: PLC0415
    from crawler.config.credentials.secrets import read_tool_file  # noqa: PLC0415
    from crawler.config.describe import describe  # noqa: PLC0415

    files = ToolFiles(read_tool_file)
    rows = describe(loaded, environ, files)
    if as_json:
        print_json([row._asdict() for row in rows])
    else:
        print_table(("setting", "value", "unit", "origin"), [(r.setting, r.value, r.unit, r.origin) for r in rows])
    _check_network(loaded, environ, files)


def _check_network(loaded: Loaded, environ: Environ, files: ToolFiles) -> None:
    """Raise what a crawl would raise before its first request, for the way to the service; send nothing.

    Credentials may be missing: the row of a target says so, and they often come only when the crawl is started.
    """
    from crawler.config.credentials.choice import choose_method  # noqa: PLC0415
    from crawler.crawl.clients.tls_files import tls_files  # noqa: PLC0415

    for target in loaded.config.targets:
        method = None
        with suppress(CrawlerError):
            method = choose_method(target, environ, files).method
        named = tls_files(target, method, environ)
        if named is not None:
            from crawler.crawl.clients.tls_context import tls_context  # noqa: PLC0415 - few targets have files of TLS

            tls_context(named, environ)
