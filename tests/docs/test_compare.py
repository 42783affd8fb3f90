"""What counts as the same output."""

import pytest

from tests.docs.compare import differences, line_matches, matches


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("2 000 of 2 000 records", "2\u202f000 of 2\u202f000 records"),
        ("  time      0.2 s", "  time     12.4 s"),
        ("output/snapshot=20261126T220437Z (2 files, 1.1 MB)", "output/snapshot=20270101T000000Z (2 files, 900 kB)"),
        ("at 2026-11-26T22:04:37.123Z", "at 2027-01-01T00:00:00Z"),
        ("serves at http://127.0.0.1:8400", "serves at http://127.0.0.1:36565"),
        ("https://swr-api.eu-de.otc.t-systems.com/v2", "https://HOST/v2"),
        ('{"elapsed_s": 0.25, "records": 7}', '{"elapsed_s": 1e-05, "records": 7}'),
        ("sha256 " + "0a" * 32, "sha256 " + "b1" * 32),
        ("swr-crawler 0.1.0", "swr-crawler 1.2.3rc1"),
        ("default/self/*  …", "default/self/*  1 000  1"),
        ("a … c", "a b c"),
    ],
)
def test_what_differs_from_run_to_run_counts_as_the_same(expected: str, actual: str) -> None:
    assert line_matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("2 000 of 2 000 records", "1 999 of 2 000 records"),
        ("  requests  4: 4 HTTP 200", "  requests  5: 5 HTTP 200"),
        ('{"elapsed_s": 0.25, "records": 7}', '{"elapsed_s": 0.25, "records": 8}'),
        ("complete", "complete: 7"),
        ("a … c", "a b d"),
        ("a.c", "abc"),
        ("swr-crawler diff", "swr-crawler query"),
    ],
)
def test_what_a_reader_would_see_otherwise_differs(expected: str, actual: str) -> None:
    assert not line_matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ([], []),
        (["…"], []),
        (["…"], ["a", "b"]),
        (["a", "…"], ["a"]),
        (["…", "b"], ["b", "a", "b"]),
        (["a", "…", "c", "…"], ["a", "b", "c", "c", "d"]),
    ],
)
def test_a_line_of_dots_stands_for_any_number_of_lines(expected: list[str], actual: list[str]) -> None:
    assert matches(expected, actual)
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [([], ["a"]), (["a"], []), (["a", "…"], ["b"]), (["…", "b"], ["b", "a"]), (["a", "b"], ["a", "…"])],
)
def test_a_missing_or_another_line_differs(expected: list[str], actual: list[str]) -> None:
    assert not matches(expected, actual)
    assert differences(expected, actual)


def test_a_difference_shows_the_lines_of_both() -> None:
    assert differences(["a", "b"], ["a", "c", "d"]) == ["  a", "- b", "+ c", "+ d"]
