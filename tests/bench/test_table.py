from dataclasses import replace

import orjson
import pytest

from tests.bench.metrics import Spread, Trial, evaluate_goals, ratios, spread
from tests.bench.performance_page import measured, placed
from tests.bench.table import as_json, from_json, rows, text
from tests.bench.workloads import Goal, Workload

GOALS = (Goal("wall", 1.0, "N"), Goal("peak", 90e6, "bytes"), Goal("cpu", 1.25, "G"))
WORKLOAD = Workload(name="bulk", namespaces=2, records=2500, against=("N",), goals=GOALS)


def trial(subject: str, against: str, number: int, wall_s: float, **changed: float) -> Trial:
    result = Trial(subject, against, number, wall_s, 0.9 * wall_s, 80_000_000, 100, 0, 0.2 * wall_s)
    return result._replace(**changed)  # type: ignore[arg-type]  # some of its numbers


PAIRS = [
    trial("ours", "N", 1, 2.0),
    trial("N", "ours", 1, 4.0),
    trial("ours", "N", 2, 3.0),
    trial("N", "ours", 2, 3.0),
    trial("ours", "N", 3, 9.0),
    trial("N", "ours", 3, 4.5),
]


def test_a_spread_is_minimum_median_and_maximum_in_any_order() -> None:
    assert spread([3, 1, 2]) == Spread(1, 2, 3)
    assert spread([4, 1]) == Spread(1, 2.5, 4)
    assert spread([]) is None


def test_ratios_are_of_the_two_trials_of_one_round() -> None:
    assert ratios(PAIRS, "ours", "N", "wall") == (0.5, 1.0, 2.0)


def test_a_round_in_which_one_of_the_two_did_not_count_has_no_ratio() -> None:
    assert ratios(PAIRS[:1] + PAIRS[2:], "ours", "N", "wall") == (1.0, 2.0)


def test_a_trial_paired_with_another_subject_does_not_count_for_this_pair() -> None:
    assert not ratios([trial("ours", "F", 1, 2.0), trial("N", "ours", 1, 4.0)], "ours", "N", "wall")


def test_a_goal_is_reached_by_the_median_and_unknown_without_trials() -> None:
    by_metric = {result.goal.metric: result.reached for result in evaluate_goals(WORKLOAD, PAIRS, "ours")}
    assert by_metric == {"wall": True, "peak": True, "cpu": None}
    slower = [one._replace(wall_s=2 * one.wall_s) if one.subject == "ours" else one for one in PAIRS]
    assert evaluate_goals(WORKLOAD, slower, "ours")[0].reached is False


def test_a_goal_against_the_rate_is_a_ratio_to_the_shortest_time_at_that_rate() -> None:
    limited = replace(WORKLOAD, rate_per_s=25, goals=(Goal("wall", 1.02, "the rate"),))
    [result] = evaluate_goals(limited, [trial("ours", "", 1, 4.2)], "ours")
    assert result.measured == Spread(1.05, 1.05, 1.05)
    assert result.reached is False


def test_a_row_has_medians_and_the_paired_ratios() -> None:
    ours, floor = rows(WORKLOAD, PAIRS)
    assert ours == ("ours", "3.00 (2.00-9.00)", "2.70", "3 333", "100", "0", "80", "20%", "", "")
    assert floor[0] == "N"
    assert floor[-2] == "1.00 (0.50-2.00)"


def test_the_text_shows_the_goals_and_the_trials_that_did_not_count() -> None:
    shown = text(WORKLOAD, PAIRS, ["N in round 4 ended with exit code 1"])
    assert "bulk: 2 x 2 x 2 500 records, limit 100" in shown
    assert "goal wall at most 1.00 x N: 1.00 (0.50-2.00), reached" in shown
    assert "goal peak at most 90 MB: 80.00, reached" in shown
    assert "goal cpu at most 1.25 x G: not measured" in shown
    assert "not counted: N in round 4 ended with exit code 1" in shown
    assert "busy" not in shown


def test_a_busy_server_is_pointed_out() -> None:
    busy = [trial("ours", "N", 1, 2.0), trial("N", "ours", 1, 1.0, server_cpu_s=0.9)]
    assert "the server was busy with N" in text(WORKLOAD, busy, [])


def test_results_are_the_same_after_a_round_trip_through_json() -> None:
    content = orjson.loads(orjson.dumps(as_json(WORKLOAD, PAIRS, [])))
    assert from_json(content) == (WORKLOAD, PAIRS)
    assert content["ratios"]["N"]["wall"] == {"minimum": 0.5, "median": 1.0, "maximum": 2.0}


@pytest.mark.parametrize(
    "begin", ["<!-- measured -->\n", "<!-- measured: python -m tests.bench.performance_page -->\n"]
)
def test_the_page_gets_the_tables_between_its_marks_and_nothing_else_changes(begin: str) -> None:
    end = "<!-- /measured -->\n"
    content = orjson.loads(orjson.dumps(as_json(WORKLOAD, PAIRS, [])))
    bench = {
        "started_at": "2026-11-24T00:00:00+00:00",
        "machine": {"cores": 2, "python": "3.11.7"},
        "versions": {"aiohttp": "3.14.5"},
        "workloads": [content],
    }
    page = placed(f"before\n{begin}old\n{end}after\n", measured(bench))
    assert page.startswith(f"before\n{begin}Measured 2026-11-24 on 2 cores")
    assert page.endswith(f"{end}after\n")
    assert "| N | 4.00 (3.00-4.50) |" in page
    assert "old" not in page


@pytest.mark.parametrize("page", ["nothing", "<!-- measured -->\n", "in `<!-- measured -->`\n<!-- /measured -->\n"])
def test_a_page_without_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="no line"):
        placed(page, "tables")
