"""Every setting, once: the table that the loader, its messages, `config show` and the tests read (pure).

A setting is written in up to three places: a flag, an environment variable, a key of the file's `[crawl]`, or of its
`[audit]` for what only an audit is told.
What it accepts is its kind; a kind gives the one normal form of a value or says why there is none.
Nothing here repeats a value that may be a secret.
"""

import ipaddress
import math
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from crawler.config.regions import region
from crawler.model.audit_rules import SEVERITIES, yielding_rule_id
from crawler.model.namespace import namespace_or_pattern
from crawler.swr.request import MAX_LIMIT

Progress: TypeAlias = Literal["auto", "on", "off"]
LogFormat: TypeAlias = Literal["auto", "text", "json"]
Auth: TypeAlias = Literal["auto", "token", "password", "aksk", "metadata"]
DiscoverMode: TypeAlias = Literal["own", "visible"]
DialectChoice: TypeAlias = Literal["auto", "direct", "filter"]

PREFIX = "SWR_CRAWLER_"
# The caller reads the file, so this variable is no setting, but it is no misspelt one either.
CONFIG_VARIABLE = "SWR_CRAWLER_CONFIG"
# Ours first, then what users of Terraform and the openstack clients already have (FACTS 3.4).
TOKEN_VARIABLES = ("SWR_CRAWLER_TOKEN", "HW_AUTH_TOKEN", "OS_AUTH_TOKEN", "OS_TOKEN")

_LONGEST_SHOWN = 60  # characters of a wrong value in a message: enough to find it
_LONGEST_NAME = 253  # characters of a DNS name (RFC 1035, 2.3.4, without the length octets)
_LONGEST_GLOB = 256  # characters: twice what a repository's name may have (FACTS 1.1)
_LARGEST_SHOWN = 10**20  # Python refuses to print integers of thousands of digits


class NotAcceptedError(ValueError):
    """A value that its setting does not accept; `str()` says why in one line, without the setting's name."""


class SecretRef(Struct, frozen=True):
    """Where a secret is, never the secret: `str()` gives `env:NAME`, `file:PATH` or `profile:SECTION.KEY`.

    `profile` is the credentials file of the official SDK, of which a target names its own.
    """

    kind: Literal["env", "file", "profile"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


# --- the forms of text: each gives the normal form, or None when the text has none -------------------


def snapshot_id(text: str) -> str | None:
    """Give `text` if it can name a snapshot, else None. It becomes a folder: no separator, no leading dot."""
    return text if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text) else None


def target_name(text: str) -> str | None:
    """Give `text` if it can name a target, else None. It becomes a folder, also where case is ignored."""
    return text if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text) else None


def path(text: str) -> str | None:
    """Give `text` if it is a path that can be shown as it is, else None: printable and not empty."""
    return text if text and text.isprintable() else None


def glob(text: str) -> str | None:
    """Give `text` if it can be a pattern of foreign names, else None: 1 to 256 printable characters."""
    return text if path(text) and len(text) <= _LONGEST_GLOB else None


def secret_ref(text: str) -> SecretRef | None:
    """Give the reference `text` spells, `env:NAME`, `file:PATH` or `profile:SECTION.KEY`, else None.

    Names are short: a pasted token is longer, so it is not taken for a name and shown.
    """
    if named := re.fullmatch(r"env:([A-Za-z_][A-Za-z0-9_]{0,127})", text):
        return SecretRef("env", named[1])
    if kept := re.fullmatch(r"profile:([A-Za-z][A-Za-z0-9_-]{0,31}\.[a-z][a-z_]{0,31})", text):
        return SecretRef("profile", kept[1])
    if text.startswith("file:") and path(text[5:]):
        return SecretRef("file", text[5:])
    return None


def project_id(text: str) -> str | None:
    """Give `text` if it can be a project's id, else None. It becomes a header (FACTS 3.2, X-Project-Id)."""
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) else None


