"""What an entry of `clouds.yaml` says: its keys, by the fields of credentials that they stand for (pure).

Source: docs/reference/swr-api.md#clouds-yaml.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from crawler.config.credentials.tool_files.documents import table_of
from crawler.config.credentials.tool_files.tree import Tree
from crawler.config.settings.kinds import preview
from crawler.config.settings.names import printable
from crawler.errors import ConfigError

CLOUD: Final = "OS_CLOUD"
# Keys of `auth`, by the field that they stand for; of several the first holds. `domain_…` stands for both accounts.
CLOUD_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "token": ("token", "auth_token"),
    "access_key": ("access_key", "ak"),
    "secret_key": ("secret_key", "sk"),
    "security_token": ("security_token",),
    "user": ("username", "user_name"),
    "user_id": ("user_id",),
    "password": ("password",),
    "account": ("user_domain_name", "domain_name", "default_domain_name"),
    "account_id": ("user_domain_id", "domain_id", "default_domain_id"),
    "project_id": ("project_id", "tenant_id"),
    "project": ("project_name", "tenant_name"),
    "project_account": ("project_domain_name", "domain_name"),
    "project_account_id": ("project_domain_id", "domain_id"),
    "iam_endpoint": ("auth_url",),
}
# By which a client reaches the service: they stand outside `auth`, and do not decide whose inventory it is.
TRANSPORT_KEYS: Final = ("verify", "insecure", "cacert", "cert", "key")

_KNOWN: Final = frozenset(key for keys in CLOUD_KEYS.values() for key in keys)
# A token for a system or for no project would list nothing; one for a project is asked for all the same.
_WITHOUT_EFFECT: Final = frozenset({"system_scope", "unscoped"})
# Of these the value outside `auth` overrides the one in it; of the other keys it is the other way round.
_OUTSIDE_FIRST: Final = frozenset(
    key
    for field in ("token", "account", "account_id", "project", "project_id", "project_account", "project_account_id")
    for key in CLOUD_KEYS[field]
    if not key.startswith("default_")
)
_TYPES: Final = ("auth_plugin", "auth_type")  # the later name overrides the older
_PASSWORD_TYPES: Final = frozenset({"password", "v2password", "v3password"})
_TOKEN_TYPES: Final = frozenset({"token", "v2token", "v3token"})
_AKSK: Final = "aksk"  # of the Open Telekom Cloud
_TRUST: Final = "trust_id"
_LOGIN: Final = ("user", "user_id", "password")
_ACCESS_KEY: Final = ("access_key", "secret_key", "security_token")
_REGION: Final = "{region_name}"


class Layer(NamedTuple):
    """One part of an entry: what is in `auth` and what is outside it, by key with `_` for `-`, and its file.

    Its repr shows no secret.
    """

    auth: Mapping[str, Tree]
    outside: Mapping[str, Tree]
    path: str

    def __repr__(self) -> str:
        """Return the file alone."""
        return f"{type(self).__name__}({self.path!r})"


class CloudEntry(NamedTuple):
    """The credentials in an entry, by field, and the file that each of them is in.

    `unsupported` are the keys by which a client would act for somebody else than these fields say, or log in by a
    method that this program does not have. `unread` are those of TRANSPORT_KEYS that the entry has. Its repr shows no
    secret.
    """

    fields: Mapping[str, str]
    paths: Mapping[str, str]
    unsupported: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return which fields there are, without what they hold."""
        return f"{type(self).__name__}({', '.join(self.fields)})"


class _Found(NamedTuple):
    """The text of a key, and the file that it is in."""

    text: str
    path: str


def layer_of(entry: Tree, path: str) -> Layer:
    """Return the part of an entry that is in the file at `path`. Raise ConfigError for a key in two spellings."""
    outside = _normalized(table_of(entry), path)
    return Layer(_normalized(table_of(outside.get("auth")), path), outside, path)


