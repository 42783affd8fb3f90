"""Which targets there are, and the value of each setting for each target (pure).

    rate_per_s, concurrency:   flag or environment  >  [[target]]  >  [crawl]  >  default
    endpoint, region:          a flag or the environment replaces all [[target]]: one target for an endpoint, one per
                               region for regions; of the two, the one from the source of higher precedence holds
    all other settings:        flag  >  [[target]]  >  environment  >  [crawl]  >  default

An argument of `Config.load` ranks as a flag does. Its `targets` replace the `[[target]]` of a file, and outrank all
that is written outside them.

A `[[target]]` with credentials is isolated: it uses the credentials of no other source, and takes account, project and
IAM service from the file alone, because the key of one account must not go to the endpoint of another.
"""

from collections.abc import Mapping
from typing import Final

from crawler.config.credentials.target import Target
from crawler.config.file import DEFAULT_TARGET, TableSettings
from crawler.config.settings.origin import NO_PROXY_WORD, is_link_local, is_loopback
from crawler.config.settings.regions import REGIONS, endpoint_of
from crawler.config.settings.table import TARGET_KEYS
from crawler.config.settings.target_settings import CREDENTIAL_KEYS, SCOPE_KEYS
from crawler.config.sources import DEFAULT_SOURCE, SourcedValue, declared_defaults, merge, suggest
from crawler.errors import ConfigError

# What belongs to another setting, and what is said of it without that one.
_PARTS: Final = (
    ("proxy", "proxy_credentials", "there is no proxy that they are for; set proxy to its URL, or remove them"),
    ("client_cert", "client_key", ""),  # found when the files are read
    ("client_cert", "client_key_password", ""),
    ("client_key", "client_key_password", ""),
)
_PACE: Final = frozenset({"rate_per_s", "concurrency"})


def resolve_targets(base: Mapping[str, SourcedValue], tables: TableSettings) -> tuple[tuple[Target, ...], bool]:
    """Return all targets, and whether the names of their settings in `config show` have the target's name in front.

    `base` are the settings outside `tables`, all sources merged. Raise the error of a source for a target without an
    endpoint, and for an endpoint or a region that is wrong.
    """
    rank = tables.precedence
    replaced = any(base[name].value and base[name].source.precedence > rank for name in ("endpoint", "region"))
    has_tables = bool(tables.targets) and not replaced
    settings = _from_tables(base, tables) if has_tables else _without_tables(base)
    for given in settings.values():
        _refuse_plain_http(given, allow_http=base["allow_http"].value)
    isolated = _isolated(tables) if has_tables else frozenset()
    targets = tuple(_make_target(name, given, isolated=name in isolated) for name, given in settings.items())
    return targets, has_tables or len(targets) > 1


def _of_other_tools(base: Mapping[str, SourcedValue]) -> list[str]:
    """Return the settings with the credentials that the variables of another tool name."""
    return [name for name, given in base.items() if given.source.precedence < DEFAULT_SOURCE.precedence]


def _isolated(tables: TableSettings) -> frozenset[str]:
    """Return the names of the targets whose own tables have credentials."""
    return frozenset(name for name, table in (tables.targets or {}).items() if table.keys() & CREDENTIAL_KEYS)


def _make_target(name: str, given: Mapping[str, SourcedValue], *, isolated: bool) -> Target:
    """Return the target `name` with the settings `given`."""
    return Target(
        name=name,
        **{setting: given[setting].value for setting in TARGET_KEYS},
        isolated=isolated,
        origins=tuple((setting, given[setting].source.origin) for setting in TARGET_KEYS),
    )


def _refuse_plain_http(given: Mapping[str, SourcedValue], *, allow_http: bool) -> None:
    """Raise the error of an endpoint's source when credentials would cross a network unencrypted."""
    for name in ("endpoint", "iam_endpoint", "sts_endpoint", "metadata_endpoint"):
        endpoint, source = given[name].value or "", given[name].source
        is_local = is_loopback(endpoint) or (name == "metadata_endpoint" and is_link_local(endpoint))
        if endpoint.startswith("http:") and not (allow_http or is_local):
            source.fail(
                "plain http exposes the token to the network; use https://, or allow it with --allow-http,"
                " SWR_CRAWLER_ALLOW_HTTP=true or allow_http = true"
            )


