"""Settings by which another tool acts for another account or user than the key beside them (pure).

This program does not act on them: with the plain key it would list another inventory than the tool lists. So they are
refused where the plain key would be used (`crawler.config.credentials.choice`).

    SDK                   replaces the key when all variables of a login through an identity provider are set; half of
                          them change nothing, neither there nor here
    Terraform             each variable names a part of a role, an agency or a login; the other part may be in the
                          Terraform files, so that each counts by itself. HW_ASSUME_ROLE_DURATION does not: it names
                          nobody
    OpenStack clients     each variable by itself; OS_AUTH_TYPE only with a method that is not the login of the user or
                          the token

HW_PROFILE and OS_CLOUD name an entry of a file, which is used (`crawler.config.credentials.file_sources`); keys in it
that act for somebody else are refused in the same words. Variables that are empty do not count, nor do those that the
tool reads only when it finds no key, such as the variables of a pod identity.

Source: docs/reference/swr-api.md#sdk-environment, #sdk-files, #terraform-environment, #openstack-environment (names
and effects).
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
    """Settings that have an effect when all are set; `harmless` are values of the first that have none."""

    settings: tuple[str, ...]
    effect: Effect
    harmless: frozenset[str] = frozenset()

    def applies(self, settings: Mapping[str, str]) -> bool:
        """Return whether all settings of the rule are set and not empty, the first to no harmless value."""
        given = [settings.get(name, "") for name in self.settings]
        return all(given) and given[0] not in self.harmless


AGENCY: Final = Effect("Terraform acts as an agency", "temporary keys of the agency")
_TERRAFORM_IDP: Final = Effect("Terraform logs in through an identity provider", "temporary keys of that login")
_SDK_IDP: Final = Effect("the SDK logs in through an identity provider", "temporary keys of that login")
_TRUST: Final = Effect("OpenStack clients act for the user who gave a trust", "keys of that user")
_LOGIN: Final = Effect("OpenStack clients log in by another method", "temporary keys of that login")
# The methods of OpenStack that end in the inventory of the same user or token.
_SAME_USER: Final = frozenset(
    ("password", "token", "v2password", "v2token", "v3password", "v3token", "v3totp", "v3multifactor")
)

SDK_RULES: Final = (
    IdentityRule(("HUAWEICLOUD_SDK_IDP_ID", "HUAWEICLOUD_SDK_ID_TOKEN_FILE"), _SDK_IDP),
    *(
        IdentityRule(("HUAWEICLOUD_OIDC_AGENCY_URN", "HUAWEICLOUD_OIDC_PROVIDER_URN", token), _SDK_IDP)
        for token in ("HUAWEICLOUD_OIDC_ID_TOKEN", "HUAWEICLOUD_OIDC_TOKEN_FILE")
    ),
)
_AGENCY_RULES: Final = tuple(
    IdentityRule((name,), AGENCY) for name in ("OS_AGENCY_NAME", "OS_AGENCY_DOMAIN_NAME", "OS_DELEGATED_PROJECT")
)
# The provider reads OS_… as aliases of HW_…, so that its roles hold for the keys of both.
TERRAFORM_RULES: Final = (
    *(
        IdentityRule((f"HW_ASSUME_ROLE_{part}",), effect)
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
    IdentityRule(("OS_TRUST_ID",), _TRUST),
    IdentityRule(("OS_AUTH_TYPE",), _LOGIN, _SAME_USER),
)
PROFILE_RULES: Final = (IdentityRule(("idp_id", "id_token_file"), _SDK_IDP),)


def assumed_identity(rules: Iterable[IdentityRule], settings: Mapping[str, str]) -> AssumedIdentity | None:
    """Return the settings of all `rules` that apply, with the effect of the first; None when none does."""
    found = [rule for rule in rules if rule.applies(settings)]
    if not found:
        return None
    return AssumedIdentity(tuple(dict.fromkeys(name for rule in found for name in rule.settings)), found[0].effect)
