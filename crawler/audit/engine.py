"""Reads a snapshot past the rules, once, and gives what they find while it reads."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from crawler.audit.finding import Finding, Location, fingerprint
from crawler.audit.growth import Holdings, grown, unjudged
from crawler.audit.rules import (
    Check,
    CompiledPolicy,
    Observation,
    Violation,
    checks_of,
    compile_policy,
    is_incomplete,
    observe,
)
from crawler.audit.suppressions import Suppressions
from crawler.config.audit_policy import Policy, Suppression
from crawler.errors import IncompleteError
from crawler.model import audit_rules as catalogue
from crawler.model.audit_rules import Rule
from crawler.model.record import Record
from crawler.snapshot.layout import MANIFEST, SUCCESS
from crawler.snapshot.reader import Snapshot

_MOST_NAMED: Final = 5
_OF_GROWTH: Final = frozenset({catalogue.RECORDS_GREW.id, catalogue.SIZE_GREW.id})


class Audit:
    """One audit: its findings, and once they were all taken its sums.

        audit = Audit(snapshot, policy, previous=None)
        for finding in audit.findings(): ...
        audit.records, audit.suppressed, audit.notices

    `records` are those read, `suppressed` counts what the policy's suppressions held back, `notices` say what was not
    judged, and why. `incomplete` is known from the start. Made for one reading.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy, *, previous: Snapshot | None = None) -> None:
        """Raise IncompleteError when the manifest does not tell when the snapshot was finished."""
        self.snapshot = snapshot
        self.policy = policy
        self.previous = previous
        self._sealed = (snapshot.folder / SUCCESS).exists()
        self.incomplete = is_incomplete(snapshot.manifest, has_success_marker=self._sealed)
        self.records = 0
        self.suppressed = 0
        self.notices: tuple[str, ...] = ()
        self._finished_at = _finished_at(snapshot)
        self._sieve = Suppressions(policy.suppressions, self._finished_at.date())
        self._used: set[Suppression] = set()
        self._held = Holdings()

    def findings(self) -> Iterator[Finding]:
        """Read everything and give the findings, in an order that depends on snapshot and policy alone.

        What the manifest shows comes first, an incomplete snapshot before anything else; then what is found in the
        records, in the order of the parts; then growth, and what there is to say of suppressions. Raises
        IncompleteError where what is read is not what a manifest says: what was given by then is no audit.
        """
        for observation in observe(self.snapshot.manifest, has_success_marker=self._sealed):
            yield from self._observed(observation)
        before = Holdings() if self.previous is None else _holdings(self.previous)
        yield from self._of_records(compile_policy(self.policy, self._finished_at), checks_of(self.policy))
        for _ in self.snapshot.rejects():
            pass  # their number is in the manifest; that the manifest is right about the file is known by reading it
        if self.previous is not None:
            yield from self._growth(self.previous, before)
        for observation in self._of_suppressions():
            yield from self._observed(observation)

    def _of_records(self, bounds: CompiledPolicy, checks: tuple[tuple[Rule, Check], ...]) -> Iterator[Finding]:
        counting = self.previous is not None
        for file in self.snapshot.manifest.files:
            for line, record in enumerate(self.snapshot.records_of(file), 1):
                self.records += 1
                if counting:
                    self._held.add(record.target, record.center, record.namespace, record.size)
                for rule, check in checks:
                    fact = check(record, bounds)
                    if fact is not None and self._stands(rule, place := _place_of(record)):
                        yield _finding(rule, place, fact, file=file.path, line=line)

    def _growth(self, previous: Snapshot, before: Holdings) -> Iterator[Finding]:
        old, new = previous.manifest, self.snapshot.manifest
        for observation in grown(old, before, new, self._held, self.policy):
            yield from self._observed(observation)
        if centers := unjudged(old, new):
            named = ", ".join(centers[:_MOST_NAMED]) + (", …" if len(centers) > _MOST_NAMED else "")
            self.notices += (f"growth was not judged where not both snapshots read the same, and whole: {named}",)
        if old.started_at >= new.started_at:
            self.notices += (f"the previous snapshot, {old.snapshot}, was not started before {new.snapshot}",)

    def _of_suppressions(self) -> Iterator[Observation]:
        for suppression in self._sieve.ended:
            yield _said(catalogue.LAPSED, suppression, f"that ended on {suppression.expires}")
        if self.incomplete:
            return  # a suppression may be for what is missing
        for suppression in self._sieve.holding:
            unasked = self.previous is None and suppression.rule in _OF_GROWTH
            if suppression not in self._used and not unasked:
                yield _said(catalogue.UNUSED, suppression, "that nothing matches")

    def _observed(self, observation: Observation) -> Iterator[Finding]:
        rule, place, fact, subject = observation
        if (rule.held or rule.id not in self.policy.disabled_rules) and self._stands(rule, place):
            yield _finding(rule, place, fact, file=MANIFEST, line=1, subject=subject)

    def _stands(self, rule: Rule, place: Location) -> bool:
        """Say whether no suppression lets pass what the rule found there."""
        caught = [] if rule.held else self._sieve.matching(rule.id, place)
        self._used.update(caught)
        self.suppressed += bool(caught)
        return not caught


def _finished_at(snapshot: Snapshot) -> datetime:
    text = snapshot.manifest.finished_at
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        where = snapshot.folder / MANIFEST
        raise IncompleteError(f"{where} is damaged: finished_at is no moment: {text[:40]!r}") from None


def _holdings(snapshot: Snapshot) -> Holdings:
    held = Holdings()
    for record in snapshot.records():
        held.add(record.target, record.center, record.namespace, record.size)
    return held


def _place_of(record: Record) -> Location:
    return Location(record.target, record.center, record.domain_name, record.namespace, record.name)


def _said(rule: Rule, suppression: Suppression, what: str) -> Observation:
    fact = Violation(
        f"has a suppression {what}: {suppression} ({suppression.reason})",
        {"suppression": str(suppression), "reason": suppression.reason, "expires": suppression.expires.isoformat()},
    )
    return Observation(rule, Location(), fact, str(suppression))


def _finding(rule: Rule, place: Location, fact: Violation, *, file: str, line: int, subject: str = "") -> Finding:
    return Finding(
        rule=rule.id,
        slug=rule.slug,
        severity=rule.severity,
        target=place.target,
        center=place.center,
        domain_name=place.domain_name,
        namespace=place.namespace,
        name=place.name,
        message=fact.message,
        remedy=rule.remedy,
        evidence=fact.evidence,
        file=file,
        line=line,
        fingerprint=fingerprint(rule.id, place, subject),
    )
