"""What one source of credentials holds, by field; a field has the name of its setting (pure)."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from crawler.config.credentials.tools.assumed_identity import AssumedIdentity
from crawler.config.credentials.tools.workload import WORKLOAD_KINDS, WORKLOAD_SECRETS
from crawler.config.settings.kinds import InvalidValueError
from crawler.config.settings.origin import is_loopback
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.table import SETTINGS
from crawler.config.settings.target_settings import SCOPE_KEYS, SECRET_KEYS
from crawler.errors import ConfigError

ACCOUNT_FIELDS: Final = ("account_id", "account")
PROJECT_FIELDS: Final = ("project_id", "project")
# The account of a project that is named by name; no setting of the crawler, but OpenStack clients have it.
PROJECT_ACCOUNT_FIELDS: Final = ("project_account_id", "project_account")
SECRET_FIELDS: Final = SECRET_KEYS
TOOL_SECRET_FIELDS: Final = (*SECRET_FIELDS, *WORKLOAD_SECRETS)
OWN_FIELDS: Final = ("user", "user_id", *SCOPE_KEYS)
VALUE_FIELDS: Final = (*OWN_FIELDS, *PROJECT_ACCOUNT_FIELDS, *WORKLOAD_KINDS)
_ISSUERS: Final = ("iam_endpoint", "sts_endpoint")


class CredentialSource(NamedTuple):
    """The credentials in one source, by field.

    `values` are the fields that are not secret; those in `normalized` are in normal form, the others are as another
    tool's variable or file spells them. `origins` are the places where the fields were found. `how_to_set` says for
    each field of the source, also for a missing one, what a user has to set. `assumed` is set when the tool would not
    act for the account of these credentials. `unread` names what the source holds beside them and this program ignores.
    """

    secrets: Mapping[str, SecretRef]
    values: Mapping[str, str]
    origins: Mapping[str, str]
    how_to_set: Mapping[str, str]
    normalized: frozenset[str] = frozenset()
    assumed: AssumedIdentity | None = None
    unread: tuple[str, ...] = ()

    def missing(self, *fields: str) -> list[str]:
        """Return those of `fields` that the source does not hold."""
        return [field for field in fields if field not in self.secrets and field not in self.values]

    def origins_of(self, *fields: str) -> tuple[tuple[str, str], ...]:
        """Return those of `fields` that the source holds, each with the place where it was found."""
        return tuple((field, self.origins[field]) for field in fields if field not in self.missing(field))

    def value(self, field: str) -> str | None:
        """Return the normal form of a value, None when the source does not hold it.

        Raise ConfigError for a value without a normal form.
        """
        text = self.values.get(field)
        if text is None or field in self.normalized:
            return text
        try:
            return _normalize(field, text)
        except InvalidValueError as problem:
            name, origin = name_as_written(field, self.origins[field]), self.origins[field]
            where = name if name != field else f"{field} ({origin})"
            raise ConfigError(f"{where}: {problem}", setting=name) from None


def name_as_written(field: str, origin: str) -> str:
    """Return the name under which the user wrote a field: the variable, else the setting."""
    return origin.removeprefix("environment ") if origin.startswith("environment ") else field


def _normalize(field: str, text: str) -> str:
    """Return the normal form of a value written for another tool. Raise InvalidValueError when it has none."""
    if field in WORKLOAD_KINDS:
        of_workload = WORKLOAD_KINDS[field]
        return str(of_workload.normalize(of_workload.parse(text)))
    kind = SETTINGS[field.removeprefix("project_") if field in PROJECT_ACCOUNT_FIELDS else field].kind
    if field not in _ISSUERS:
        return str(kind.normalize(text))
    origin = str(kind.normalize(re.sub(r"/v3/?$", "", text)))  # an AUTH_URL is the root of an API, not an origin
    if origin.startswith("http:") and not is_loopback(origin):
        raise InvalidValueError("plain http exposes the credentials to the network; use https://")
    return origin
