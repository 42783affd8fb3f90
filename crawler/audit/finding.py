"""One finding of a rule (pure): its location, its fingerprint, and its line of NDJSON."""

from hashlib import blake2b
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec

from crawler.model.audit_rules import Severity

Evidence: TypeAlias = dict[str, str | int | float | bool | None]

_FINGERPRINT_BYTES: Final = 16


class Location(NamedTuple):
    """The subject of a finding: a repository, or the part of its key that applies; all None is the whole snapshot."""

    target: str | None = None
    center: str | None = None
    domain_name: str | None = None
    namespace: str | None = None
    name: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One finding, one line of `audit --json`; a field that does not apply is null.

    `rule` is the permanent id (`SWR101`), `slug` its name (`public-while-shared`). `message` says what was found,
    `remedy` what to do; both are one line and may hold names from the service: escape them before showing. `evidence`
    has the numbers and words of the message for programs. `file` is relative to the snapshot, `line` counts from 1.
    `fingerprint` depends on the rule and the location only, so that a finding has the same one in every snapshot.
    """

    rule: str
    slug: str
    severity: Severity
    target: str | None
    center: str | None
    domain_name: str | None
    namespace: str | None
    name: str | None
    message: str
    remedy: str
    evidence: Evidence
    file: str
    line: Annotated[int, msgspec.Meta(ge=1)]
    fingerprint: str

    @property
    def location(self) -> Location:
        """Return the location as one value."""
        return Location(self.target, self.center, self.domain_name, self.namespace, self.name)


def named(location: Location) -> str:
    """Return a location in words: `default/self team-a/app of acme`, `default/self/team-a`, `the snapshot`.

    Names from the service are in it unchanged: escape it before showing.
    """
    where = "/".join(part for part in (location.target, location.center) if part is not None)
    if location.name is None:
        return "/".join(part for part in (where, location.namespace) if part) or "the snapshot"
    domain = "" if location.domain_name is None else f" of {location.domain_name}"
    return f"{where} {location.namespace}/{location.name}{domain}"


def fingerprint(rule: str, location: Location, subject: str = "") -> str:
    """Return 32 hex digits that identify a finding; `subject` tells apart what one rule finds at one location."""
    spelled = msgspec.json.encode((rule, *location, subject))  # JSON: "a/b" beside "c" is not "a" beside "b/c"
    return blake2b(spelled, digest_size=_FINGERPRINT_BYTES).hexdigest()


def to_line(finding: Finding) -> bytes:
    """Return the finding's line of NDJSON, without its end."""
    return _encode(finding)


_encode = msgspec.json.Encoder().encode


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a finding."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**dialect, **msgspec.json.schema(Finding)}
