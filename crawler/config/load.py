"""Merge flags, environment, file and defaults into one frozen Config (pure).

    flags  >  environment  >  file [crawl]  >  default        each setting by itself
    settings of a target:     see `crawler.config.targets`
    settings of an audit:     flag  >  environment  >  file [audit]  >  default; suppressions in the file alone

`crawler.config.credentials.choice` chooses the credentials of a target.

Every value is checked, also one that another source overrides: its error must not wait for the day when the other
value is removed. A wrong flag is a UsageError, any other wrong value a ConfigError; each message is one line that names
the setting as the user wrote it. Secrets are never read here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from crawler.config.audit_policy import Policy
from crawler.config.config import Config, Loaded
from crawler.config.file import read_file
from crawler.config.settings.table import AUDIT_KEYS, RUN_KEYS, SETTINGS, TARGET_KEYS
from crawler.config.sources import (
    DEFAULT_SOURCE,
    SourcedValue,
    merge,
    read_defaults,
    read_environment,
    read_flags,
    refuse_unknown_variables,
)
from crawler.config.targets import make_target, refuse_plain_http, resolve_targets
from crawler.model.namespace import pattern

_UNNAMED_FILE: Final = "the configuration file"


def load(
    *, flags: Mapping[str, object], environ: Mapping[str, str], file_text: str | None, file_name: str | None
) -> Loaded:
    """Return the configuration that flags, environment and file make together.

    `flags` holds what the user gave on the command line and nothing else, by the label of the setting (`rate_per_s`,
    not `rate`; `audit.fail_on`), as text or as the value itself. `file_text` is TOML, None for no file; messages call
    it `file_name`. Of `environ` only names that start with SWR_CRAWLER_ and the variables of other tools matter; of a
    variable that holds a secret only whether it is set and not empty.

    Raise UsageError for a wrong flag, ConfigError for any other wrong setting; both messages are one line, without
    secrets. Raise ValueError for a name in `flags` that no flag sets, which is a mistake of the caller.
    """
    file_name = file_name or _UNNAMED_FILE
    file = read_file(file_text, file_name)
    base = merge(read_flags(flags), read_environment(environ), file.settings, read_defaults(environ))
    refuse_unknown_variables(environ, [file.settings, *file.targets.values()])
    base |= _implied(base)
    targets = resolve_targets(base, file, file_name)
    for given in targets.settings.values():
        refuse_plain_http(given, allow_http=base["allow_http"].value)
    labelled = {f"target.{name}." if targets.prefixed else "": given for name, given in targets.settings.items()}
    origins = {
        label + name: given[name].source.origin
        for label, given in (labelled or {"": base}).items()
        for name in TARGET_KEYS
    }
    origins |= {label: base[label].source.origin for label in (*RUN_KEYS, *AUDIT_KEYS)}
    origins |= {"audit.suppress": file.suppressions.source.origin}
    return Loaded(
        config=Config(
            targets=tuple(
                make_target(name, given, isolated=name in targets.isolated) for name, given in targets.settings.items()
            ),
            **_run_values(base),
        ),
        audit=Policy(**_policy_values(base), suppressions=file.suppressions.value),
        origins=MappingProxyType(origins),
        unbound=MappingProxyType({} if targets.settings else {name: base[name].value for name in TARGET_KEYS}),
    )


def _implied(base: Mapping[str, SourcedValue]) -> dict[str, SourcedValue]:
    """Return the settings that others imply: patterns of namespaces turn discovery on.

    Raise the error of a source whose setting contradicts another one.
    """
    if base["double_read"].value and base["max_passes"].value == 1:
        base["double_read"].source.fail("needs a second pass to compare with; set max_passes to 2 or more")
    patterns = [name for name in base["namespaces"].value if pattern(name)]
    if base["discover"].value or not patterns:
        return {}
    refusal, wish = base["discover"].source, base["namespaces"].source
    if refusal is not DEFAULT_SOURCE and refusal.precedence >= wish.precedence:
        refusal.fail(f"without discovery the pattern {patterns[0]} of namespaces matches nothing; remove one of them")
    return {"discover": SourcedValue(value=True, source=wish)}


def _policy_values(base: Mapping[str, SourcedValue]) -> dict[str, Any]:
    """Return the settings of an audit by the fields of Policy."""
    return {SETTINGS[label].name: base[label].value for label in AUDIT_KEYS}


def _run_values(base: Mapping[str, SourcedValue]) -> dict[str, Any]:
    """Return the settings of a run by the fields of Config, with patterns apart from namespaces."""
    run = {name: base[name].value for name in RUN_KEYS}
    patterns = tuple(filter(pattern, run["namespaces"]))
    return run | {"namespaces": tuple(name for name in run["namespaces"] if name not in patterns), "patterns": patterns}
