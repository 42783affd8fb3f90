"""Which credentials a target shows, and from which place: chosen here, read elsewhere (pure).

Places, in this order; the first that gives anything decides, and places are never mixed:

    1  our own settings        [[target]], else SWR_CRAWLER_…, else [crawl]: each setting by itself
    2  HUAWEICLOUD_SDK_…       the official SDK
    3  HW_…                    Terraform
    4  OS_…                    openstack clients
    5  HUAWEI_…                cloud-custodian
    6  the credentials file    [basic] of it; straight after 1 when a setting of ours names the file

Methods within a place: token, then aksk, then password; `auth` other than auto looks for one method only, in
the same places. metadata is used when `auth` says so: asking an address that no ECS has costs seconds, and on
an ECS it would show a machine's rights when a person forgot to give theirs. A isolated target, one with
credentials in its own `[[target]]`, knows no places but those its table names.

A method that is half there is an error, and what is missing is said: to go on to the next place would show
another account's credentials. The exception: in places 2 to 6 a half beside a complete method is another
tool's business. What is asked for (account, project, IAM) is ours to say whoever's credentials they are.

Source: FACTS 3.4 for the names, 3.1 for what a password needs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final, NamedTuple, TypeAlias

from msgspec import Struct

from crawler.config.regions import iam_endpoint_of, region_of
from crawler.config.settings import SETTINGS, TOKEN_VARIABLES, Auth, NotAcceptedError, SecretRef, is_loopback
from crawler.errors import ConfigError, CredentialsError

FILE_VARIABLE: Final = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One API endpoint with its credentials, as configured; `choose` says which of them are shown.

    `name` is unique in a Config and fit for a folder; endpoints are scheme://host[:port], lowercase, without
    a default port; `rate_per_s` counts requests, None is unlimited; `concurrency` is requests in flight.
    `isolated` when its own `[[target]]` has credentials: then none of the environment's are taken. `origins`
    pairs its settings with where they were written, as in `crawler.config.config.Loaded`.
    """

    name: str
    endpoint: str
    region: str | None
    auth: Auth
    token: SecretRef | None
    access_key: SecretRef | None
    secret_key: SecretRef | None
    security_token: SecretRef | None
    user: str | None
    password: SecretRef | None
    account: str | None
    project_id: str | None
    project: str | None
    iam_endpoint: str | None
    metadata_endpoint: str
    credentials_file: str
    rate_per_s: float | None
    concurrency: int
    isolated: bool = False
    origins: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)


class TokenMethod(Struct, frozen=True):
    """A ready token, shown as it is."""

    auth: ClassVar[Auth] = "token"
    token: SecretRef


class PasswordMethod(Struct, frozen=True, kw_only=True):
    """An IAM user, for whom `iam_endpoint` grants tokens; one of `project_id` and `project` is there."""

    auth: ClassVar[Auth] = "password"
    user: str
    account: str
    password: SecretRef
    project_id: str | None
    project: str | None
    iam_endpoint: str


class AccessKeyMethod(Struct, frozen=True, kw_only=True):
    """A key that signs; `security_token` with a temporary one. No `project_id`: the region's own project."""

    auth: ClassVar[Auth] = "aksk"
    access_key: SecretRef
    secret_key: SecretRef
    security_token: SecretRef | None
    project_id: str | None


class MetadataMethod(Struct, frozen=True, kw_only=True):
    """Temporary keys from the metadata service of the machine, at `endpoint`."""

    auth: ClassVar[Auth] = "metadata"
    endpoint: str
    project_id: str | None


Method: TypeAlias = TokenMethod | PasswordMethod | AccessKeyMethod | MetadataMethod


class Chosen(NamedTuple):
    """A method, and `why` this one: each setting it stands on with where that was found."""

    method: Method
    why: tuple[tuple[str, str], ...]


