"""What a rule found, and where (pure): one finding, its place, and its line of NDJSON."""

from hashlib import blake2b
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec

from crawler.model.audit_rules import Severity

Evidence: TypeAlias = dict[str, str | int | float | bool | None]

_FINGERPRINT_BYTES: Final = 16


class Location(NamedTuple):
    """What a finding is about: a repository, or as much of its key as there is; all None for the whole snapshot."""

    target: str | None = None
    center: str | None = None
    domain_name: str | None = None
    namespace: str | None = None
    name: str | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One finding, as it stands on one line of `audit --json`; what does not apply is null.

    `rule` is the id that stays (`SWR101`), `slug` the same for people (`public-while-shared`). `message` says what
    is the case here, `remedy` what to do about it; both are one line that may hold names of others: escape before
    showing. `evidence` has the numbers and words of the message for programs. `file` is relative to the snapshot,
    `line` counts from 1. `fingerprint` names the rule and the place and nothing else, so that the same finding has the
    same one in every snapshot.
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
    def place(self) -> Location:
        """The place as one value."""
        return Location(self.target, self.center, self.domain_name, self.namespace, self.name)


def named(place: Location) -> str:
    """Name a place for people: `default/self team-a/app of acme`, `default/self/team-a`, `the snapshot`.

    Names of others are in it as they are: escape it before showing.
    """
    where = "/".join(part for part in (place.target, place.center) if part is not None)
    if place.name is None:
        return "/".join(part for part in (where, place.namespace) if part) or "the snapshot"
    whose = "" if place.domain_name is None else f" of {place.domain_name}"
    return f"{where} {place.namespace}/{place.name}{whose}"


def fingerprint(rule: str, place: Location, subject: str = "") -> str:
    """Give 32 hex digits that name a finding; `subject` tells apart what one rule finds at one place."""
    spelled = msgspec.json.encode((rule, *place, subject))  # JSON: "a/b" beside "c" is not "a" beside "b/c"
    return blake2b(spelled, digest_size=_FINGERPRINT_BYTES).hexdigest()


def to_line(finding: Finding) -> bytes:
    """Give the finding's line of NDJSON, without its end."""
    return _encode(finding)


_encode = msgspec.json.Encoder().encode


def schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a finding."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**dialect, **msgspec.json.schema(Finding)}
