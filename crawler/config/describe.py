"""Show a configuration without its secrets: the rows of `config show`, and the plain values in a manifest (pure)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from crawler.config.config import Config, Loaded
from crawler.config.credentials.choice import choose_method
from crawler.config.credentials.methods import secret_refs
from crawler.config.credentials.target import Target
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.table import AUDIT_KEYS, RUN_KEYS, SETTINGS, TARGET_KEYS
from crawler.errors import CrawlerError


class SettingRow(NamedTuple):
    """One line of `config show`. `value` is as the environment variable spells it, or `not set`."""

    setting: str
    value: str
    origin: str
    unit: str
    help: str


def describe(
    loaded: Loaded, environ: Mapping[str, str], profiles: Mapping[str, str | None] = MappingProxyType({})
) -> tuple[SettingRow, ...]:
    """Return one row per setting, those of targets first, then in the order of the table; suppressions are one row.

    After the settings of each target there is a row `credentials`: the chosen method, the references that it reads
    and whether they are set, and where they were found; or the reason why there is none. Of `environ` only whether
    variables are set and not empty matters; `profiles` is the text of each target's `credentials_file`, by that
    setting.
    """
    config = loaded.config
    rows = [_row(name, value, loaded.origins[name], environ) for name, value in loaded.unbound.items()]
    for target in config.targets:
        prefix = "" if "endpoint" in loaded.origins else f"target.{target.name}."
        values = {prefix + name: getattr(target, name) for name in TARGET_KEYS}
        rows += [_row(label, value, loaded.origins[label], environ) for label, value in values.items()]
        rows.append(_credentials_row(prefix, target, environ, profiles.get(target.credentials_file)))
    values = {name: getattr(config, name) for name in RUN_KEYS} | {"namespaces": config.namespaces + config.patterns}
    values |= {label: getattr(loaded.config.audit, SETTINGS[label].name) for label in AUDIT_KEYS}
    rows += [_row(label, value, loaded.origins[label], environ) for label, value in values.items()]
    return (*rows, _suppressions_row(loaded))


def redacted(config: Config) -> dict[str, object]:
    """Return the settings of a run as plain JSON values under their own names; a secret is its reference, or null."""
    names = [name for name in config.__struct_fields__ if name != "audit"]
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


def _credentials_row(prefix: str, target: Target, environ: Mapping[str, str], profile: str | None) -> SettingRow:
    """Return the row of a target's credentials, which are no setting but chosen from many."""
    try:
        chosen = choose_method(target, environ, profile)
    except CrawlerError as error:
        value, origin = f"none: {error}", "not found"
    else:
        refs = [f"{name} {_show_reference(ref, environ)}" for name, ref in secret_refs(chosen.method)]
        value = ": ".join(filter(None, (chosen.method.auth, ", ".join(refs))))
        origin = ", ".join(dict.fromkeys(place for _, place in chosen.origins))
    return SettingRow(f"{prefix}credentials", value, origin, "", "the chosen method, and the secrets that it reads")


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