def choose(target: Target, environ: Mapping[str, str], profile_text: str | None) -> Chosen:
    """Give the method by which `target` shows who asks; the top of this file has the order.

    Of `environ` only the names above matter; of secrets only whether they are set and not empty.
    `profile_text` is what the target's `credentials_file` holds, None when there is no such file.

    Raise ConfigError for settings that are half given or don't go together, CredentialsError when there are
    none at all; both are one line, without secrets.
    """
    own = _own(target)
    if target.auth == "metadata":
        return _metadata(target, own)
    makers = tuple(_MAKERS.values()) if target.auth == "auto" else (_MAKERS[target.auth],)
    for place in _places(target, own, environ, profile_text):
        if chosen := _decide([_attempt(maker, target, place) for maker in makers], strict=place is own):
            return chosen
    raise _nothing(target, own)


def secrets_of(method: Method) -> tuple[tuple[str, SecretRef], ...]:
    """Give the secrets that `method` needs to be read, each under the name of its setting."""
    held = ((name, getattr(method, name)) for name in method.__struct_fields__)
    return tuple((name, ref) for name, ref in held if isinstance(ref, SecretRef))


# --- places -------------------------------------------------------------------------------------------

_SECRETS: Final = tuple(name for name, setting in SETTINGS.items() if setting.secret)
_SCOPE: Final = ("account", "project_id", "project", "iam_endpoint")
_WORDS: Final = ("user", *_SCOPE)
_PROJECT: Final = frozenset({"project_id", "project"})

# What each ecosystem calls the parts; of several names the first that is set counts.
_ECOSYSTEMS: Final[tuple[Mapping[str, tuple[str, ...]], ...]] = (
    {
        "access_key": ("HUAWEICLOUD_SDK_AK",),
        "secret_key": ("HUAWEICLOUD_SDK_SK",),
        "security_token": ("HUAWEICLOUD_SDK_SECURITY_TOKEN",),
        "project_id": ("HUAWEICLOUD_SDK_PROJECT_ID",),
    },
    {
        "token": ("HW_AUTH_TOKEN",),
        "access_key": ("HW_ACCESS_KEY",),
        "secret_key": ("HW_SECRET_KEY",),
        "security_token": ("HW_SECURITY_TOKEN",),
        "user": ("HW_USER_NAME",),
        "password": ("HW_USER_PASSWORD",),
        "account": ("HW_DOMAIN_NAME",),
        "project_id": ("HW_PROJECT_ID",),
        "project": ("HW_PROJECT_NAME",),
        "iam_endpoint": ("HW_AUTH_URL",),
    },
    {
        "token": ("OS_AUTH_TOKEN", "OS_TOKEN"),
        "access_key": ("OS_ACCESS_KEY",),
        "secret_key": ("OS_SECRET_KEY",),
        "user": ("OS_USERNAME",),
        "password": ("OS_PASSWORD",),
        "account": ("OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"),
        "project_id": ("OS_PROJECT_ID", "OS_TENANT_ID"),
        "project": ("OS_PROJECT_NAME", "OS_TENANT_NAME"),
        "iam_endpoint": ("OS_AUTH_URL",),
    },
    {
        "access_key": ("HUAWEI_ACCESS_KEY_ID",),
        "secret_key": ("HUAWEI_SECRET_ACCESS_KEY",),
        "security_token": ("HUAWEI_SECURITY_TOKEN",),
        "project_id": ("HUAWEI_PROJECT_ID",),
    },
)
_SECTION: Final = "basic"
_PROFILE: Final = {"access_key": "ak", "secret_key": "sk", "security_token": "security_token"}


