"""Applies the rules to a snapshot in one reading, and yields the findings while it reads."""

from collections.abc import Iterator
from typing import Final

from crawler.audit.comparison_rules import COMPARING_RULES, Holdings, comparison_findings, unjudged_centers
from crawler.audit.finding import Finding, Location, fingerprint
from crawler.audit.manifest_rules import is_incomplete, observe
from crawler.audit.record_rules import CompiledPolicy, RecordRule, compile_policy, rules_for, rules_of
from crawler.audit.rule import Observation, Rule, Violation
from crawler.audit.suppressions import Suppressions, expired, unused
from crawler.config.audit_policy import Policy, Suppression
from crawler.files.presence import exists
from crawler.model.record import Record
from crawler.snapshot.history.find import order_doubt
from crawler.snapshot.layout import MANIFEST, SUCCESS
from crawler.snapshot.manifest_values import moment_of
from crawler.snapshot.reader import SnapshotReader

_MOST_NAMED: Final = 5


class Audit:
    """One audit of a snapshot: its findings, and its totals when all findings were taken.

        audit = Audit(snapshot, policy, previous=None)
        for finding in audit.findings(): ...
        audit.records, audit.suppressed, audit.notices

    `records` is the number of records read, `suppressed` that of the findings that the policy suppresses; `notices` say
    what was not judged, and why. `incomplete` is known from the start. `findings` works once.
    """

    def __init__(self, snapshot: SnapshotReader, policy: Policy, *, previous: SnapshotReader | None = None) -> None:
        self.snapshot = snapshot
        self.policy = policy
        self.previous = previous
        self._has_success_marker = exists(snapshot.folder / SUCCESS)
        self.incomplete = is_incomplete(snapshot.manifest, has_success_marker=self._has_success_marker)
        self.records = 0
        self.suppressed = 0
        self.notices: tuple[str, ...] = ()
        self._finished_at = moment_of(snapshot.manifest.finished_at)
        self._suppressions = Suppressions(policy.suppressions, self._finished_at.date())
        self._used: set[Suppression] = set()
        self._holdings = Holdings()

    def findings(self) -> Iterator[Finding]:
        """Read everything and yield the findings, in an order that depends on snapshot and policy alone.

        First those in the manifest, an incomplete snapshot before all others; then those in the records, in the order
        of the parts; then growth and shrinkage, then suppressions. Raises IncompleteError when a file differs from its
        manifest; what was yielded by then is no audit.
        """
        for observation in observe(self.snapshot.manifest, has_success_marker=self._has_success_marker):
            yield from self._from_observation(observation)
        before = Holdings() if self.previous is None else _holdings(self.previous)
        yield from self._in_records(compile_policy(self.policy, self._finished_at), rules_of(self.policy))
        for _ in self.snapshot.rejects():
            pass  # reads the file to check it; the number of rejects is in the manifest
        if self.previous is not None:
            yield from self._comparison(self.previous, before)
        for observation in self._about_suppressions():
            yield from self._from_observation(observation)

    def _in_records(self, policy: CompiledPolicy, rules: tuple[RecordRule, ...]) -> Iterator[Finding]:
        count_holdings = self.previous is not None
        for file in self.snapshot.manifest.files:
            for line, record in enumerate(self.snapshot.records_of(file), 1):
                self.records += 1
                if count_holdings:
                    self._holdings.add(record.target, record.center, record.namespace, record.size)
                for rule, check, _ in rules_for(record, rules) if record.invalid else rules:
                    violation = check(record, policy)
                    if violation is not None and not self._suppress(rule, location := _location_of(record)):
                        yield _finding(rule, location, violation, file=file.path, line=line)

    def _comparison(self, previous: SnapshotReader, before: Holdings) -> Iterator[Finding]:
        old, new = previous.manifest, self.snapshot.manifest
        for observation in comparison_findings(old, before, new, self._holdings, self.policy):
            yield from self._from_observation(observation)
        if centers := unjudged_centers(old, new):
            named = ", ".join(centers[:_MOST_NAMED]) + (", …" if len(centers) > _MOST_NAMED else "")
            where = "centers that the two snapshots read differently or not completely"
            self.notices += (f"growth and shrinkage were not judged in {where}: {named}",)
        if doubt := order_doubt(old, new):
            self.notices += (doubt,)

    def _about_suppressions(self) -> Iterator[Observation]:
        for suppression in self._suppressions.expired:
            yield expired(suppression)
        if self.incomplete:
            return  # a suppression may match what is missing
        for suppression in self._suppressions.active:
            not_judged = self.previous is None and suppression.rule in COMPARING_RULES
            if suppression not in self._used and not not_judged:
                yield unused(suppression)

    def _from_observation(self, observation: Observation) -> Iterator[Finding]:
        rule, location, violation, subject = observation
        disabled = not rule.mandatory and rule.id in self.policy.disabled_rules
        if not disabled and not self._suppress(rule, location):
            yield _finding(rule, location, violation, file=MANIFEST, line=1, subject=subject)

    def _suppress(self, rule: Rule, location: Location) -> bool:
        """Return whether a suppression matches what the rule found there, and count it."""
        matching = [] if rule.mandatory else self._suppressions.matching(rule.id, location)
        self._used.update(matching)
        self.suppressed += bool(matching)
        return bool(matching)


def _holdings(snapshot: SnapshotReader) -> Holdings:
    holdings = Holdings()
    for record in snapshot.records():
        holdings.add(record.target, record.center, record.namespace, record.size)
    return holdings


def _location_of(record: Record) -> Location:
    return Location(record.target, record.center, record.domain_name, record.namespace, record.name)


def _finding(
    rule: Rule, location: Location, violation: Violation, *, file: str, line: int, subject: str = ""
) -> Finding:
    return Finding(
        rule=rule.id,
        slug=rule.slug,
        severity=rule.severity,
        target=location.target,
        center=location.center,
        domain_name=location.domain_name,
        namespace=location.namespace,
        name=location.name,
        message=violation.message,
        remedy=rule.remedy,
        evidence=violation.evidence,
        file=file,
        line=line,
        fingerprint=fingerprint(rule.id, location, subject),
    )
