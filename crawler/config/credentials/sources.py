"""The sources of credentials, and their order (pure).

    1  the crawler's settings  [[target]], else SWR_CRAWLER_…, else [crawl]: each setting by itself
    2  HUAWEICLOUD_SDK_…       the official SDK
    3  HW_…                    Terraform; the keys of a profile of KooCLI if HW_PROFILE or HW_SHARED_CONFIG_FILE is set
    4  OS_…                    OpenStack clients; an entry of clouds.yaml if OS_CLOUD is set
    5  HUAWEI_…                Cloud Custodian
    6  the credentials file    its section [basic]; directly after 1 when a setting of 1 names the file
    7  HC_CONTAINER_…          the agency of a pod of CCE; the SDK looks there last, too

An isolated target, one whose own `[[target]]` has credentials, has only source 1 and the file that its table names.
Account, project, IAM and STS that source 1 sets hold for the credentials of every source. Of sources 3 and 4 it is
also read whether the tool itself would act for somebody else (`crawler.config.credentials.tools.assumed_identity`).

Source: docs/reference/swr-api.md#sdk-files (the section and its keys), #sdk-environment (the order of the SDK).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from crawler.config.credentials.file_sources import cloud_source, hcloud_source
from crawler.config.credentials.source import (
    ACCOUNT_FIELDS,
    OWN_FIELDS,
    PROJECT_ACCOUNT_FIELDS,
    PROJECT_FIELDS,
    SECRET_FIELDS,
    TOOL_SECRET_FIELDS,
    VALUE_FIELDS,
    CredentialSource,
)
from crawler.config.credentials.target import Target
from crawler.config.credentials.tool_files.clouds import cloud_name
from crawler.config.credentials.tool_files.documents import Document, ToolFiles
from crawler.config.credentials.tool_files.hcloud import names_profile
from crawler.config.credentials.tools.assumed_identity import assumed_identity
from crawler.config.credentials.tools.variables import (
    FILE_VARIABLES,
    IAM_ENDPOINT_VARIABLE,
    OPENSTACK,
    POD_IDENTITY,
    TERRAFORM,
    TOKEN_VARIABLES,
    TOOLS,
    Tool,
)
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.table import SETTINGS
from crawler.config.settings.target_settings import SCOPE_KEYS
from crawler.config.settings.variables import CREDENTIALS_FILE_VARIABLE, without_newline
from crawler.errors import CredentialsError

SECTION: Final = "basic"
_PROFILE_KEYS: Final = {"access_key": "ak", "secret_key": "sk", "security_token": "security_token"}
_PROFILE_VALUES: Final = ("project_id", "iam_endpoint", "idp_id")
_PROFILE_TOKEN: Final = "id_token_file"  # noqa: S105 - a key
# What is not said twice: a field of the crawler's settings overrides these fields of another tool.
_OVERRIDDEN: Final = dict.fromkeys(ACCOUNT_FIELDS, ACCOUNT_FIELDS + PROJECT_ACCOUNT_FIELDS) | dict.fromkeys(
    PROJECT_FIELDS, PROJECT_FIELDS + PROJECT_ACCOUNT_FIELDS
)


def sources(
    target: Target, own: CredentialSource, environ: Mapping[str, str], files: ToolFiles
) -> Iterator[CredentialSource]:
    """Yield the sources of `target` in their order; `own` is source 1. A source that is not reached is not read.

    Raise CredentialsError when a setting names a credentials file that does not exist, ConfigError when a file is not
    what its name says or does not hold what a variable names; whatever `files` raises.
    """
    yield own
    file_origin = target.origin_of("credentials_file")
    named = file_origin not in {"default", f"environment {CREDENTIALS_FILE_VARIABLE}"}
    if named:
        profile = files.ini(target.credentials_file, "credentials_file")
        if profile is None:
            raise CredentialsError(
                f"target {target.name}: credentials_file is {target.credentials_file} ({file_origin}), but there is no"
                " such file; create it or set another path"
            )
        yield _with_scope(_profile_source(target, profile, environ), own)
    if target.isolated:
        return
    yield from (_with_scope(_tool_source(tool, target, environ, files), own) for tool in TOOLS)
    profile = None if named else files.ini(target.credentials_file, "credentials_file")
    if profile is not None:
        yield _with_scope(_profile_source(target, profile, environ), own)
    yield _with_scope(_environment_source(POD_IDENTITY, environ), own)


def own_source(target: Target) -> CredentialSource:
    """Return what the crawler's settings hold, without a token that the loader took from another tool's variable."""
    other_tools = {f"environment {variable}" for variable in TOKEN_VARIABLES}
    fields = {field: getattr(target, field) for field in (*SECRET_FIELDS, *OWN_FIELDS)}
    if target.origin_of("token") in other_tools:
        del fields["token"]
    given = {field: value for field, value in fields.items() if value is not None}
    return CredentialSource(
        secrets={field: value for field, value in given.items() if field in SECRET_FIELDS},
        values={field: value for field, value in given.items() if field in OWN_FIELDS},
        origins={field: target.origin_of(field) for field in given},
        how_to_set={
            field: f"{field} in its [[target]]"
            if target.isolated
            else f"{SETTINGS[field].variable} (or {field} in the configuration file)"
            for field in fields
        },
        normalized=frozenset(OWN_FIELDS),
    )


def _tool_source(tool: Tool, target: Target, environ: Mapping[str, str], files: ToolFiles) -> CredentialSource:
    """Return what a tool would use: its variables, or the file that they name an entry of."""
    variables = _environment_source(tool, environ)
    if tool is TERRAFORM and names_profile(environ):
        return hcloud_source(target, variables, environ, files)
    if tool is OPENSTACK and (name := cloud_name(environ)):
        return cloud_source(name, target, variables, environ, files)
    return variables


def _environment_source(tool: Tool, environ: Mapping[str, str]) -> CredentialSource:
    """Return what the variables of one tool hold; variables that are empty do not count."""
    found = {field: [name for name in names if environ.get(name)] for field, names in tool.variables.items()}
    first = {field: names[0] for field, names in found.items() if names}
    return CredentialSource(
        secrets={field: _reference(name, environ) for field, name in first.items() if field in TOOL_SECRET_FIELDS},
        values={field: without_newline(environ[name]) for field, name in first.items() if field in VALUE_FIELDS},
        origins={field: f"environment {name}" for field, name in first.items()},
        how_to_set={field: names[0] for field, names in tool.variables.items()},
        assumed=assumed_identity(tool.rules, environ),
    )


def _reference(variable: str, environ: Mapping[str, str]) -> SecretRef:
    """Return where the secret is that a variable holds, or whose file it names."""
    if variable in FILE_VARIABLES:
        return SecretRef("file", without_newline(environ[variable]))
    return SecretRef("env", variable)


def _profile_source(target: Target, document: Document, environ: Mapping[str, str]) -> CredentialSource:
    """Return what the section `[basic]` of the credentials file holds; the SDK reads its variable for IAM, too."""
    section = {key: text for key, text in document.table(SECTION).items() if isinstance(text, str)}
    found = {field: key for field, key in _PROFILE_KEYS.items() if section.get(key)}
    secrets = {field: SecretRef("profile", f"{SECTION}.{key}") for field, key in found.items()}
    if section.get(_PROFILE_TOKEN):
        secrets["idp_token"] = SecretRef("file", section[_PROFILE_TOKEN])
    values = {field: section[field] for field in _PROFILE_VALUES if section.get(field)}
    origins = dict.fromkeys((*secrets, *values), f"file {target.credentials_file}")
    if environ.get(IAM_ENDPOINT_VARIABLE) and "iam_endpoint" not in values:
        values["iam_endpoint"] = without_newline(environ[IAM_ENDPOINT_VARIABLE])
        origins["iam_endpoint"] = f"environment {IAM_ENDPOINT_VARIABLE}"
    keys = {**_PROFILE_KEYS, "idp_id": "idp_id", "idp_token": _PROFILE_TOKEN}
    where = f"in section [{SECTION}] of {target.credentials_file}"
    return CredentialSource(
        secrets=secrets,
        values=values,
        origins=origins,
        how_to_set={field: f"{key} {where}" for field, key in keys.items()},
    )


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