class _CredentialSource(NamedTuple):
    """What one place gives, by part. `fixes` is how a part would be written here.

    `words` are in normal form where `normal` has their part; the others were written for another tool.
    """

    secrets: Mapping[str, SecretRef]
    words: Mapping[str, str]
    origins: Mapping[str, str]
    fixes: Mapping[str, str]
    normal: frozenset[str] = frozenset()

    def lacking(self, *parts: str) -> list[str]:
        """Give those of `parts` that are not here."""
        return [part for part in parts if part not in self.secrets and part not in self.words]

    def why(self, *parts: str) -> tuple[tuple[str, str], ...]:
        """Give those of `parts` that are here, with where they were found."""
        return tuple((part, self.origins[part]) for part in parts if part not in self.lacking(part))

    def word(self, part: str) -> str | None:
        """Give the normal form of a word, None when it is not here. Raise ConfigError when it has none."""
        text = self.words.get(part)
        if text is None or part in self.normal:
            return text
        try:
            return _foreign(part, text)
        except NotAcceptedError as problem:
            variable = _written(part, self.origins[part])
            raise ConfigError(f"{variable}: {problem}", setting=variable) from None


def _places(
    target: Target, own: _CredentialSource, environ: Mapping[str, str], profile_text: str | None
) -> Iterator[_CredentialSource]:
    """Give the places of `target` in their order; what isn't reached isn't read."""
    yield own
    origins = dict(target.origins)
    named = origins.get("credentials_file", "default") not in {"default", f"environment {FILE_VARIABLE}"}
    if named and profile_text is None:
        raise CredentialsError(
            f"target {target.name}: credentials_file is {target.credentials_file}"
            f" ({origins['credentials_file']}), but no such file could be read; put it there or name another"
        )
    if named:
        yield _scoped(_of_profile(target, profile_text), own)
    if target.isolated:
        return
    yield from (_scoped(_of_environment(names, environ), own) for names in _ECOSYSTEMS)
    if not named:
        yield _scoped(_of_profile(target, profile_text), own)


def _own(target: Target) -> _CredentialSource:
    """Give what our own settings say. A token that the loader took from an ecosystem is none of them."""
    origins = dict(target.origins)
    borrowed = {f"environment {name}" for name in TOKEN_VARIABLES[1:]}
    held = {part: getattr(target, part) for part in (*_SECRETS, *_WORDS)}
    if origins.get("token") in borrowed:
        del held["token"]
    given = {part: value for part, value in held.items() if value is not None}
    return _CredentialSource(
        secrets={part: value for part, value in given.items() if part in _SECRETS},
        words={part: value for part, value in given.items() if part in _WORDS},
        origins={part: origins.get(part, "default") for part in given},
        fixes={
            part: f"{part} in its [[target]]"
            if target.isolated
            else f"{SETTINGS[part].environment}, or {part} in the configuration file"
            for part in held
        },
        normal=frozenset(_WORDS),
    )


def _of_environment(names: Mapping[str, tuple[str, ...]], environ: Mapping[str, str]) -> _CredentialSource:
    """Give what the variables of one ecosystem hold."""
    found = {part: [name for name in several if environ.get(name)] for part, several in names.items()}
    first = {part: several[0] for part, several in found.items() if several}
    return _CredentialSource(
        secrets={part: SecretRef("env", name) for part, name in first.items() if part in _SECRETS},
        words={part: environ[name] for part, name in first.items() if part in _WORDS},
        origins={part: f"environment {name}" for part, name in first.items()},
        fixes={part: several[0] for part, several in names.items()},
    )


def _of_profile(target: Target, text: str | None) -> _CredentialSource:
    """Give what `[basic]` of the credentials file holds."""
    held = _section(text or "", target.credentials_file)
    found = {part: key for part, key in _PROFILE.items() if held.get(key)}
    words = {"project_id": held["project_id"]} if held.get("project_id") else {}
    return _CredentialSource(
        secrets={part: SecretRef("profile", f"{_SECTION}.{key}") for part, key in found.items()},
        words=words,
        origins=dict.fromkeys((*found, *words), f"file {target.credentials_file}"),
        fixes={part: f"{key} below [{_SECTION}] of {target.credentials_file}" for part, key in _PROFILE.items()},
    )


