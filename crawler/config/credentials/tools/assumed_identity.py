"""Settings by which another tool acts for another account or user than the key beside them (pure).

This program does not act on them: with the plain key it would list another inventory than the tool lists. So they are
refused where the plain key would be used (`crawler.config.credentials.choice`).

    Terraform             each variable names a part of a role, an agency or a login; the other part may be in the
                          Terraform files, so that each counts by itself. HW_ASSUME_ROLE_DURATION does not: it names
                          nobody
    OpenStack clients     each variable by itself; OS_AUTH_TYPE only with a method that is not the login of the user or
                          the token

HW_PROFILE and OS_CLOUD name an entry of a file, which is used (`crawler.config.credentials.file_sources`); keys in it
that act for somebody else are refused in the same words. Variables that are empty do not count. The SDK is not among
them: what it acts on, this program acts on, too (`crawler.config.credentials.workload_builders`).

Source: docs/reference/swr-api.md#terraform-environment, #openstack-environment (names and effects).
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Effect(NamedTuple):
    """What another tool `does`, and the credentials that a user would pass `instead`."""

    does: str
    instead: str


class AssumedIdentity(NamedTuple):
    """The settings that were found, by the names that the user wrote, and their effect in the other tool."""

    settings: tuple[str, ...]
    effect: Effect


class IdentityRule(NamedTuple):
    """A setting that has an effect when it is set; `harmless` are values that have none."""

    setting: str
    effect: Effect
    harmless: frozenset[str] = frozenset()

    def applies(self, settings: Mapping[str, str]) -> bool:
        """Return whether the setting is set and not empty, and to no harmless value."""
        given = settings.get(self.setting, "")
        return bool(given) and given not in self.harmless


AGENCY: Final = Effect("Terraform acts as an agency", "temporary keys of the agency")
_TERRAFORM_IDP: Final = Effect("Terraform logs in through an identity provider", "temporary keys of that login")
_TRUST: Final = Effect("OpenStack clients act for the user who gave a trust", "keys of that user")
_LOGIN: Final = Effect("OpenStack clients log in by another method", "temporary keys of that login")
# The methods of OpenStack that end in the inventory of the same user or token.
_SAME_USER: Final = frozenset(
    ("password", "token", "v2password", "v2token", "v3password", "v3token", "v3totp", "v3multifactor")
)

_AGENCY_RULES: Final = tuple(
    IdentityRule(name, AGENCY) for name in ("OS_AGENCY_NAME", "OS_AGENCY_DOMAIN_NAME", "OS_DELEGATED_PROJECT")
)
# The provider reads OS_… as aliases of HW_…, so that its roles hold for the keys of both.
TERRAFORM_RULES: Final = (
    *(
        IdentityRule(f"HW_ASSUME_ROLE_{part}", effect)
        for part, effect in (
            ("AGENCY_NAME", AGENCY),
            ("DOMAIN_NAME", AGENCY),
            ("DOMAIN_ID", AGENCY),
            ("IDP_ID", _TERRAFORM_IDP),
            ("ID_TOKEN", _TERRAFORM_IDP),
            ("ID_TOKEN_FILE", _TERRAFORM_IDP),
        )
    ),
    *_AGENCY_RULES,
)
OPENSTACK_RULES: Final = (
    *TERRAFORM_RULES,
    IdentityRule("OS_TRUST_ID", _TRUST),
    IdentityRule("OS_AUTH_TYPE", _LOGIN, _SAME_USER),
)


def assumed_identity(rules: Iterable[IdentityRule], settings: Mapping[str, str]) -> AssumedIdentity | None:
    """Return the settings of all `rules` that apply, with the effect of the first; None when none does."""
    found = [rule for rule in rules if rule.applies(settings)]
    if not found:
        return None
    return AssumedIdentity(tuple(rule.setting for rule in found), found[0].effect)