def origin(text: str) -> str | None:
    """Give the origin `text` names as scheme://host[:port], else None.

    Lowercase, without a default port; https when there is no scheme, as Huawei's SDK has it. A user, a path
    other than `/`, a query or a fragment is no part of an origin, so text with one has no normal form.
    """
    # urlsplit drops tabs and newlines in silence and takes a backslash for a part of the host.
    if re.search(r"[^!-~]|[\\@?#]", text):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        return None
    host = _host(parts.netloc)
    default_port = {"http": 80, "https": 443}.get(parts.scheme)
    if host is None or default_port is None or parts.path not in {"", "/"} or port == 0:
        return None
    return f"{parts.scheme}://{host}" + ("" if port in {None, default_port} else f":{port}")


def _host(netloc: str) -> str | None:
    """Give the normal form of the host in `host[:port]`, None when it is neither a name nor an address."""
    split = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]+)?", netloc)
    if split is None:
        return None
    six, name = split.groups()
    try:
        return f"[{ipaddress.IPv6Address(six)}]" if six else str(ipaddress.IPv4Address(name))
    except ValueError:
        return None if six else _host_name(name.lower())


def _host_name(name: str) -> str | None:
    """Give `name` if it is a DNS name, else None.

    Underscores pass: container networks have them. A last label of digits does not: resolvers read such
    names as addresses (`127.1`), each in its own way.
    """
    labels = name.split(".") if len(name) <= _LONGEST_NAME else [""]
    sound = all(re.fullmatch(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in labels)
    return name if sound and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]) else None


def is_loopback(endpoint: str) -> bool:
    """Say whether an `origin` stays on this machine: localhost, 127.0.0.0/8 or ::1, nothing that resolves."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_link_local(endpoint: str) -> bool:
    """Say whether an `origin` is an address that no router forwards: 169.254.0.0/16 or fe80::/10."""
    try:
        return ipaddress.ip_address(urlsplit(endpoint).hostname or "").is_link_local
    except ValueError:
        return False


# --- the kinds of settings ----------------------------------------------------------------------------


def shown(value: object) -> str:
    """Give a wrong value as a message shows it: one short line of ASCII, whatever it holds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = ascii(value)
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    if isinstance(value, int | float) and not (isinstance(value, int) and abs(value) >= _LARGEST_SHOWN):
        return str(value)
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return "a table" if isinstance(value, dict) else "the value"


class _Kind(Struct, frozen=True, kw_only=True):
    """What a setting accepts. `none` is the word that stands for None, None when nothing does.

    Kinds are structs since dataclasses take ten times as long to be defined, at every start.
    """

    none: str | None = None

    @property
    def accepts(self) -> str:
        """What is accepted, to follow the words "is not"."""
        return self.form + (f', or "{self.none}"' if self.none else "")

    @property
    @abstractmethod
    def form(self) -> str:
        """What is accepted, apart from the word for None."""

    @property
    @abstractmethod
    def type_name(self) -> str:
        """The type of the value in words, without its range."""

    @property
    @abstractmethod
    def values(self) -> str:
        """The values of that type that are accepted, in words, apart from the word for None."""

    @property
    def range(self) -> str:
        """The values of that type that are accepted, in words, with the word for None."""
        return self.values + (f', or "{self.none}"' if self.none else "")

    def parse(self, text: str) -> object:
        """Give what a file would hold for `text` from a flag or the environment, `text` when it would not."""
        return text

    def check(self, value: object) -> object:
        """Give the normal form of `value`. Raise NotAcceptedError when it has none."""
        if self.none is not None and value == self.none:
            return None
        return self._normal(value)

    def show(self, value: object) -> str:
        """Give `value` as it is written in the environment, `not set` when that is not written at all."""
        return str(value) if value is not None else self.none or "not set"

    @abstractmethod
    def _normal(self, value: object) -> object:
        """Give the normal form of a value that does not stand for None. Raise NotAcceptedError when it has none."""

    def _refused(self, value: object) -> NotAcceptedError:
        return NotAcceptedError(f"{shown(value)} is not {self.accepts}")