def _without_tables(base: Mapping[str, SourcedValue]) -> dict[str, dict[str, SourcedValue]]:
    """Return the targets that no `[[target]]` describes: one for an endpoint, or one per region, or none."""
    endpoint, region = base["endpoint"], base["region"]
    if not endpoint.value or (region.value and region.source.precedence > endpoint.source.precedence):
        sites = {
            name: _site(SourcedValue(None, DEFAULT_SOURCE), SourcedValue((name,), region.source))
            for name in region.value
        }
    else:
        # A region of lower precedence was written for another endpoint: its IAM must not get these credentials.
        is_for_endpoint = region.source.precedence == endpoint.source.precedence
        sites = {DEFAULT_TARGET: _site(endpoint, region if is_for_endpoint else SourcedValue((), DEFAULT_SOURCE))}
    shared = {setting: base[setting] for setting in TARGET_KEYS} | _way(base, {})
    return {name: shared | site for name, site in sites.items()}


def _from_tables(base: Mapping[str, SourcedValue], tables: TableSettings) -> dict[str, dict[str, SourcedValue]]:
    """Return the settings of each `[[target]]`, by its name. Raise ConfigError for one without an endpoint."""
    isolated = _isolated(tables)
    defaults = declared_defaults()
    beside_them = merge(tables.settings, defaults)
    own_credentials = {
        **base,
        **{setting: beside_them[setting] for setting in SCOPE_KEYS},
        **{setting: defaults[setting] for setting in (*CREDENTIAL_KEYS, *_of_other_tools(base))},
    }
    targets = {}
    for name, table in (tables.targets or {}).items():
        others = own_credentials if name in isolated else base
        targets[name] = {setting: _value(setting, others, table, tables.precedence) for setting in TARGET_KEYS}
        has_site = any(setting in table and table[setting].value for setting in ("endpoint", "region"))
        site = {**defaults, **table} if has_site else base
        targets[name] |= _site(site["endpoint"], site["region"])
        targets[name] |= _way(targets[name], table)
        if targets[name]["endpoint"].value is None:
            raise ConfigError(
                f"{tables.where}, [[target]] {name}: no endpoint; write one in it or below [crawl]",
                setting="endpoint",
            )
    return targets


def _value(
    setting: str, base: Mapping[str, SourcedValue], table: Mapping[str, SourcedValue], rank: int
) -> SourcedValue:
    """Return the value of one setting of a `[[target]]`, by the precedence at the top of this file.

    `rank` is the precedence of the tables: 0 for those of a file.
    """
    overridden = base[setting].source.precedence > (rank if setting in _PACE else max(rank, 1))
    return base[setting] if overridden else table.get(setting, base[setting])


def _way(given: Mapping[str, SourcedValue], table: Mapping[str, SourcedValue]) -> dict[str, SourcedValue]:
    """Return the settings of a target that belong to another one and were not written for it: they have no value.

    A `[[target]]`, the `table`, that names a proxy or a certificate names what belongs to it, too; else what has a
    lower precedence was written for another one. Raise the error of its source for what belongs to nothing at all.
    """
    dropped = {}
    for owner, part, problem in _PARTS:
        of, own = given[owner], given[part]
        in_table = table.get(owner) is of
        if own is not table.get(part) if in_table else _rank(own) < _rank(of):
            dropped[part] = SourcedValue(None, DEFAULT_SOURCE)
        elif problem and own.value and of.value in {None, NO_PROXY_WORD}:
            own.source.fail(problem)
    return dropped


def _rank(given: SourcedValue) -> int:
    return given.source.precedence


def _site(endpoint: SourcedValue, region: SourcedValue) -> dict[str, SourcedValue]:
    """Return the endpoint and the region of one target; without an endpoint it has that of its region.

    Raise the error of the region's source for an unknown region without an endpoint, or for several regions.
    """
    if len(region.value) > 1:
        region.source.fail("several regions for one target; name one of them, or remove the endpoint")
    name = region.value[0] if region.value else None
    if endpoint.value is None and name is not None:
        found = endpoint_of(name)
        if found is None:
            region.source.fail(
                f"{name} is not a known region{suggest(name, REGIONS)}; for any other region set the endpoint"
            )
        endpoint = SourcedValue(found, region.source)
    return {"endpoint": endpoint, "region": region._replace(value=name)}