def entry_of(layers: list[Layer], where: str, region: str | None) -> CloudEntry:
    """Return what the layers say together, each overriding those before it; `where` names the entry in messages.

    Raise ConfigError for a list in the place of a text, and for an address that needs a region when `region` is None.
    """
    found, auth_type = _merged(layers, where)
    keys = {field: key for field, keys in CLOUD_KEYS.items() for key in reversed(keys) if key in found}
    hidden = _hidden_by(auth_type, given=keys.keys())
    fields = {field: found[key] for field, key in keys.items() if field not in hidden}
    if address := fields.get("iam_endpoint"):
        fields["iam_endpoint"] = address._replace(text=_with_region(address.text, where, region))
    return CloudEntry(
        fields={field: value.text for field, value in fields.items()},
        paths={field: value.path for field, value in fields.items()},
        unsupported=tuple(_unsupported(layers, auth_type)),
        unread=tuple(key for key in TRANSPORT_KEYS if any(key in layer.outside for layer in layers)),
    )


def _normalized(table: Mapping[str, Tree], path: str) -> dict[str, Tree]:
    """Return a table with `_` for `-` in its keys. Raise ConfigError for a known key that it has in both spellings."""
    normal = {key.replace("-", "_"): tree for key, tree in table.items()}
    twice = next((key for key in table if "-" in key and key.replace("-", "_") in _KNOWN & table.keys()), None)
    if twice is not None:
        raise ConfigError(
            f"{CLOUD}: {path} has {twice} and {twice.replace('-', '_')} in one entry; remove one of them", setting=CLOUD
        )
    return normal


def _merged(layers: Iterable[Layer], where: str) -> tuple[dict[str, _Found], str]:
    """Return the known keys of all layers, each with the text that holds, and the type of the login, "" without one."""
    auth: dict[str, _Found] = {}
    outside: dict[str, _Found] = {}
    for layer in layers:
        auth |= _texts(layer, layer.auth, _KNOWN, where)
        outside |= _texts(layer, layer.outside, _KNOWN.union(_TYPES), where)
    types = [outside.pop(key).text for key in _TYPES if key in outside]
    first = {key: found for key, found in outside.items() if key in _OUTSIDE_FIRST}
    return outside | auth | first, types[-1] if types else ""


def _texts(layer: Layer, table: Mapping[str, Tree], keys: AbstractSet[str], where: str) -> dict[str, _Found]:
    """Return those of `keys` that are neither null nor empty. Raise ConfigError for a list in the place of a text."""
    given = {key: tree for key, tree in table.items() if key in keys and tree is not None and tree != ""}
    for key, tree in given.items():
        if not isinstance(tree, str):
            raise ConfigError(f"{CLOUD}: {key} of {where} is no text; correct {layer.path}", setting=CLOUD)
    return {key: _Found(str(tree), layer.path) for key, tree in given.items()}


def _hidden_by(auth_type: str, *, given: AbstractSet[str]) -> tuple[str, ...]:
    """Return the fields that a client does not use for `auth_type`: without a type a password goes before a token."""
    if auth_type in _TOKEN_TYPES:
        return (*_LOGIN, *_ACCESS_KEY)
    if auth_type in _PASSWORD_TYPES:
        return ("token", *_ACCESS_KEY)
    if _AKSK in auth_type:
        return ("token", *_LOGIN)
    return ("token",) if "password" in given else ()


def _unsupported(layers: Iterable[Layer], auth_type: str) -> Iterator[str]:
    """Yield the keys by which a client would act for somebody else, or log in by a method that is not known here."""
    for layer in layers:
        strange = (key for key, tree in layer.auth.items() if tree is not None and key not in _KNOWN | _WITHOUT_EFFECT)
        yield from (f"auth.{key if printable(key) else preview(key)}" for key in strange)
        if layer.outside.get(_TRUST) is not None:
            yield _TRUST
    if auth_type not in {"", *_PASSWORD_TYPES, *_TOKEN_TYPES} and _AKSK not in auth_type:
        yield _TYPES[-1]


def _with_region(address: str, where: str, region: str | None) -> str:
    """Return an address with the region in the place that a profile has for it."""
    if _REGION in address and region is None:
        raise ConfigError(f"{CLOUD}: auth_url of {where} needs a region; set the region", setting=CLOUD)
    return address.replace(_REGION, region or "")
