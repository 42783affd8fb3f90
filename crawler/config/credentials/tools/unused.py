"""Variables that are set and lead to no credentials, for when none were found at all (pure).

They are told only then: where other credentials were found, the tool does not get to them either.

Source: docs/reference/swr-api.md#clouds-yaml, #sdk-environment.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from crawler.config.credentials.tools.variables import POD_IDENTITY, SDK
from crawler.config.credentials.tools.workload import IDP_FIELDS, OIDC_FIELDS, POD_FIELDS
from crawler.config.settings.variables import CREDENTIALS_FILE_VARIABLE


class _Unused(NamedTuple):
    """A variable that has no effect by itself, and why; none while `unless` is set, too."""

    variable: str
    reason: str
    unless: str = ""


_UNUSED: Final = (
    _Unused("OS_CLIENT_CONFIG_FILE", "but OS_CLOUD does not say which entry of it to use", unless="OS_CLOUD"),
    _Unused(CREDENTIALS_FILE_VARIABLE, "but there is no such file, or it holds no access key below [basic]"),
)
# The variables of each login of a workload; of several for one field any will do.
_LOGINS: Final = tuple(
    tuple(tool.variables[field] for field in fields)
    for tool, fields in ((SDK, OIDC_FIELDS), (SDK, IDP_FIELDS), (POD_IDENTITY, POD_FIELDS))
)


def describe_unused(environ: Mapping[str, str]) -> str:
    """Return what was found and not used, as the beginning of a sentence that goes on; "" for nothing."""
    alone = [
        f"{unused.variable} is set, {unused.reason}; "
        for unused in _UNUSED
        if environ.get(unused.variable) and not environ.get(unused.unless)
    ]
    return "".join([*(_half(login, environ) for login in _LOGINS), *alone])


def _half(login: tuple[tuple[str, ...], ...], environ: Mapping[str, str]) -> str:
    """Return what is set of a login and what is missing, "" when all of it is set, or nothing."""
    found = [next((name for name in names if environ.get(name)), None) for names in login]
    given = [name for name in found if name]
    missing = [" or ".join(names) for names, name in zip(login, found, strict=True) if not name]
    if not given or not missing:
        return ""
    return f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} set, but not {' and '.join(missing)}; "
