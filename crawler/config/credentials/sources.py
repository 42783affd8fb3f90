"""The sources of credentials, and what each of them holds (pure).

    1  the crawler's settings  [[target]], else SWR_CRAWLER_…, else [crawl]: each setting by itself
    2  HUAWEICLOUD_SDK_…       the official SDK
    3  HW_…                    Terraform
    4  OS_…                    OpenStack clients
    5  HUAWEI_…                Cloud Custodian
    6  the credentials file    its section [basic]; directly after 1 when a setting of 1 names the file

An isolated target, one whose own `[[target]]` has credentials, has only source 1 and the file that its table names.
Account, project and IAM service that source 1 sets hold for the credentials of every source. Of sources 2 to 6 it is
also read whether the tool itself would act for somebody else (`crawler.config.credentials.assumed_identity`).

Source: docs/reference/swr-api.md#sdk-files (the section and its keys).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from crawler.config.credentials.assumed_identity import PROFILE_RULES, AssumedIdentity, assumed_identity
from crawler.config.credentials.target import Target
from crawler.config.credentials.tools import TOKEN_VARIABLES, TOOLS, Tool
from crawler.config.settings.kinds import InvalidValueError
from crawler.config.settings.origin import is_loopback
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.table import SETTINGS
from crawler.config.settings.target_settings import SCOPE_KEYS, SECRET_KEYS
from crawler.config.settings.variables import CREDENTIALS_FILE_VARIABLE, without_newline
from crawler.errors import ConfigError, CredentialsError

ACCOUNT_FIELDS: Final = ("account_id", "account")
PROJECT_FIELDS: Final = ("project_id", "project")
# The account of a project that is named by name; no setting of the crawler, but OpenStack clients have it.
PROJECT_ACCOUNT_FIELDS: Final = ("project_account_id", "project_account")
_SECRET_FIELDS: Final = SECRET_KEYS
_OWN_FIELDS: Final = ("user", "user_id", *SCOPE_KEYS)
_VALUE_FIELDS: Final = (*_OWN_FIELDS, *PROJECT_ACCOUNT_FIELDS)
# What is not said twice: a field of the crawler's settings overrides these fields of another tool.
_OVERRIDDEN: Final = dict.fromkeys(ACCOUNT_FIELDS, ACCOUNT_FIELDS + PROJECT_ACCOUNT_FIELDS) | dict.fromkeys(
    PROJECT_FIELDS, PROJECT_FIELDS + PROJECT_ACCOUNT_FIELDS
)

_SECTION: Final = "basic"
_PROFILE_KEYS: Final = {"access_key": "ak", "secret_key": "sk", "security_token": "security_token"}


class CredentialSource(NamedTuple):
    """The credentials in one source, by field; a field has the name of its setting.

    `values` are the fields that are not secret; those in `normalized` are in normal form, the others are as another
    tool's variable spells them. `origins` are the places where the fields were found. `how_to_set` says for each field
    of the source, also for a missing one, what a user has to set. `assumed` is set when the tool would not act for the
    account of these credentials.
    """

    secrets: Mapping[str, SecretRef]
    values: Mapping[str, str]
    origins: Mapping[str, str]
    how_to_set: Mapping[str, str]
    normalized: frozenset[str] = frozenset()
    assumed: AssumedIdentity | None = None

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
            variable = name_as_written(field, self.origins[field])
            raise ConfigError(f"{variable}: {problem}", setting=variable) from None


def sources(
    target: Target, own: CredentialSource, environ: Mapping[str, str], profile_text: str | None
) -> Iterator[CredentialSource]:
    """Yield the sources of `target` in their order; `own` is source 1. A source that is not reached is not read.

    Raise CredentialsError when a setting names a credentials file that does not exist, ConfigError when the file is
    not an INI file.
    """
    yield own
    file_origin = target.origin_of("credentials_file")
    named = file_origin not in {"default", f"environment {CREDENTIALS_FILE_VARIABLE}"}
    if named and profile_text is None:
        raise CredentialsError(
            f"target {target.name}: credentials_file is {target.credentials_file} ({file_origin}), but there is no"
            " such file; create it or set another path"
        )
    if named:
        yield _with_scope(_profile_source(target, profile_text), own)
    if target.isolated:
        return
    yield from (_with_scope(_environment_source(tool, environ), own) for tool in TOOLS)
    if not named:
        yield _with_scope(_profile_source(target, profile_text), own)


def own_source(target: Target) -> CredentialSource:
    """Return what the crawler's settings hold, without a token that the loader took from another tool's variable."""
    other_tools = {f"environment {variable}" for variable in TOKEN_VARIABLES}
    fields = {field: getattr(target, field) for field in (*_SECRET_FIELDS, *_OWN_FIELDS)}
    if target.origin_of("token") in other_tools:
        del fields["token"]
    given = {field: value for field, value in fields.items() if value is not None}
    return CredentialSource(
        secrets={field: value for field, value in given.items() if field in _SECRET_FIELDS},
        values={field: value for field, value in given.items() if field in _VALUE_FIELDS},
        origins={field: target.origin_of(field) for field in given},
        how_to_set={
            field: f"{field} in its [[target]]"
            if target.isolated
            else f"{SETTINGS[field].variable} (or {field} in the configuration file)"
            for field in fields
        },
        normalized=frozenset(_OWN_FIELDS),
    )


def name_as_written(field: str, origin: str) -> str:
    """Return the name under which the user wrote a field: the variable, else the setting."""
    return origin.removeprefix("environment ") if origin.startswith("environment ") else field


def _environment_source(tool: Tool, environ: Mapping[str, str]) -> CredentialSource:
    """Return what the variables of one tool hold; variables that are empty do not count."""
    found = {field: [name for name in names if environ.get(name)] for field, names in tool.variables.items()}
    first = {field: names[0] for field, names in found.items() if names}
    if set(ACCOUNT_FIELDS) <= first.keys():
        # OS_DOMAIN_ID only stands for an account that OS_USER_DOMAIN_NAME does not name. Of equals the id holds.
        by_name, by_id = (tool.variables[field].index(first[field]) for field in ("account", "account_id"))
        del first["account_id" if by_name < by_id else "account"]
    return CredentialSource(
        secrets={field: SecretRef("env", name) for field, name in first.items() if field in _SECRET_FIELDS},
        values={field: without_newline(environ[name]) for field, name in first.items() if field in _VALUE_FIELDS},
        origins={field: f"environment {name}" for field, name in first.items()},
        how_to_set={field: names[0] for field, names in tool.variables.items()},
        assumed=assumed_identity(tool.rules, environ),
    )


def _profile_source(target: Target, text: str | None) -> CredentialSource:
    """Return what the section `[basic]` of the credentials file holds."""
    section = _read_section(text or "", target.credentials_file)
    found = {field: key for field, key in _PROFILE_KEYS.items() if section.get(key)}
    values = {"project_id": section["project_id"]} if section.get("project_id") else {}
    assumed = assumed_identity(PROFILE_RULES, section)
    where = f"in section [{_SECTION}] of {target.credentials_file}"
    return CredentialSource(
        secrets={field: SecretRef("profile", f"{_SECTION}.{key}") for field, key in found.items()},
        values=values,
        origins=dict.fromkeys((*found, *values), f"file {target.credentials_file}"),
        how_to_set={field: f"{key} {where}" for field, key in _PROFILE_KEYS.items()},
        assumed=assumed and assumed._replace(settings=tuple(f"{key} {where}" for key in assumed.settings)),
    )


def _read_section(text: str, file_name: str) -> dict[str, str]:
    """Return the keys of `[basic]`. Raise ConfigError, without the text of any line, when `text` is not INI."""
    from configparser import ConfigParser, Error  # noqa: PLC0415 - few runs need it

    # The official SDK interpolates `%`; access keys never have one, and a stray `%` must not stop a run.
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text.removeprefix("\ufeff"))
    except Error:
        raise ConfigError(
            f"{file_name}: is not a credentials file of the SDK; write [{_SECTION}], and below it ak = … and sk = …,"
            " each once",
            setting="credentials_file",
        ) from None
    return dict(parser[_SECTION]) if parser.has_section(_SECTION) else {}


def _with_scope(source: CredentialSource, own: CredentialSource) -> CredentialSource:
    """Return `source` with the account, project and IAM service of the crawler's own settings before its own."""
    scope = {field: own.values[field] for field in SCOPE_KEYS if field in own.values}
    # A project or an account in the crawler's settings, by name or id, overrides both forms of the other tool.
    hidden = {other for field in scope for other in _OVERRIDDEN.get(field, ())}
    others = {field: text for field, text in source.values.items() if field not in hidden}
    return source._replace(
        values=others | scope,
        origins={**source.origins, **{field: own.origins[field] for field in scope}},
        normalized=frozenset(scope),
    )


def _normalize(field: str, text: str) -> str:
    """Return the normal form of a value written for another tool. Raise InvalidValueError when it has none."""
    kind = SETTINGS[field.removeprefix("project_") if field in PROJECT_ACCOUNT_FIELDS else field].kind
    if field != "iam_endpoint":
        return str(kind.normalize(text))
    origin = str(kind.normalize(re.sub(r"/v3/?$", "", text)))  # an AUTH_URL is the root of an API, not an origin
    if origin.startswith("http:") and not is_loopback(origin):
        raise InvalidValueError("plain http exposes the password to the network; use https://")
    return origin