def _section(text: str, file_name: str) -> dict[str, str]:
    """Give the keys of `[basic]`. Raise ConfigError for what is no INI file, without the text of any line."""
    from configparser import ConfigParser, Error  # noqa: PLC0415 - hardly a run needs it

    # The official SDK has `%` interpolated; keys have none, and a stray one should not stop a run.
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text.removeprefix("\ufeff"))
    except Error:
        raise ConfigError(
            f"{file_name}: is no credentials file of the SDK; write [{_SECTION}], and below it ak = … and sk = …,"
            " each once",
            setting="credentials_file",
        ) from None
    return dict(parser[_SECTION]) if parser.has_section(_SECTION) else {}


def _scoped(place: _CredentialSource, own: _CredentialSource) -> _CredentialSource:
    """Give `place` with what our own settings say of account, project and IAM in front of its own words."""
    scope = {part: own.words[part] for part in _SCOPE if part in own.words}
    # A project of ours, by name or id, goes before theirs, by id or name.
    hidden = _PROJECT if scope.keys() & _PROJECT else frozenset()
    theirs = {part: text for part, text in place.words.items() if part not in hidden}
    return place._replace(
        words=theirs | scope,
        origins={**place.origins, **{part: own.origins[part] for part in scope}},
        normal=frozenset(scope),
    )


def _foreign(part: str, text: str) -> str:
    """Give the normal form of a word written for another tool. Raise NotAcceptedError when it has none."""
    kind = SETTINGS[part].kind
    if part != "iam_endpoint":
        return str(kind.check(text))
    origin = str(kind.check(re.sub(r"/v3/?$", "", text)))  # the others' AUTH_URL is the root of an API
    if origin.startswith("http:") and not is_loopback(origin):
        raise NotAcceptedError("plain http lets anyone on the way read the password; write https://")
    return origin


# --- methods: each gives what a place makes of it, None for nothing, and raises ConfigError for a half ----


def _token(_target: Target, place: _CredentialSource) -> Chosen | None:
    token = place.secrets.get("token")
    return None if token is None else Chosen(TokenMethod(token), place.why("token"))


def _access_key(target: Target, place: _CredentialSource) -> Chosen | None:
    given = place.why("access_key", "secret_key", "security_token")
    if not given:
        return None
    _require(target, place, given, "access_key", "secret_key")
    method = AccessKeyMethod(
        access_key=place.secrets["access_key"],
        secret_key=place.secrets["secret_key"],
        security_token=place.secrets.get("security_token"),
        project_id=_id_of_project(target, place),
    )
    return Chosen(method, given + place.why("project_id"))


def _password(target: Target, place: _CredentialSource) -> Chosen | None:
    given = place.why("user", "password")
    if not given:
        return None
    _require(target, place, given, "user", "password", "account")
    region, region_why = _region(target)
    project_id, project = place.word("project_id"), place.word("project") or region
    iam_endpoint = place.word("iam_endpoint") or iam_endpoint_of(region or "")
    if not project_id and not project:
        raise _half(target, given, "a project", "region, project or project_id")
    if not iam_endpoint:
        raise _half(target, given, "an IAM endpoint", "iam_endpoint, or a region that is known")
    method = PasswordMethod(
        user=place.words["user"],
        account=place.words["account"],
        password=place.secrets["password"],
        project_id=project_id,
        project=None if project_id else project,
        iam_endpoint=iam_endpoint,
    )
    asked = place.why("account", "project_id" if project_id else "project", "iam_endpoint")
    by_region = place.lacking("iam_endpoint") or len(place.lacking(*_PROJECT)) == len(_PROJECT)
    return Chosen(method, given + asked + (region_why if by_region else ()))


def _metadata(target: Target, own: _CredentialSource) -> Chosen:
    """Give the metadata service's method; of our other settings only the project has a say."""
    origins = dict(target.origins)
    why = tuple((name, origins.get(name, "default")) for name in ("auth", "metadata_endpoint"))
    method = MetadataMethod(endpoint=target.metadata_endpoint, project_id=_id_of_project(target, own))
    return Chosen(method, why + own.why("project_id"))


