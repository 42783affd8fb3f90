"""Laws of the SARIF log: valid by the standard, bounded, and inert whatever a name contains."""

import gzip
from random import Random
from typing import Any
from urllib.parse import unquote

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.audit.catalogue import RULES
from crawler.audit.finding import Finding, Location
from crawler.audit.sarif import MOST_RESULTS, SarifResults, plain, to_sarif
from crawler.model.audit_rules import SEVERITIES
from tests.audit.examples import FINDINGS, HOSTILE, finding


def closed(required: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - schemas
    """Return the schema of an object that has these properties and no other, as all of SARIF's do."""
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


# Written from the standard, SARIF 2.1.0; the number of the section stands behind each.
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
MESSAGE = closed("text", text=TEXT)  # 3.11
LEVEL = {"enum": ["none", "note", "warning", "error"]}  # 3.27.10
LOG = closed(  # 3.13
    "$schema version runs",
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=many(
        closed(  # 3.14
            "tool results",
            tool=closed(  # 3.18
                "driver",
                driver=closed(  # 3.19
                    "name",
                    name=TEXT,
                    version=TEXT,
                    rules=many(
                        closed(  # 3.49
                            "id",
                            id=TEXT,
                            name=TEXT,
                            shortDescription=MESSAGE,
                            fullDescription=MESSAGE,
                            help=closed("text", text=TEXT, markdown=TEXT),
                            defaultConfiguration=closed("", level=LEVEL, enabled={"type": "boolean"}),  # 3.50
                        )
                    ),
                ),
            ),
            automationDetails=closed("", id=TEXT),  # 3.17
            invocations=many(  # 3.20
                closed(
                    "executionSuccessful",
                    executionSuccessful={"type": "boolean"},
                    toolExecutionNotifications=many(closed("message", level=LEVEL, message=MESSAGE)),  # 3.58
                )
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},  # 3.14.17
            properties={"type": "object"},
            results=many(
                closed(  # 3.27
                    "message",
                    ruleId=TEXT,
                    ruleIndex={"type": "integer", "minimum": 0},
                    level=LEVEL,
                    message=MESSAGE,
                    locations=many(
                        closed(  # 3.28
                            "",
                            physicalLocation=closed(  # 3.29
                                "artifactLocation",
                                artifactLocation=closed("", uri={"type": "string", "pattern": r"^[!-~]*$"}),  # 3.4
                                region=closed("", startLine={"type": "integer", "minimum": 1}),  # 3.30
                            ),
                            logicalLocations=many(closed("", name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)),  # 3.33
                        )
                    ),
                    partialFingerprints={"type": "object", "additionalProperties": TEXT},  # 3.27.17
                )
            ),
        )
    ),
)
LIMITS = "code scanning takes 25 000 results and 10 MB"
VALIDATOR = jsonschema.Draft202012Validator(LOG)


def log(results: SarifResults, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    told = {"version": "1.0", "snapshot": "id", "incomplete": False, "disabled": (), **fields}
    lines = list(to_sarif(results, **told))
    assert not any(b"\n" in line for line in lines)
    content: dict[str, Any] = orjson.loads(b"\n".join(lines))
    VALIDATOR.validate(content)
    run: dict[str, Any] = content["runs"][0]
    return run


def results(*findings: Finding, most: int = MOST_RESULTS) -> SarifResults:
    taken = SarifResults(most)
    for one in findings:
        taken.add(one)
    return taken


def notifications(run: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["level"], one["message"]["text"]) for one in run["invocations"][0]["toolExecutionNotifications"]]


def test_a_log_without_findings_still_has_every_rule_with_its_help() -> None:
    run = log(results(), disabled=("SWR205",))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    assert [rule["id"] for rule in rules if not rule["defaultConfiguration"]["enabled"]] == ["SWR205"]
    assert all(rule["help"]["markdown"] == RULES[rule["id"]].help for rule in rules)
    assert run["results"] == notifications(run) == []


def test_a_result_has_rule_message_place_and_fingerprints() -> None:
    one = finding("SWR201", message="is old", file="center=self/part-00000.ndjson", line=7)
    run = log(results(one))
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "SWR201"
    assert run["results"] == [
        {
            "ruleId": "SWR201",
            "ruleIndex": list(RULES).index("SWR201"),
            "level": "warning",
            "message": {"text": "eu/self team/app of acme: is old"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "center=self/part-00000.ndjson"},
                        "region": {"startLine": 7},
                    },
                    "logicalLocations": [
                        {"name": "app", "fullyQualifiedName": "eu/self/acme/team/app", "kind": "resource"}
                    ],
                }
            ],
            "partialFingerprints": {
                "primaryLocationLineHash": one.fingerprint,
                "swrCrawlerFinding/v1": one.fingerprint,
            },
        }
    ]


