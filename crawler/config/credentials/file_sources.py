"""The credentials that another tool takes from an entry of a file which its variables name (pure).

    Terraform          HW_PROFILE, HW_SHARED_CONFIG_FILE   the keys of the profile replace those of the variables
    OpenStack clients  OS_CLOUD                            the entry; what it lacks to log in, the variables add

The clients of OpenStack do not agree whether OS_USERNAME overrides the entry that OS_CLOUD names, is overridden by it
or ignored. So where both say something else, that is refused.

Source: docs/reference/swr-api.md#hcloud-file, #clouds-yaml.
"""

from collections.abc import Mapping
from typing import Final

from crawler.config.credentials.source import (
    ACCOUNT_FIELDS,
    PROJECT_ACCOUNT_FIELDS,
    PROJECT_FIELDS,
    SECRET_FIELDS,
    VALUE_FIELDS,
    CredentialSource,
    name_as_written,
)
from crawler.config.credentials.target import Target, region_of_target
from crawler.config.credentials.tool_files.cloud_entry import CLOUD, CLOUD_KEYS, CloudEntry
from crawler.config.credentials.tool_files.clouds import find_cloud
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.config.credentials.tool_files.hcloud import HCLOUD_KEYS, find_profile
from crawler.config.credentials.tools.assumed_identity import AGENCY, AssumedIdentity, Effect
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.variables import without_newline
from crawler.errors import ConfigError

_LOGIN: Final = Effect("OpenStack clients log in by another method or for another user", "temporary keys of that login")
_KEYS: Final = ("access_key", "secret_key", "security_token")
# The settings of this program for what an entry says about the way to the service; verification has no switch.
_INSTEAD: Final = {"cacert": " (set ca_file)", "cert": " (set client_cert)", "key": " (set client_key)"}
# What the variables may add to an entry that has none of the group.
_ADDED: Final = (("password",), ACCOUNT_FIELDS, PROJECT_FIELDS, PROJECT_ACCOUNT_FIELDS, ("iam_endpoint",))


def hcloud_source(
    target: Target, variables: CredentialSource, environ: Mapping[str, str], files: ToolFiles
) -> CredentialSource:
    """Return the `variables` of Terraform with the keys, the project and the account of the profile that they name.

    Raise what `crawler.config.credentials.tool_files.hcloud.find_profile` raises.
    """
    profile = find_profile(region_of_target(target), environ, files)
    others = {field: ref for field, ref in variables.secrets.items() if field not in _KEYS}
    secrets = {field: SecretRef("hcloud", f"{profile.name}.{field}") for field in profile.fields if field in _KEYS}
    values = {field: text for field, text in profile.fields.items() if field in VALUE_FIELDS}
    where = f"of profile {profile.name} in {profile.path}"
    assumed = AssumedIdentity(profile.unsupported, AGENCY) if profile.unsupported else variables.assumed
    return variables._replace(
        secrets=others | secrets,
        values={**variables.values, **values},
        origins={**variables.origins, **dict.fromkeys(profile.fields, f"file {profile.path}")},
        how_to_set={**variables.how_to_set, **{field: f"{HCLOUD_KEYS[field]} {where}" for field in HCLOUD_KEYS}},
        assumed=assumed,
    )


def cloud_source(
    name: str, target: Target, variables: CredentialSource, environ: Mapping[str, str], files: ToolFiles
) -> CredentialSource:
    """Return what the entry `name` of clouds.yaml holds, with what only the `variables` of OpenStack clients add.

    Raise ConfigError when the two say something else, and what
    `crawler.config.credentials.tool_files.clouds.find_cloud` raises.
    """
    entry = find_cloud(name, region_of_target(target), environ, files)
    added = _added(entry, variables)
    _refuse_contradiction(target, entry, variables, environ, added)
    where = f"of cloud {name}"
    unsupported = tuple(dict.fromkeys(f"{key} {where}" for key in entry.unsupported))
    values = {field: text for field, text in entry.fields.items() if field in VALUE_FIELDS}
    secrets = {field: SecretRef("cloud", f"{name}.{field}") for field in entry.fields if field in SECRET_FIELDS}
    return CredentialSource(
        secrets=secrets | {field: variables.secrets[field] for field in added if field in variables.secrets},
        values=values | {field: variables.values[field] for field in added if field in variables.values},
        origins={field: f"file {path}" for field, path in entry.paths.items()}
        | {field: variables.origins[field] for field in added},
        how_to_set={field: f"{keys[0]} below auth {where} in clouds.yaml" for field, keys in CLOUD_KEYS.items()},
        assumed=AssumedIdentity(unsupported, _LOGIN) if unsupported else variables.assumed,
        unread=tuple(f"{key} {where}{_INSTEAD.get(key, '')}" for key in entry.unread),
    )


def _added(entry: CloudEntry, variables: CredentialSource) -> list[str]:
    """Return the fields of the variables that an entry has nothing for."""
    lacking = (group for group in _ADDED if not entry.fields.keys() & group)
    return [field for group in lacking for field in group if not variables.missing(field)]


def _refuse_contradiction(
    target: Target, entry: CloudEntry, variables: CredentialSource, environ: Mapping[str, str], added: list[str]
) -> None:
    """Raise ConfigError for a variable that names other credentials than the entry."""
    for field, origin in variables.origins.items():
        variable = name_as_written(field, origin)
        if field not in added and entry.fields.get(field) != without_newline(environ[variable]):
            raise ConfigError(
                f"target {target.name}: {CLOUD} and {variable} are set and do not agree; the clients of OpenStack use"
                f" the one or the other, and would list other inventories; remove {variable} to use the entry of"
                f" clouds.yaml, or {CLOUD} to use the variables",
                setting=variable,
            )
