"""Findings as SARIF 2.1.0, for tools that show them beside code (pure).

Source: OASIS SARIF 2.1.0 (sections are named where they decide something), and GitHub's "SARIF support for code
scanning": it refuses runs of more than 25 000 results and files of more than 10 MB gzipped, and shows the 5 000 most
severe results. So a log here holds the most severe ones, and says how many it leaves out.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec

from crawler.audit.finding import Finding, named
from crawler.model.audit_rules import RULES, SEVERITIES, Rule, Severity
from crawler.text.human import count, counted, escaped, shortened

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS: Final = 25_000
MOST_GZIPPED_BYTES: Final = 9_000_000  # of 10 MB: the head and another compressor need room, too
MOST_KEPT_BYTES: Final = 2**25  # of one severity, before compression: what is kept is kept in memory

_LONGEST_NAME: Final = 200
_INDEX: Final = {name: index for index, name in enumerate(RULES)}
_encode = msgspec.json.Encoder().encode


class Results:
    """Takes findings one by one and keeps those that a log will hold: `most`, and `most_bytes` of each severity."""

    def __init__(self, most: int = MOST_RESULTS, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: dict[Severity, list[bytes]] = {severity: [] for severity in SEVERITIES}
        self._bytes = dict.fromkeys(SEVERITIES, 0)
        self.taken = 0

    def add(self, finding: Finding) -> None:
        """Take one finding."""
        self.taken += 1
        kept = self._kept[finding.severity]
        if len(kept) < self._most and self._bytes[finding.severity] < self._most_bytes:
            kept.append(_encode(_result(finding)))
            self._bytes[finding.severity] += len(kept[-1])

    def chosen(self, most_gzipped_bytes: int = MOST_GZIPPED_BYTES) -> list[bytes]:
        """Give the results that fit, each as JSON, the most severe first, in the order they came."""
        packer, packed, chosen = zlib.compressobj(), 0, list[bytes]()
        for result in (result for severity in SEVERITIES for result in self._kept[severity]):
            packed += len(packer.compress(result))
            if len(chosen) == self._most or packed > most_gzipped_bytes:
                break
            chosen.append(result)
        return chosen


def to_sarif(
    results: Results, *, version: str, snapshot: str, incomplete: bool, off: Iterable[str], notices: Iterable[str] = ()
) -> Iterator[bytes]:
    """Give the log line by line, without their ends, one result on each.

    `off` are the ids of rules switched off, `notices` what was not judged, and why.
    """
    chosen = results.chosen()
    said = [_notification("warning", notice) for notice in notices]
    if incomplete:
        said.insert(0, _notification("error", "the snapshot is incomplete: what is missing was not judged"))
    if left_out := results.taken - len(chosen):
        said.append(_notification("warning", _cap(results.taken, left_out)))
    run = {
        "tool": {"driver": _driver(version, frozenset(off))},
        "automationDetails": {"id": f"swr-crawler/audit/{_short(snapshot)}"},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": said}],
        "columnKind": "unicodeCodePoints",
        "properties": {"snapshot": _short(snapshot), "incomplete": incomplete, "findings": results.taken},
    }
    yield b'{"$schema":' + _encode(SCHEMA) + b',"version":"2.1.0","runs":[' + _encode(run)[:-1] + b',"results":['
    for number, result in enumerate(chosen, 1):
        yield result if number == len(chosen) else result + b","
    yield b"]}]}"


def _cap(taken: int, left_out: int) -> str:
    return (
        f"{counted(left_out, 'finding')} of {count(taken)} left out, the least severe ones: code scanning takes"
        f" {count(MOST_RESULTS)} results and 10 MB; swr-crawler audit --json gives all of them"
    )


def _notification(level: Severity, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": plain(text)}}


def _driver(version: str, off: frozenset[str]) -> dict[str, Any]:
    return {
        "name": "swr-crawler",
        "version": version,
        "rules": [_descriptor(rule, enabled=rule.id not in off) for rule in RULES.values()],
    }


def _descriptor(rule: Rule, *, enabled: bool) -> dict[str, Any]:
    """Describe a rule (SARIF 3.49); there is no helpUri: the help is all here."""
    return {
        "id": rule.id,
        "name": rule.slug,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.title}. {rule.why}"},
        "help": {"text": f"{rule.why} {rule.remedy}", "markdown": rule.help},
        "defaultConfiguration": {"level": rule.severity, "enabled": enabled},
    }


def _result(finding: Finding) -> dict[str, Any]:
    """Give one result (SARIF 3.27).

    GitHub needs a file and tells findings apart by `primaryLocationLineHash`, so it gets the fingerprint under that
    name; the other one is ours.
    """
    place = finding.place
    names = [place.target, place.center, place.domain_name, place.namespace, place.name]
    logical = {
        "name": _short(place.name or place.namespace or place.center or "snapshot"),
        "fullyQualifiedName": "/".join(_short(name) for name in names if name is not None) or "snapshot",
        "kind": "resource",
    }
    location = {"artifactLocation": {"uri": quote(finding.file, safe="/=")}, "region": {"startLine": finding.line}}
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": finding.severity,
        "message": {"text": plain(f"{_short(named(place))}: {_short(finding.message)}")},
        "locations": [{"physicalLocation": location, "logicalLocations": [logical]}],
        "partialFingerprints": {
            "primaryLocationLineHash": finding.fingerprint,
            "swrCrawlerFinding/v1": finding.fingerprint,
        },
    }


def _short(text: str) -> str:
    return shortened(escaped(text), _LONGEST_NAME)


def plain(text: str) -> str:
    """Give a text as a plain text message spells it: no placeholder (SARIF 3.11.5), no embedded link (3.11.6)."""
    spelled = text.replace("{", "{{").replace("}", "}}")
    return re.sub(r"([\[\]\\])", r"\\\1", spelled) if "](" in spelled else spelled
