"""`swr-crawler config show` after its flags are read: prints every setting, its value, and where it was set."""

from crawler.cli.commands.crawl import Environ
from crawler.cli.console.output import print_json
from crawler.config.config import Loaded
from crawler.config.credentials.target import Target
from crawler.errors import ConfigError


def show(loaded: Loaded, environ: Environ, *, as_json: bool) -> None:
    """Print every setting, its value and where it was set."""
    from crawler.cli.console.output import print_table  # noqa: PLC0415
    from crawler.config.describe import describe  # noqa: PLC0415

    profiles = {target.credentials_file: _profile_of(target, environ) for target in loaded.config.targets}
    rows = describe(loaded, environ, profiles)
    if as_json:
        print_json([row._asdict() for row in rows])
    else:
        print_table(("setting", "value", "unit", "origin"), [(r.setting, r.value, r.unit, r.origin) for r in rows])


def _profile_of(target: Target, environ: Environ) -> str | None:
    """Return the text of the credentials file; None when it is not needed, or not reached for an error before it."""
    from crawler.crawl.clients.credential_factories import profile_of  # noqa: PLC0415

    try:
        return profile_of(target, environ)
    except ConfigError:
        return None  # the row `credentials` says what is wrong