_MAKERS: Final[Mapping[str, Callable[[Target, _CredentialSource], Chosen | None]]] = MappingProxyType(
    {"token": _token, "aksk": _access_key, "password": _password}
)
# What has to be given for a method, by what `auth` calls it.
_NEEDS: Final = {
    "token": ("token",),
    "aksk": ("access_key", "secret_key"),
    "password": ("user", "account", "password"),
}


def _region(target: Target) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """Give the region of a target, as configured or by its endpoint, and why."""
    setting = "region" if target.region else "endpoint"
    region = target.region or region_of(target.endpoint)
    return region, ((setting, dict(target.origins).get(setting, "default")),) if region else ()


def _id_of_project(target: Target, place: _CredentialSource) -> str | None:
    """Give the id that goes with a key, None for the region's own project. Raise ConfigError for a mere name.

    A signed request names its project by id (FACTS 3.2); to leave another project's name out in silence would
    list the images of the wrong one.
    """
    project_id, project = place.word("project_id"), place.word("project")
    if project_id is None and project not in {None, _region(target)[0]}:
        origin = place.origins["project"]
        raise ConfigError(
            f"target {target.name}: project ({origin}) is a name, and keys go with a project's id: set"
            " SWR_CRAWLER_PROJECT_ID, or project_id in the configuration file",
            setting=_written("project", origin),
        )
    return project_id


# --- deciding -----------------------------------------------------------------------------------------


def _attempt(
    maker: Callable[[Target, _CredentialSource], Chosen | None], target: Target, place: _CredentialSource
) -> Chosen | ConfigError | None:
    """Give what `maker` gives or raises: whether a half matters depends on the others."""
    try:
        return maker(target, place)
    except ConfigError as error:
        return error


def _decide(attempts: list[Chosen | ConfigError | None], *, strict: bool) -> Chosen | None:
    """Give the first complete method of a place, None when it has nothing.

    Raise ConfigError for halves: when `strict` for any, else when there is no complete method.
    """
    complete = [made for made in attempts if isinstance(made, Chosen)]
    halves = [made for made in attempts if isinstance(made, ConfigError)]
    if halves and (strict or not complete):
        raise ConfigError("; ".join(map(str, halves)), setting=halves[0].setting)
    return complete[0] if complete else None


def _require(target: Target, place: _CredentialSource, given: tuple[tuple[str, str], ...], *parts: str) -> None:
    """Raise ConfigError for the `parts` that `place` lacks beside what is `given`."""
    lacking = place.lacking(*parts)
    if lacking:
        raise _half(target, given, " and ".join(lacking), "; ".join(place.fixes[part] for part in lacking))


def _half(target: Target, given: tuple[tuple[str, str], ...], lacking: str, fix: str) -> ConfigError:
    """Give the error of a method that is half there: where the half is, what is missing, and how to give it."""
    found = " and ".join(f"{part} ({origin})" for part, origin in given)
    return ConfigError(
        f"target {target.name}: {found} without {lacking}: set {fix}; or take away what is there",
        setting=_written(*given[0]),
    )


def _nothing(target: Target, own: _CredentialSource) -> CredentialsError:
    """Give the error of a target for which no place has anything."""
    if target.auth == "auto" and target.isolated:
        return CredentialsError(
            f"no credentials for target {target.name}, whose [[target]] says to look there alone: write token, or"
            " access_key and secret_key, in it"
        )
    if target.auth == "auto":
        return CredentialsError(
            f"no credentials for target {target.name}: export {TOKEN_VARIABLES[0]}=TOKEN, or SWR_CRAWLER_ACCESS_KEY"
            " and SWR_CRAWLER_SECRET_KEY; on an ECS with an agency set auth to metadata"
        )
    asked = f'auth is "{target.auth}" ({dict(target.origins).get("auth", "default")})'
    fix = "; ".join(own.fixes[part] for part in _NEEDS[target.auth])
    return CredentialsError(f"target {target.name}: {asked}, but nothing for it is given: set {fix}")


def _written(part: str, origin: str) -> str:
    """Give the name of a part as it was written: that of a variable, else that of the setting."""
    return origin.removeprefix("environment ") if origin.startswith("environment ") else part
