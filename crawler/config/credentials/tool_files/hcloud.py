"""Finds a profile in the configuration file of KooCLI (`hcloud`), whose keys Terraform takes, too (pure).

HW_PROFILE names the profile, else the file's own `current` does; HW_SHARED_CONFIG_FILE names the file, else it is
`~/.hcloud/config.json`. Terraform reads it when one of the two is set. A profile with `mode` SSO has temporary keys of
its own.

Source: docs/reference/swr-api.md#hcloud-file.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from crawler.config.credentials.tool_files.documents import Document, ToolFiles, table_of
from crawler.config.credentials.tool_files.tree import Tree
from crawler.config.settings.kinds import preview
from crawler.config.settings.names import printable
from crawler.errors import ConfigError

HCLOUD_VARIABLES: Final = ("HW_PROFILE", "HW_SHARED_CONFIG_FILE")
# Keys of a profile, by the field of credentials that they stand for.
HCLOUD_KEYS: Final[Mapping[str, str]] = {
    "access_key": "accessKeyId",
    "secret_key": "secretAccessKey",
    "security_token": "securityToken",
    "project_id": "projectId",
    "account_id": "domainId",
}
_SECRETS: Final = ("access_key", "secret_key", "security_token")
_DEFAULT_PATH: Final = "~/.hcloud/config.json"
_AGENCY: Final = ("agencyName", "agencyDomainName", "agencyDomainId")
_MODES: Final = frozenset({"", "AKSK", "SSO"})
_KEY_ID: Final = re.compile(r"[A-Za-z0-9]{1,40}")  # 20 characters; KooCLI encrypts it to far more


class HcloudProfile(NamedTuple):
    """The credentials in a profile, by field, and the file; `unsupported` are the keys by which it is an agency's.

    Its repr shows no secret.
    """

    name: str
    path: str
    fields: Mapping[str, str]
    unsupported: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the profile and which fields it has, without what they hold."""
        return f"{type(self).__name__}({self.name!r}, {', '.join(self.fields)})"


def names_profile(environ: Mapping[str, str]) -> bool:
    """Return whether a variable says that a profile of KooCLI is to be used."""
    return any(environ.get(name) for name in HCLOUD_VARIABLES)


def find_profile(region: str | None, environ: Mapping[str, str], files: ToolFiles) -> HcloudProfile:
    """Return the profile that the variables name, for a target in `region`, which is None when it is not known.

    Raise ConfigError when there is no such profile, and for one that is wrong or for another region; whatever `files`
    raises. No message holds a value of the profile.
    """
    setting = next(name for name in reversed(HCLOUD_VARIABLES) if environ.get(name))
    path = environ.get("HW_SHARED_CONFIG_FILE") or _DEFAULT_PATH
    document = files.json(path, setting)
    if document is None:
        raise ConfigError(
            f"{setting} is set, but there is no file {path if printable(path) else preview(path)}; create it by hcloud"
            f" configure init, or remove {setting}",
            setting=setting,
        )
    name, profile = _profile(document, environ.get("HW_PROFILE", ""), setting)
    texts = {key: text for key, text in profile.items() if isinstance(text, str) and text}
    name = name if printable(name) else preview(name)
    where = f"profile {name} in {path}"
    _refuse(texts, where, setting, region)
    sso = table_of(table_of(profile.get("ssoAuth")).get("stsToken"))
    keys = sso if texts.get("mode") == "SSO" else texts
    fields = {field: keys.get(key) for field, key in HCLOUD_KEYS.items() if field in _SECRETS}
    fields |= {field: texts.get(key) for field, key in HCLOUD_KEYS.items() if field not in _SECRETS}
    given = {field: text for field, text in fields.items() if isinstance(text, str) and text}
    if _KEY_ID.fullmatch(given.get("access_key", "")) is None:
        raise ConfigError(
            f"{setting}: {where} has no access key that can be read; log in again by hcloud, or if hcloud encrypts the"
            " keys, run hcloud configure set --cli-auth-encrypt=false",
            setting=setting,
        )
    return HcloudProfile(name, path, given, tuple(f"{key} of {where}" for key in _AGENCY if key in texts))


def _profile(document: Document, name: str, setting: str) -> tuple[str, Mapping[str, Tree]]:
    """Return the name and the first profile of that name; without a `name` the one that the file has for current."""
    top = table_of(document.tree)
    current = top.get("current")
    wanted = name or (current if isinstance(current, str) else "")
    listed = top.get("profiles")
    profiles = [table_of(profile) for profile in listed] if isinstance(listed, list) else []
    found = next((profile for profile in profiles if profile.get("name") == wanted), None)
    if found is None:
        raise ConfigError(
            f"{setting}: {document.path} has no profile {preview(wanted)}; set HW_PROFILE to one that hcloud configure"
            " list shows",
            setting=setting,
        )
    return wanted, found


def _refuse(texts: Mapping[str, str], where: str, setting: str, region: str | None) -> None:
    """Raise ConfigError for a profile without keys of its own, and for a project that is not in the target's region."""
    mode = texts.get("mode", "")
    if mode not in _MODES:
        fix = "set auth to metadata" if mode == "ecsAgency" else "choose a profile with mode AKSK or SSO"
        raise ConfigError(
            f"{setting}: {where} has a mode that has no keys of its own, or that this program does not have; {fix}",
            setting=setting,
        )
    own = texts.get("region")
    if region is not None and own not in {None, region} and "projectId" in texts:
        raise ConfigError(
            f"{setting}: the project of {where} is in region {preview(own)}, and the target in {region}; set the region"
            " to that of the profile, or HW_PROFILE to another one",
            setting=setting,
        )
