from dataclasses import replace

import orjson
import pytest

from tests.bench.figures import Run, Spread, ratios, reached, spread
from tests.bench.readme import measured, placed
from tests.bench.table import as_json, from_json, rows, text
from tests.bench.workloads import Goal, Workload

GOALS = (Goal("wall", 1.0, "N"), Goal("peak", 90e6, "bytes"), Goal("cpu", 1.25, "G"))
WORKLOAD = Workload(name="bulk", namespaces=2, records=2500, against=("N",), goals=GOALS)


def run(contender: str, against: str, at: int, wall_s: float, **changed: float) -> Run:
    made = Run(contender, against, at, wall_s, 0.9 * wall_s, 80_000_000, 100, 0, 0.2 * wall_s)
    return made._replace(**changed)  # type: ignore[arg-type]  # some of its numbers


PAIRS = [
    run("ours", "N", 1, 2.0),
    run("N", "ours", 1, 4.0),
    run("ours", "N", 2, 3.0),
    run("N", "ours", 2, 3.0),
    run("ours", "N", 3, 9.0),
    run("N", "ours", 3, 4.5),
]


def test_a_spread_is_least_middle_and_most_in_any_order() -> None:
    assert spread([3, 1, 2]) == Spread(1, 2, 3)
    assert spread([4, 1]) == Spread(1, 2.5, 4)
    assert spread([]) is None


def test_ratios_are_of_the_two_runs_of_one_round() -> None:
    assert ratios(PAIRS, "ours", "N", "wall") == (0.5, 1.0, 2.0)


def test_a_round_in_which_one_of_both_did_not_count_has_no_ratio() -> None:
    assert ratios(PAIRS[:1] + PAIRS[2:], "ours", "N", "wall") == (1.0, 2.0)


def test_a_run_paired_with_another_is_not_taken_for_this_pair() -> None:
    assert not ratios([run("ours", "F", 1, 2.0), run("N", "ours", 1, 4.0)], "ours", "N", "wall")


def test_a_goal_is_reached_by_the_median_and_unknown_without_runs() -> None:
    by_figure = {found.goal.figure: found.reached for found in reached(WORKLOAD, PAIRS, "ours")}
    assert by_figure == {"wall": True, "peak": True, "cpu": None}
    slower = [one._replace(wall_s=2 * one.wall_s) if one.contender == "ours" else one for one in PAIRS]
    assert reached(WORKLOAD, slower, "ours")[0].reached is False


def test_a_goal_against_the_rate_is_a_ratio_to_the_time_that_the_rate_takes() -> None:
    limited = replace(WORKLOAD, rate_per_s=25, goals=(Goal("wall", 1.02, "the rate"),))
    [found] = reached(limited, [run("ours", "", 1, 4.2)], "ours")
    assert found.measured == Spread(1.05, 1.05, 1.05)
    assert found.reached is False


def test_a_row_has_medians_and_the_paired_ratios() -> None:
    ours, floor = rows(WORKLOAD, PAIRS)
    assert ours == ("ours", "3.00 (2.00-9.00)", "2.70", "3 333", "100", "0", "80", "20%", "", "")
    assert floor[0] == "N"
    assert floor[-2] == "1.00 (0.50-2.00)"


def test_the_text_says_what_was_reached_and_what_was_not_counted() -> None:
    said = text(WORKLOAD, PAIRS, ["N in round 4 ended with exit code 1"])
    assert "bulk: 2 x 2 x 2 500 records, limit 100" in said
    assert "goal wall at most 1.00 x N: 1.00 (0.50-2.00), reached" in said
    assert "goal peak at most 90 MB: 80.00, reached" in said
    assert "goal cpu at most 1.25 x G: not measured" in said
    assert "not counted: N in round 4 ended with exit code 1" in said
    assert "busy" not in said


def test_a_server_that_is_busy_is_pointed_out() -> None:
    busy = [run("ours", "N", 1, 2.0), run("N", "ours", 1, 1.0, server_cpu_s=0.9)]
    assert "the server was busy with N" in text(WORKLOAD, busy, [])


def test_what_is_kept_as_json_gives_the_same_table_again() -> None:
    kept = orjson.loads(orjson.dumps(as_json(WORKLOAD, PAIRS, [])))
    assert from_json(kept) == (WORKLOAD, PAIRS)
    assert kept["ratios"]["N"]["wall"] == {"least": 0.5, "middle": 1.0, "most": 2.0}


def test_the_readme_gets_the_tables_between_its_marks_and_nothing_else_changes() -> None:
    kept = orjson.loads(orjson.dumps(as_json(WORKLOAD, PAIRS, [])))
    bench = {
        "started_at": "2026-11-24T00:00:00+00:00",
        "machine": {"cores": 2, "python": "3.11.7"},
        "versions": {"aiohttp": "3.14.5"},
        "workloads": [kept],
    }
    begin, end = "<!-- measured: python -m tests.bench.readme -->\n", "<!-- /measured -->\n"
    made = placed(f"before\n{begin}old\n{end}after\n", measured(bench))
    assert made.startswith(f"before\n{begin}Measured 2026-11-24 on 2 cores")
    assert made.endswith(f"{end}after\n")
    assert "| N | 4.00 (3.00-4.50) |" in made
    assert "old" not in made


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no line"):
        placed("nothing", "tables")
