"""The configuration of a run (pure); `Config.load` makes it by a module that reads a file and the environment."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple, Self

from msgspec import Struct

from crawler.config.audit_policy import Policy
from crawler.config.credentials.target import Target
from crawler.config.retention import Retention
from crawler.config.settings.run_settings import DialectChoice, DiscoverMode, LogFormat, Progress, Require
from crawler.errors import ConfigError
from crawler.files.compression.codec import Compression
from crawler.model.walk_id import Center


class Config(Struct, frozen=True, kw_only=True):
    """The settings of a run. Meanings, units and ranges are in `crawler.config.settings.table.SETTINGS`.

    `targets` is empty when no endpoint is set. `namespaces` are walked as named, beside those that `discover` finds
    and `patterns` match (see `crawler.config.namespaces.filter_names`); without namespaces and `discover` there is one
    walk per center over all namespaces. `max_duration_s` None: unlimited. `output` "-": standard output. `snapshot`
    None: the time of the start. `resume` None: automatic, for runs younger than `resume_max_age_s`. The columns of
    `order` are tried in turn. `audit` is the table `[audit]`, `retention` the table `[retention]`.
    """

    targets: tuple[Target, ...]
    centers: tuple[Center, ...]
    namespaces: tuple[str, ...]
    patterns: tuple[str, ...]
    discover: bool
    discover_mode: DiscoverMode
    allow_partial_coverage: bool
    allow_shrink: bool
    max_shrink_percent: int
    min_shrink_records: int
    dialect: DialectChoice
    limit: int
    order: tuple[str, ...]
    timeout_s: float
    max_tries: int
    max_wait_s: float
    max_passes: int
    double_read: bool
    max_duration_s: float | None
    output: str
    snapshot: str | None
    resume: bool | None
    resume_max_age_s: float
    max_part_bytes: int
    compression: Compression
    zstd_level: int
    gzip_level: int
    max_body_bytes: int
    allow_http: bool
    require: Require
    summary_file: str | None
    progress: Progress
    log_format: LogFormat
    audit: Policy = Policy()
    retention: Retention = Retention()

    @classmethod
    def load(
        cls,
        path: str | PurePath | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        **settings: Any,  # noqa: ANN401 - each is checked
    ) -> Self:
        """Return the configuration of a Python program: argument > environment > file > default.

        `path` is a TOML file; None: the one that SWR_CRAWLER_CONFIG names, else none. `environ` are the variables;
        None: those of the process, which are not read otherwise. `settings` have the names and the values that they
        have below `[crawl]` in a file, secrets as references. A number, a list and a boolean are Python's; None is
        what "unlimited", "auto" or "" are in a file. `targets` is a list of tables as `[[target]]`, which replaces
        those of the file, and `audit` and `retention` are tables as `[audit]` and `[retention]`.

            Config.load("crawler.toml", limit=500, targets=[{"region": "eu-de", "token": "env:TOKEN"}])

        Raise ConfigError for a wrong setting and for a file that cannot be read: one line, without secrets, that names
        the setting and what it accepts; `setting` is its name as the caller wrote it.
        """
        from crawler.config.inputs import resolve_arguments  # noqa: PLC0415 - reads, so that this module does not

        return cls(**resolve_arguments(path, environ, settings).fields)


class Loaded(NamedTuple):
    """A Config, and the place where each setting was written.

    `origins` maps setting names to "flag --limit", "environment SWR_CRAWLER_LIMIT", "file crawler.toml" or
    "default". With `[[target]]` tables or several regions the settings of a target are
    `target.<name>.<setting>`; an endpoint that a region stands for has the region's origin. Those of an audit are
    `audit.<setting>`, and `audit.suppress` for all suppressions; those of
    retention `retention.<setting>`. `unbound` holds the settings of a target while no
    endpoint is set, so that `config show` can show them; otherwise it is empty.
    """

    config: Config
    origins: Mapping[str, str]
    unbound: Mapping[str, object]


def require_endpoint(config: Config) -> None:
    """Raise ConfigError when there is no target to crawl, because no endpoint and no region is set."""
    if not config.targets:
        raise ConfigError(
            "no endpoint: set --endpoint https://HOST, SWR_CRAWLER_ENDPOINT, or endpoint in the configuration file;"
            " or --region NAME for a known region of the cloud",
            setting="endpoint",
        )
