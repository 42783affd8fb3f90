"""The configuration of a run, as `crawler.config.load` makes it (pure)."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from crawler.config.audit_policy import Policy
from crawler.config.credentials.target import Target
from crawler.config.settings.run_settings import DialectChoice, DiscoverMode, LogFormat, Progress, Require
from crawler.errors import ConfigError
from crawler.model.walk_id import Center


class Config(Struct, frozen=True, kw_only=True):
    """The settings of a run. Meanings, units and ranges are in `crawler.config.settings.table.SETTINGS`.

    `targets` is empty when no endpoint is set. `namespaces` are walked as named, beside those that `discover` finds
    and `patterns` match (see `crawler.config.namespaces.filter_names`); without namespaces and `discover` there is one
    walk per center over all namespaces. `max_duration_s` None: unlimited. `output` "-": standard output. `snapshot`
    None: the time of the start. `resume` None: automatic, for runs younger than `resume_max_age_s`. The columns of
    `order` are tried in turn.
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
    max_body_bytes: int
    allow_http: bool
    require: Require
    summary_file: str | None
    progress: Progress
    log_format: LogFormat


class Loaded(NamedTuple):
    """A Config, the policy of an audit, and the place where each setting was written.

    `origins` maps setting names to "flag --limit", "environment SWR_CRAWLER_LIMIT", "file crawler.toml" or
    "default". With `[[target]]` tables or several regions the settings of a target are
    `target.<name>.<setting>`; an endpoint that a region stands for has the region's origin. Those of an audit are
    `audit.<setting>`, and `audit.suppress` for all suppressions. `unbound` holds the settings of a target while no
    endpoint is set, so that `config show` can show them; otherwise it is empty.
    """

    config: Config
    audit: Policy
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
