"""Findings as SARIF 2.1.0, for tools that show them beside code (pure).

A log holds the most severe results and says how many it leaves out: GitHub refuses runs of more than 25 000 results and
files of more than 10 MB gzipped, and shows the 5 000 most severe results.

Source: OASIS SARIF 2.1.0 (comments name its sections); GitHub, "SARIF support for code scanning" (the limits).
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec

from crawler.audit.catalogue import RULES
from crawler.audit.finding import Finding, named
from crawler.audit.rule import Rule
from crawler.model.audit_rules import SEVERITIES, Severity
from crawler.text.human import count, counted, excerpt

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS: Final = 25_000
MOST_GZIPPED_BYTES: Final = 9_000_000  # of 10 MB: leaves space for the head, and for another compressor
MOST_KEPT_BYTES: Final = 2**25  # of one severity, before compression: they are kept in memory

_LONGEST_NAME: Final = 200
_INDEX: Final = {name: index for index, name in enumerate(RULES)}
_encode = msgspec.json.Encoder().encode


class SarifResults:
    """Takes findings one by one and keeps those for a log: at most `most`, and `most_bytes` of each severity."""

    def __init__(self, most: int = MOST_RESULTS, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: dict[Severity, list[bytes]] = {severity: [] for severity in SEVERITIES}
        self._bytes = dict.fromkeys(SEVERITIES, 0)
        self.added = 0

    def add(self, finding: Finding) -> None:
        """Add one finding."""
        self.added += 1
        kept = self._kept[finding.severity]
        if len(kept) < self._most and self._bytes[finding.severity] < self._most_bytes:
            kept.append(_encode(_result(finding)))
            self._bytes[finding.severity] += len(kept[-1])

    def chosen(self, most_gzipped_bytes: int = MOST_GZIPPED_BYTES) -> list[bytes]:
        """Return the results that fit, each as JSON, the most severe first, then in the order in which they came."""
        compressor, compressed, chosen = zlib.compressobj(), 0, list[bytes]()
        for result in (result for severity in SEVERITIES for result in self._kept[severity]):
            compressed += len(compressor.compress(result))
            if len(chosen) == self._most or compressed > most_gzipped_bytes:
                break
            chosen.append(result)
        return chosen


def to_sarif(
    results: SarifResults,
    *,
    version: str,
    snapshot: str,
    incomplete: bool,
    disabled: Iterable[str],
    notices: Iterable[str] = (),
) -> Iterator[bytes]:
    """Yield the log line by line, without their ends, one result on each.

    `disabled` are the ids of disabled rules, `notices` say what was not judged, and why.
    """
    chosen = results.chosen()
    notifications = [_notification("warning", notice) for notice in notices]
    if incomplete:
        notifications.insert(0, _notification("error", "the snapshot is incomplete: what is missing was not judged"))
    if left_out := results.added - len(chosen):
        notifications.append(_notification("warning", _left_out_text(results.added, left_out)))
    run = {
        "tool": {"driver": _driver(version, frozenset(disabled))},
        "automationDetails": {"id": f"swr-crawler/audit/{_short(snapshot)}"},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
        "columnKind": "unicodeCodePoints",
        "properties": {"snapshot": _short(snapshot), "incomplete": incomplete, "findings": results.added},
    }
    yield b'{"$schema":' + _encode(SCHEMA) + b',"version":"2.1.0","runs":[' + _encode(run)[:-1] + b',"results":['
    for number, result in enumerate(chosen, 1):
        yield result if number == len(chosen) else result + b","
    yield b"]}]}"


def _left_out_text(total: int, left_out: int) -> str:
    return (
        f"{counted(left_out, 'finding')} of {count(total)} left out, the least severe ones: code scanning takes"
        f" {count(MOST_RESULTS)} results and 10 MB; swr-crawler audit --json prints all of them"
    )


def _notification(level: Severity, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": plain(text)}}


def _driver(version: str, disabled: frozenset[str]) -> dict[str, Any]:
    return {
        "name": "swr-crawler",
        "version": version,
        "rules": [_descriptor(rule, enabled=rule.id not in disabled) for rule in RULES.values()],
    }


def _descriptor(rule: Rule, *, enabled: bool) -> dict[str, Any]:
    """Return the descriptor of a rule (SARIF 3.49), without a helpUri: the help is in it."""
    return {
        "id": rule.id,
        "name": rule.slug,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}. {rule.why}"},
        "help": {"text": f"{rule.why} {rule.remedy}", "markdown": rule.help},
        "defaultConfiguration": {"level": rule.severity, "enabled": enabled},
    }


def _result(finding: Finding) -> dict[str, Any]:
    """Return one result (SARIF 3.27).

    GitHub needs a file and tells findings apart by `primaryLocationLineHash`, so the fingerprint is there under that
    name, too.
    """
    subject = finding.location
    names = list(subject)
    logical = {
        "name": _short(subject.name or subject.namespace or subject.center or "snapshot"),
        "fullyQualifiedName": "/".join(_short(name) for name in names if name is not None) or "snapshot",
        "kind": "resource",
    }
    location = {"artifactLocation": {"uri": quote(finding.file, safe="/=")}, "region": {"startLine": finding.line}}
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": finding.severity,
        "message": {"text": plain(f"{_short(named(subject))}: {_short(finding.message)}")},
        "locations": [{"physicalLocation": location, "logicalLocations": [logical]}],
        "partialFingerprints": {
            "primaryLocationLineHash": finding.fingerprint,
            "swrCrawlerFinding/v1": finding.fingerprint,
        },
    }


def _short(text: str) -> str:
    return excerpt(text, _LONGEST_NAME)


def plain(text: str) -> str:
    """Return a text escaped for a plain text message: no placeholder (SARIF 3.11.5), no embedded link (3.11.6)."""
    literal = text.replace("{", "{{").replace("}", "}}")
    return re.sub(r"([\[\]\\])", r"\\\1", literal) if "](" in literal else literal
