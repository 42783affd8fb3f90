"""The choice of a target's method of authentication (pure).

The first source (`crawler.config.credentials.sources` has their order) that holds any credentials is used, and
sources are never mixed. Methods within a source are tried in the order oidc, idp, token, aksk, password; a value of
`auth` other than auto allows only that method, in the same sources. Method metadata is used only when `auth` names it:
a request to the metadata address takes seconds to fail on other machines, and on an ECS it would use the machine's
permissions when a user forgot to give their own. The variables of a pod identity are set for that pod, so that method
pod-identity is used without being named; it is the last, as in the SDK.

An incomplete method is an error that names what is missing: to continue with the next source would use the
credentials of another account. There are two exceptions: in the variables and files of other tools an incomplete method
beside a complete one is ignored, and so is a part of a workload's login (oidc, idp, pod-identity), as the SDK ignores
it. All of such a login replaces the key beside it: an error in it is never a reason to use the key.

A source whose tool would act for somebody else, as an agency for example, is refused: it would be the first that holds
any credentials, and they are not those of the account that the tool lists. The crawler's own settings are not in
question: they say whose inventory is meant, whatever other tools do. So is method metadata, which a user has to name.
"""

from collections.abc import Mapping
from typing import Final

from crawler.config.credentials.builders import BUILDERS, Builder, metadata_method
from crawler.config.credentials.methods import ChosenMethod
from crawler.config.credentials.source import CredentialSource
from crawler.config.credentials.sources import own_source, sources
from crawler.config.credentials.target import Target
from crawler.config.credentials.tool_files.documents import ToolFiles
from crawler.config.credentials.tools.assumed_identity import AssumedIdentity
from crawler.config.credentials.tools.variables import POD_IDENTITY, SDK
from crawler.config.credentials.workload_builders import AFTER_KEYS, BEFORE_KEYS
from crawler.errors import ConfigError, CredentialsError

_BUILDERS: Final = {**BEFORE_KEYS, **BUILDERS, **AFTER_KEYS}  # in the order in which method auto tries them


def choose_method(target: Target, environ: Mapping[str, str], files: ToolFiles) -> ChosenMethod:
    """Return the method by which `target` authenticates.

    Of `environ` only the variables of the sources matter; of secrets only whether they are set and not empty.
    A file that is not needed is not read: it may be unreadable or malformed.

    Raise ConfigError for settings that are incomplete or contradict each other, for those of a tool that would act for
    somebody else, and for a file that does not hold what it should; CredentialsError when no source holds credentials,
    and for a file that cannot be read. All messages are one line, without secrets.
    """
    own = own_source(target)
    if target.auth == "metadata":
        return metadata_method(target, own)
    builders = tuple(_BUILDERS.values()) if target.auth == "auto" else (_BUILDERS[target.auth],)
    for source in sources(target, own, environ, files):
        results = [_try_to_build(builder, target, source) for builder in builders]
        # With another `auth` than auto, what the tool does is of interest only beside credentials of that method.
        if source.assumed and (target.auth == "auto" or any(result is not None for result in results)):
            raise _acts_for_another(target, source.assumed)
        if chosen := _first_complete(results, strict=source is own):
            return chosen._replace(unread=source.unread)
    raise _not_found(target, own, environ)


def _try_to_build(builder: Builder, target: Target, source: CredentialSource) -> ChosenMethod | ConfigError | None:
    """Return the result of `builder` or the error that it raised: whether that one matters depends on the others.

    Raise ConfigError for a login that replaces the others.
    """
    try:
        return builder.method_of(target, source)
    except ConfigError as error:
        if builder.takes_all_or_none:
            raise
        return error


def _first_complete(results: list[ChosenMethod | ConfigError | None], *, strict: bool) -> ChosenMethod | None:
    """Return the first complete method of a source, None when the source has nothing.

    Raise ConfigError for incomplete methods: if `strict` for any, else only when there is no complete one.
    """
    complete = [result for result in results if isinstance(result, ChosenMethod)]
    errors = [result for result in results if isinstance(result, ConfigError)]
    if errors and (strict or not complete):
        raise ConfigError("; ".join(map(str, errors)), setting=errors[0].setting)
    return complete[0] if complete else None


def _acts_for_another(target: Target, assumed: AssumedIdentity) -> ConfigError:
    """Return the error of a source whose tool would list the inventory of somebody else."""
    names, effect = assumed
    is_or_are, them = ("is", "it") if len(names) == 1 else ("are", "them")
    keys = ("access_key", "secret_key", "security_token")
    own = keys if target.isolated else tuple(f"SWR_CRAWLER_{key.upper()}" for key in keys)
    where = " in its [[target]]" if target.isolated else ""
    return ConfigError(
        f"target {target.name}: {' and '.join(names)} {is_or_are} set, by which {effect.does}; this program does not,"
        f" and would list another inventory; remove {them} to list that of the plain credentials, or set {own[0]},"
        f" {own[1]} and {own[2]}{where} to {effect.instead}",
        setting=names[0],
    )


def _not_found(target: Target, own: CredentialSource, environ: Mapping[str, str]) -> CredentialsError:
    """Return the error of a target for which no source holds credentials."""
    if target.auth == "auto" and target.isolated:
        return CredentialsError(
            f"no credentials for target {target.name}: its [[target]] has settings of credentials, so that no other"
            " source is used; set token, or access_key and secret_key, in it"
        )
    if target.auth == "auto":
        from crawler.config.credentials.tools.unused import describe_unused  # noqa: PLC0415 - few runs need it

        return CredentialsError(
            f"no credentials for target {target.name}: {describe_unused(environ)}export SWR_CRAWLER_TOKEN=TOKEN, or"
            " SWR_CRAWLER_ACCESS_KEY and SWR_CRAWLER_SECRET_KEY; on an ECS with an agency set auth to metadata"
        )
    names = {**SDK.variables, **POD_IDENTITY.variables}
    needed = [group[0] for group in _BUILDERS[target.auth].required]
    fix = " and ".join(own.how_to_set.get(field) or names[field][0] for field in needed)
    if target.isolated and _BUILDERS[target.auth].takes_all_or_none:
        fix += ", and remove the credentials from its [[target]]: it uses no other source"
    return CredentialsError(
        f'target {target.name}: auth is "{target.auth}" ({target.origin_of("auth")}), but there are no such'
        f" credentials; set {fix}"
    )