@pytest.mark.parametrize(
    ("location", "name", "full"),
    [
        (Location(), "snapshot", "snapshot"),
        (Location("eu", "self"), "self", "eu/self"),
        (Location("eu", "self", None, "team"), "team", "eu/self/team"),
    ],
)
def test_a_center_and_a_namespace_have_a_logical_location_too(location: Location, name: str, full: str) -> None:
    (result,) = log(results(finding(location=location)))["results"]
    (logical,) = result["locations"][0]["logicalLocations"]
    assert (logical["name"], logical["fullyQualifiedName"]) == (name, full)


@given(st.lists(FINDINGS, max_size=4), HOSTILE)
def test_no_name_breaks_the_log_or_has_a_meaning_in_it(findings: list[Finding], snapshot: str) -> None:
    run = log(results(*findings), snapshot=snapshot)
    assert run["automationDetails"]["id"].isprintable()
    assert len(run["results"]) == len(findings)
    for result in run["results"]:
        message = result["message"]["text"]
        assert message.isprintable()
        assert len(message) < 1000
        assert not {"{", "}"} & set(message.replace("{{", "").replace("}}", ""))
        assert "](" not in message.replace("\\](", "")
    files = sorted(one.file for one in findings)
    assert (
        sorted(unquote(r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for r in run["results"])
        == files
    )


@given(HOSTILE | st.text(alphabet="[](){}\\a"))
def test_plain_text_has_neither_placeholders_nor_links(text: str) -> None:
    spelled = plain(text)
    assert spelled.count("{") == 2 * text.count("{")
    assert spelled.count("}") == 2 * text.count("}")
    if "](" not in text:
        assert spelled == text.replace("{", "{{").replace("}", "}}")
    else:
        assert spelled.count("\\") >= text.count("\\") + text.count("](")


def test_the_most_severe_results_come_first_and_are_those_that_stay() -> None:
    found = [finding(rule) for rule in ("SWR205", "SWR201", "SWR101", "SWR204", "SWR102", "SWR103")]
    run = log(results(*found, most=4))
    assert [result["ruleId"] for result in run["results"]] == ["SWR101", "SWR103", "SWR201", "SWR102"]
    assert run["properties"]["findings"] == 6
    assert [SEVERITIES.index(result["level"]) for result in run["results"]] == [0, 0, 1, 1]


def test_the_log_says_how_many_findings_it_leaves_out() -> None:
    run = log(results(*[finding()] * 3, most=2), notices=("growth was not judged",))
    assert len(run["results"]) == 2
    assert notifications(run) == [
        ("warning", "growth was not judged"),
        (
            "warning",
            f"1 finding of 3 left out, the least severe ones: {LIMITS}; swr-crawler audit --json prints all of them",
        ),
    ]
    assert notifications(log(results(*[finding()] * 2, most=2))) == []


def test_an_incomplete_snapshot_is_the_first_notification() -> None:
    run = log(results(), incomplete=True, notices=("something",))
    assert notifications(run)[0] == ("error", "the snapshot is incomplete: what is missing was not judged")


def test_names_that_do_not_compress_do_not_make_a_log_too_large_to_upload() -> None:
    chance = Random(1)  # noqa: S311 - noise that is the same in every run
    noise = SarifResults()
    for _ in range(400):
        name = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(200))
        noise.add(finding(location=Location("eu", "self", name, name, name), message=name))
    bound = 100_000
    kept = noise.chosen(bound)
    assert 100 < len(kept) < 300
    assert len(gzip.compress(b"\n".join(kept))) < bound + 2**16  # a block that was not out yet
    assert len(noise.chosen()) == 400


def test_the_results_kept_of_each_severity_are_bounded_in_memory() -> None:
    one = len(results(finding()).chosen()[0])
    taken = SarifResults(most_bytes=2 * one + 1)
    for rule in ["SWR101"] * 5 + ["SWR205"]:
        taken.add(finding(rule))
    assert [orjson.loads(kept)["ruleId"] for kept in taken.chosen()] == ["SWR101"] * 3 + ["SWR205"]
    assert "2 findings of 6 left out" in notifications(log(taken))[0][1]