class Integer(_Kind, frozen=True, kw_only=True):
    """An integer from `low` to `high`, both included. A boolean is none."""

    low: int
    high: int

    @property
    def type_name(self) -> str:
        """The type in words."""
        return "integer"

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return f"{self.low} to {self.high}"

    @property
    def form(self) -> str:
        """What is accepted."""
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, text: str) -> object:
        """Give the integer, strictly: ASCII digits, no blanks, no underscores."""
        return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else text

    def _normal(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high:
            return value
        raise self._refused(value)


class Number(_Kind, frozen=True, kw_only=True):
    """A finite number above 0, as a float. A boolean is none."""

    @property
    def type_name(self) -> str:
        """The type in words."""
        return "number"

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return "above 0"

    @property
    def form(self) -> str:
        """What is accepted."""
        return "a finite number above 0"

    def parse(self, text: str) -> object:
        """Give the float, strictly: what a TOML file could hold, so no blanks, no `inf`."""
        return float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) else text

    def show(self, value: object) -> str:
        """Give the shortest text that reads back as `value`."""
        return _Kind.show(self, value).removesuffix(".0")

    def _normal(self, value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if 0 < number < math.inf:
                return number
        raise self._refused(value)


class Boolean(_Kind, frozen=True, kw_only=True):
    """A boolean; in the environment also 1, 0, yes and no, in any case."""

    @property
    def type_name(self) -> str:
        """The type in words."""
        return "boolean"

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return "true or false"

    @property
    def form(self) -> str:
        """What is accepted."""
        return "true or false"

    def parse(self, text: str) -> object:
        """Give the boolean."""
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        return words.get(text.lower(), text)

    def show(self, value: object) -> str:
        """Give the boolean as TOML writes it."""
        return _Kind.show(self, value).lower()

    def _normal(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise self._refused(value)


class Choice(_Kind, frozen=True, kw_only=True):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def type_name(self) -> str:
        """The type in words."""
        return "choice"

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return " or ".join((", ".join(self.words[:-1]), self.words[-1]))

    @property
    def form(self) -> str:
        """What is accepted."""
        return self.values

    def _normal(self, value: object) -> str:
        if isinstance(value, str) and value in self.words:
            return value
        raise self._refused(value)


class Day(_Kind, frozen=True, kw_only=True):
    """A day of the calendar, as TOML writes it, or the same as text."""

    @property
    def type_name(self) -> str:
        """The type in words."""
        return "date"

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return "a day such as 2027-03-31"

    @property
    def form(self) -> str:
        """What is accepted."""
        return "a day such as 2027-03-31"

    def _normal(self, value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        raise self._refused(value)


class Text(_Kind, frozen=True, kw_only=True):
    """Text with a rule. `quiet` when a wrong value may hold a secret: then no message repeats it."""

    what: str
    rule: Callable[[str], object]
    quiet: bool = False

    @property
    def type_name(self) -> str:
        """The type in words."""
        return "secret reference" if self.rule is secret_ref else "text"

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return self.what

    @property
    def form(self) -> str:
        """What is accepted."""
        return self.what

    def _normal(self, value: object) -> object:
        normal = self.rule(value) if isinstance(value, str) else None
        if normal is None:
            raise NotAcceptedError(f"the value is not {self.accepts}") if self.quiet else self._refused(value)
        return normal


class ListOf(_Kind, frozen=True, kw_only=True):
    """A tuple of values of one kind, in the order written, the first of equal ones kept.

    `filled` when it may not be empty; after the value `final`, which always succeeds, no other makes sense.
    """

    of: _Kind
    filled: bool = False
    final: str | None = None

    @property
    def type_name(self) -> str:
        """The type in words."""
        return f"list of {self.of.type_name} values"

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return ("one or more, each " if self.filled else "each ") + self.of.range

    @property
    def form(self) -> str:
        """What is accepted."""
        return ("a list of one or more" if self.filled else "a list") + f", each {self.of.accepts}"

    def parse(self, text: str) -> object:
        """Give the values between the commas of `text`, without the blanks around them."""
        return [self.of.parse(item.strip()) for item in text.split(",")]

    def show(self, value: object) -> str:
        """Give the values between commas."""
        return ",".join(map(self.of.show, value)) if isinstance(value, tuple) and value else "not set"

    def _normal(self, value: object) -> tuple[object, ...]:
        if not isinstance(value, list | tuple) or len(value) < self.filled:
            raise self._refused(value)
        normal = tuple(dict.fromkeys(map(self.of.check, value)))
        if self.final in normal[:-1]:
            raise NotAcceptedError(f'"{self.final}" is not last: nothing after it would be tried')
        return normal


class Regions(ListOf, frozen=True, kw_only=True):
    """Names of regions; a single one needs no list, and no text is none of them."""

    def parse(self, text: str) -> object:
        """Give the names between the commas of `text`."""
        return ListOf.parse(self, text) if text else []

    def show(self, value: object) -> str:
        """Give the names between commas; a target has one, without a list around it."""
        return value if isinstance(value, str) else ListOf.show(self, value)

    def check(self, value: object) -> object:
        """Give the names. Raise NotAcceptedError for what is none."""
        if isinstance(value, str):
            return ListOf.check(self, [value] if value else [])
        return ListOf.check(self, value)


DISCOVER = "discover"
EVERY = "*"  # the pattern that every name matches


class Namespaces(ListOf, frozen=True, kw_only=True):
    """Namespaces and patterns of them. The word `discover` in place of the list is the pattern of all."""

    @property
    def values(self) -> str:
        """The accepted values in words."""
        return f'"{DISCOVER}", or a list, each {self.of.range}'

    @property
    def form(self) -> str:
        """What is accepted."""
        return f'"{DISCOVER}", or a list, each {self.of.accepts}'

    def check(self, value: object) -> object:
        """Give the names and patterns. Raise NotAcceptedError for what is neither."""
        return (EVERY,) if value == DISCOVER else ListOf.check(self, value)


# --- the table ----------------------------------------------------------------------------------------


class Setting(NamedTuple):
    """One row. `name` is the field of Config or Target, the key of the file and the key of `flags`.

    `unit` is "" for what has none. `flag` is "" for what the command line does not take, `--on/--off` for a
    pair. `default` is in normal form. `of_target` when a `[[target]]` may have its own. `secret` when the file
    holds a reference and the variable the secret itself, which is not read here. `table` is where the file has it.
    """

    name: str
    kind: _Kind
    default: object
    help: str
    environment: str
    unit: str = ""
    flag: str = ""
    of_target: bool = False
    secret: bool = False
    table: Literal["crawl", "audit"] = "crawl"

    @property
    def label(self) -> str:
        """What `config show` calls it: its name, behind its table's where that is not `[crawl]`."""
        return self.name if self.table == "crawl" else f"{self.table}.{self.name}"


def _secret(name: str, environment: str, what: str) -> Setting:
    """Give the row of a secret: no flag, because other users of the machine can read flags."""
    return Setting(
        name=name,
        kind=Text(
            what='a reference: write "env:NAME", "file:PATH" or "profile:SECTION.KEY", never the secret itself',
            rule=secret_ref,
            quiet=True,
            none="",
        ),
        default=None,
        help=f"where {what} is: env:NAME, file:PATH or profile:SECTION.KEY",
        environment=environment,
        of_target=True,
        secret=True,
    )


NAMESPACE = Text(
    what="a namespace: 1 to 64 of a-z 0-9 . _ -, first a letter, last a letter or digit, separators apart"
    " (but __ and runs of - may be), nor a pattern such as team-* or !scratch-*",
    rule=namespace_or_pattern,
)
TARGET_NAME = Text(
    what="a name of 1 to 64 of a-z 0-9 _ -, first a letter or digit",
    rule=target_name,
)
_RULE = Text(what="a rule that can be left out, such as SWR201 or not-updated", rule=yielding_rule_id)
_GLOB = Text(what="a pattern of 1 to 256 printable characters, in which * ? and [...] stand for others", rule=glob)
_PATH = "a path of printable characters"
_NAME = "one line of printable characters"
_ORIGIN = "an origin: https://host or https://host:port, without user, path or query"
_TABLE = (
    Setting(
        name="endpoint",
        kind=Text(
            what=_ORIGIN,
            rule=origin,
            quiet=True,
            none="",
        ),
        default=None,
        help="origin of the API; https:// when no scheme is given",
        flag="--endpoint",
        environment="SWR_CRAWLER_ENDPOINT",
        of_target=True,
    ),
    Setting(
        name="region",
        kind=Regions(of=Text(what="the name of a region, such as cn-north-4", rule=region)),
        default=(),
        help="region, whose endpoint is used when none is given; several: one target each",
        flag="--region",
        environment="SWR_CRAWLER_REGION",
        of_target=True,
    ),
    Setting(
        name="auth",
        kind=Choice(words=("auto", "token", "password", "aksk", "metadata")),
        default="auto",
        help="credentials shown: auto takes what is given, in the order token, aksk, password",
        flag="--auth",
        environment="SWR_CRAWLER_AUTH",
        of_target=True,
    ),
    _secret("token", TOKEN_VARIABLES[0], "the token"),
    _secret("access_key", "SWR_CRAWLER_ACCESS_KEY", "the access key (AK)"),
    _secret("secret_key", "SWR_CRAWLER_SECRET_KEY", "the secret key (SK)"),
    _secret("security_token", "SWR_CRAWLER_SECURITY_TOKEN", "the security token of a temporary access key"),
    Setting(
        name="user",
        kind=Text(what=_NAME, rule=path, quiet=True, none=""),
        default=None,
        help="IAM user, for a password",
        environment="SWR_CRAWLER_USER",
        of_target=True,
    ),
    _secret("password", "SWR_CRAWLER_PASSWORD", "the password of the IAM user"),
    Setting(
        name="account",
        kind=Text(what=_NAME, rule=path, quiet=True, none=""),
        default=None,
        help="account of the user: its IAM domain name",
        environment="SWR_CRAWLER_ACCOUNT",
        of_target=True,
    ),
    Setting(
        name="project_id",
        kind=Text(what="a project id: 1 to 64 of A-Z a-z 0-9 _ -", rule=project_id, quiet=True, none=""),
        default=None,
        help="project whose images are asked for, by its id; goes before project",
        environment="SWR_CRAWLER_PROJECT_ID",
        of_target=True,
    ),
    Setting(
        name="project",
        kind=Text(what=_NAME, rule=path, quiet=True, none=""),
        default=None,
        help="project by its name, for a password; none given: that of the region's name",
        environment="SWR_CRAWLER_PROJECT",
        of_target=True,
    ),
    Setting(
        name="iam_endpoint",
        kind=Text(what=_ORIGIN, rule=origin, quiet=True, none=""),
        default=None,
        help="origin that grants tokens for a password; none given: that of the region",
        environment="SWR_CRAWLER_IAM_ENDPOINT",
        of_target=True,
    ),
    Setting(
        name="metadata_endpoint",
        kind=Text(what=_ORIGIN, rule=origin, quiet=True),
        default="http://169.254.169.254",  # FACTS 3.3
        help="origin of the machine's metadata service, for auth metadata",
        environment="SWR_CRAWLER_METADATA_ENDPOINT",
        of_target=True,
    ),
    Setting(
        name="credentials_file",
        kind=Text(what=_PATH, rule=path),
        default="~/.huaweicloud/credentials",  # FACTS 3.4
        help="credentials file of the official SDK, of which [basic] is read",
        environment="SWR_CRAWLER_CREDENTIALS_FILE",
        of_target=True,
    ),
    Setting(
        name="rate_per_s",
        kind=Number(none="unlimited"),
        default=50.0,
        help="most requests per second to a target, retries included",
        unit="requests/s",
        flag="--rate",
        environment="SWR_CRAWLER_RATE",
        of_target=True,
    ),
    Setting(
        name="concurrency",
        kind=Integer(low=1, high=1024),
        default=64,
        help="most requests in flight to a target; how many there are is found out as it goes",
        unit="requests",
        flag="--concurrency",
        environment="SWR_CRAWLER_CONCURRENCY",
        of_target=True,
    ),
    Setting(
        name="centers",
        kind=ListOf(of=Choice(words=("self", "thirdparty")), filled=True),
        default=("self", "thirdparty"),
        help="self: shared by you; thirdparty: shared with you",
        flag="--center",
        environment="SWR_CRAWLER_CENTER",
    ),
    Setting(
        name="namespaces",
        kind=Namespaces(of=NAMESPACE),
        default=(),
        help="one walk per center and namespace, patterns discover them; none given: one walk per center over all",
        flag="--namespace",
        environment="SWR_CRAWLER_NAMESPACE",
    ),
    Setting(
        name="discover",
        kind=Boolean(),
        default=False,
        help="ask each target for its namespaces and walk center self by them",
        flag="--discover/--no-discover",
        environment="SWR_CRAWLER_DISCOVER",
    ),
    Setting(
        name="discover_mode",
        kind=Choice(words=("own", "visible")),
        default="own",
        help="own: your namespaces; visible: also those you see through a repository only",
        environment="SWR_CRAWLER_DISCOVER_MODE",
    ),
    Setting(
        name="allow_partial_coverage",
        kind=Boolean(),
        default=False,
        help="accept that walks by namespaces leave out declared records",
        flag="--allow-partial-coverage/--no-allow-partial-coverage",
        environment="SWR_CRAWLER_ALLOW_PARTIAL_COVERAGE",
    ),
    Setting(
        name="dialect",
        kind=Choice(words=("auto", "direct", "filter")),
        default="auto",
        help="how a query is written; auto: direct, and filter once a target refuses that",
        environment="SWR_CRAWLER_DIALECT",
    ),
    Setting(
        name="limit",
        kind=Integer(low=1, high=MAX_LIMIT),
        default=1000,
        help="page size asked for; the service serves at most 1000",
        unit="items",
        flag="--limit",
        environment="SWR_CRAWLER_LIMIT",
    ),
    Setting(
        name="order",
        kind=ListOf(
            of=Choice(words=("name", "updated_at", "updated_time", "tag_count", "namespace", "domain_name", "none")),
            filled=True,
            final="none",
        ),
        default=("name", "updated_at", "none"),
        help="sort columns to try in turn, until the service takes one; none sends no order",
        environment="SWR_CRAWLER_ORDER",
    ),
    Setting(
        name="timeout_s",
        kind=Number(),
        default=30.0,
        help="longest wait for one answer",
        unit="s",
        flag="--timeout",
        environment="SWR_CRAWLER_TIMEOUT",
    ),
    Setting(
        name="max_tries",
        kind=Integer(low=1, high=100),
        default=8,
        help="tries of one request before its window is lost, the first included",
        unit="tries",
        environment="SWR_CRAWLER_MAX_TRIES",
    ),
    Setting(
        name="max_passes",
        kind=Integer(low=1, high=100),
        default=3,
        help="readings of a walk that drifts, before its verdict is drifted",
        unit="passes",
        flag="--max-passes",
        environment="SWR_CRAWLER_MAX_PASSES",
    ),
    Setting(
        name="double_read",
        kind=Boolean(),
        default=False,
        help="whole only when two passes in a row hold the same keys",
        flag="--double-read",
        environment="SWR_CRAWLER_DOUBLE_READ",
    ),
    Setting(
        name="max_duration_s",
        kind=Number(none="unlimited"),
        default=None,
        help="longest run; after it the state is kept, to resume",
        unit="s",
        flag="--max-duration",
        environment="SWR_CRAWLER_MAX_DURATION",
    ),
    Setting(
        name="output",
        kind=Text(what=f'{_PATH}, or "-" for standard output', rule=path),
        default="output",
        help='folder of the snapshots; "-" writes records to standard output',
        flag="--output",
        environment="SWR_CRAWLER_OUTPUT",
    ),
    Setting(
        name="snapshot",
        kind=Text(
            what="a snapshot id: 1 to 64 of A-Z a-z 0-9 . _ -, first a letter or digit",
            rule=snapshot_id,
            none="",
        ),
        default=None,
        help="id of the snapshot; none given: made from the time of the start",
        flag="--snapshot",
        environment="SWR_CRAWLER_SNAPSHOT",
    ),
    Setting(
        name="resume",
        kind=Boolean(none="auto"),
        default=None,
        help="true: go on with the unfinished run; false: start anew; auto: go on if it is recent",
        flag="--resume/--no-resume",
        environment="SWR_CRAWLER_RESUME",
    ),
    Setting(
        name="resume_max_age_s",
        kind=Number(),
        default=21600.0,
        help="how recent an unfinished run is for auto to go on with it",
        unit="s",
        environment="SWR_CRAWLER_RESUME_WITHIN",
    ),
    Setting(
        name="max_part_bytes",
        kind=Integer(low=1, high=2**40),
        default=268435456,
        help="size at which the next part file begins",
        unit="bytes",
        environment="SWR_CRAWLER_MAX_PART_BYTES",
    ),
    Setting(
        name="max_body_bytes",
        kind=Integer(low=1024, high=2**30),
        default=67108864,
        help="largest answer read, decompressed; a larger one is refused",
        unit="bytes",
        environment="SWR_CRAWLER_MAX_BODY_BYTES",
    ),
    Setting(
        name="allow_http",
        kind=Boolean(),
        default=False,
        help="allow plain http beyond this machine: the token can then be read on the way",
        flag="--allow-http",
        environment="SWR_CRAWLER_ALLOW_HTTP",
    ),
    Setting(
        name="summary_file",
        kind=Text(what=_PATH, rule=path, none=""),
        default=None,
        help="file for the summary of the run as JSON",
        flag="--summary-file",
        environment="SWR_CRAWLER_SUMMARY_FILE",
    ),
    Setting(
        name="progress",
        kind=Choice(words=("auto", "on", "off")),
        default="auto",
        help="live view on standard error; auto: on a terminal",
        flag="--progress",
        environment="SWR_CRAWLER_PROGRESS",
    ),
    Setting(
        name="log_format",
        kind=Choice(words=("auto", "text", "json")),
        default="auto",
        help="form of the log on standard error; auto: by where standard error goes",
        flag="--log-format",
        environment="SWR_CRAWLER_LOG_FORMAT",
    ),
)


def _audit(name: str, kind: _Kind, default: object, help: str, unit: str = "", flag: str = "") -> Setting:  # noqa: A002 - as the field is called
    """Give the row of a setting of `[audit]`."""
    variable = f"{PREFIX}AUDIT_{name.upper()}"
    return Setting(
        name=name, kind=kind, default=default, help=help, unit=unit, flag=flag, environment=variable, table="audit"
    )


_AUDIT_TABLE = (
    _audit(
        "fail_on",
        Choice(words=SEVERITIES, none="never"),
        "error",
        "least severity of findings that make the exit code 1",
        flag="--fail-on",
    ),
    _audit("disabled_rules", ListOf(of=_RULE), (), "rules that are switched off"),
    _audit("allowed_domains", ListOf(of=_GLOB), (), "domains (accounts) that may share; none given: any"),
    _audit("allowed_namespaces", ListOf(of=_GLOB), (), "namespaces that may be shared; none given: any"),
    _audit("allowed_categories", ListOf(of=_GLOB), (), "categories that may be used; none given: any"),
    _audit(
        "max_age_days",
        Integer(low=1, high=36500, none="unlimited"),
        365,
        "longest time without an update, counted to the end of the crawl",
        "days",
    ),
    _audit(
        "max_size_bytes",
        Integer(low=1, high=2**50, none="unlimited"),
        10 * 2**30,
        "largest size of a repository",
        "bytes",
    ),
    _audit(
        "max_growth_percent",
        Integer(low=0, high=1_000_000, none="unlimited"),
        50,
        "most growth of a center or namespace since the previous snapshot",
        "percent",
    ),
    _audit(
        "min_growth_records",
        Integer(low=1, high=10**9),
        100,
        "growth by fewer repositories is not sudden, whatever the percentage",
        "repositories",
    ),
    _audit(
        "min_growth_bytes",
        Integer(low=1, high=2**50),
        10 * 2**30,
        "growth by fewer bytes is not sudden, whatever the percentage",
        "bytes",
    ),
)
SETTINGS: Mapping[str, Setting] = MappingProxyType({setting.name: setting for setting in (*_TABLE, *_AUDIT_TABLE)})

# The keys of one [[audit.suppress]], and those that it has to have.
SUPPRESSION: Mapping[str, _Kind] = MappingProxyType(
    {
        "rule": _RULE,
        "reason": Text(what=f"a reason, {_NAME}", rule=path),
        "expires": Day(),
        "domain": _GLOB,
        "namespace": _GLOB,
        "name": _GLOB,
    }
)
SUPPRESSION_NEEDS = ("rule", "reason", "expires")
