"""Show a configuration without its secrets: the rows of `config show`, and the plain values in a manifest (pure)."""

from collections.abc import Mapping
from typing import NamedTuple

from crawler.config.config import Config, Loaded
from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import ChosenMethod, Method, secret_refs
from crawler.config.credentials.target import Target
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.config.network.proxies import ProxyChoice
from crawler.config.network.routes import API, routes
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.table import AUDIT_KEYS, RETENTION_KEYS, RUN_KEYS, SETTINGS, TARGET_KEYS
from crawler.errors import CrawlerError


class SettingRow(NamedTuple):
    """One line of `config show`. `value` is as the environment variable spells it, or `not set`."""

    setting: str
    value: str
    origin: str
    unit: str
    help: str


def describe(loaded: Loaded, environ: Mapping[str, str], files: ToolFiles | None = None) -> tuple[SettingRow, ...]:
    """Return one row per setting, those of targets first, then in the order of the table; suppressions are one row.

    After the settings of each target there is a row `credentials`: the chosen method, the references that it reads
    and whether they are set, where they were found, and what was found beside them and is not used; or the reason why
    there is none. A row `route` says by which proxy its requests go. Of `environ` only whether variables are set and
    not empty matters, the proxies that it names, and which entry of a file; None stands for no `files`.
    """
    config = loaded.config
    rows = [_row(name, value, loaded.origins[name], environ) for name, value in loaded.unbound.items()]
    for target in config.targets:
        prefix = "" if "endpoint" in loaded.origins else f"target.{target.name}."
        values = {prefix + name: getattr(target, name) for name in TARGET_KEYS}
        rows += [_row(label, value, loaded.origins[label], environ) for label, value in values.items()]
        rows += _method_rows(prefix, target, environ, files or ToolFiles())
    values = {name: getattr(config, name) for name in RUN_KEYS} | {"namespaces": config.namespaces + config.patterns}
    values |= {label: getattr(loaded.config.audit, SETTINGS[label].name) for label in AUDIT_KEYS}
    values |= {label: getattr(loaded.config.retention, SETTINGS[label].name) for label in RETENTION_KEYS}
    rows += [_row(label, value, loaded.origins[label], environ) for label, value in values.items()]
    return (*rows, _suppressions_row(loaded))


def redacted(config: Config) -> dict[str, object]:
    """Return the settings of a run as plain JSON values under their own names; a secret is its reference, or null."""
    names = [name for name in config.__struct_fields__ if name not in {"audit", "retention"}]
    plain: dict[str, object] = {name: getattr(config, name) for name in names}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
    plain["targets"] = [
        {name: _to_json(getattr(target, name)) for name in ("name", *TARGET_KEYS)} for target in config.targets
    ]
    return plain


def _row(label: str, value: object, origin: str, environ: Mapping[str, str]) -> SettingRow:
    """Return the row of one setting; a secret is shown as its reference and whether that is set."""
    setting = SETTINGS[label] if label in SETTINGS else SETTINGS[label.rpartition(".")[2]]  # target.<name>.<setting>
    text = _show_reference(value, environ) if isinstance(value, SecretRef) else setting.kind.to_text(value)
    return SettingRow(label, text, origin, setting.unit, setting.help)


def _show_reference(ref: SecretRef, environ: Mapping[str, str]) -> str:
    """Return a reference as text; that of a variable with whether it is set. Files are not read here."""
    if ref.kind != "env":
        return str(ref)
    return f"{ref} (set)" if environ.get(ref.name) else f"{ref} (not set)"


def _method_rows(prefix: str, target: Target, environ: Mapping[str, str], files: ToolFiles) -> list[SettingRow]:
    """Return the rows of a target's credentials and of its ways, which are no settings but follow from many."""
    chosen: ChosenMethod | None = None
    try:
        chosen = choose_method(target, environ, files)
    except CrawlerError as error:
        value, origin = f"none: {error}", "not found"
    else:
        refs = [f"{name} {_show_reference(ref, environ)}" for name, ref in secret_refs(chosen.method)]
        value = ": ".join(filter(None, (chosen.method.auth, ", ".join(refs))))
        value += f"; not used: {', '.join(chosen.unread)}" if chosen.unread else ""
        origin = ", ".join(dict.fromkeys(place for _, place in chosen.origins))
    meaning = "the chosen method, and the secrets that it reads"
    credentials = SettingRow(f"{prefix}credentials", value, origin, "", meaning)
    return [credentials, _route_row(prefix, target, chosen and chosen.method, environ)]


def _route_row(prefix: str, target: Target, method: Method | None, environ: Mapping[str, str]) -> SettingRow:
    """Return the row of the ways to each service that a target asks; one way is said once."""
    try:
        ways = routes(target, method, environ)
    except CrawlerError as error:
        value, origin = f"none: {error}", "not found"
    else:
        shown = {name: _show_way(way) for name, way in ways.items()}
        is_one = len(set(shown.values())) == 1
        value = shown[API] if is_one else "; ".join(f"{name}: {way}" for name, way in shown.items())
        origin = ", ".join(dict.fromkeys(way.origin for way in ways.values()))
    return SettingRow(f"{prefix}route", value, origin, "", "the proxy of each service that is asked, or direct")


def _show_way(choice: ProxyChoice) -> str:
    if choice.proxy is None:
        return "direct"
    return f"{choice.proxy}, with credentials" if choice.credentials else choice.proxy


def _suppressions_row(loaded: Loaded) -> SettingRow:
    """Return the row of all suppressions, which only a file can hold."""
    value = "; ".join(
        f"{suppression} expires {suppression.expires}" for suppression in loaded.config.audit.suppressions
    )
    label = "audit.suppress"
    return SettingRow(
        label, value or "not set", loaded.origins[label], "", "suppressed findings, each with a reason and a last day"
    )


def _to_json(value: object) -> object:
    return str(value) if isinstance(value, SecretRef) else value
