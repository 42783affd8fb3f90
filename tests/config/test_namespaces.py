"""Laws of the patterns that choose among namespaces, and of the file that lists namespaces."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.namespaces import filter_names, parse_namespaces
from crawler.errors import ConfigError


@given(
    st.lists(st.text(alphabet="ab*?", min_size=1, max_size=4)),
    st.lists(st.text(alphabet="ab*?", min_size=1, max_size=4)),
    st.lists(st.text(alphabet="ab", max_size=5)),
    st.randoms(use_true_random=False),
)
def test_a_name_is_selected_when_a_pattern_includes_it_and_no_pattern_excludes_it(
    taken: list[str], left_out: list[str], names: list[str], chance: Random
) -> None:
    def fits(name: str, glob: str) -> bool:
        if not glob:
            return not name
        rests = range(len(name) + 1) if glob[0] == "*" else [1] if name and glob[0] in {"?", name[0]} else []
        return any(fits(name[used:], glob[1:]) for used in rests)

    patterns = [*taken, *(f"!{glob}" for glob in left_out)]
    chance.shuffle(patterns)
    expected = [
        name
        for name in dict.fromkeys(names)
        if (not taken or any(fits(name, glob) for glob in taken)) and not any(fits(name, glob) for glob in left_out)
    ]
    assert filter_names(patterns, names) == tuple(expected)


def test_patterns_may_have_brackets_and_are_case_sensitive() -> None:
    assert filter_names(["[a-c]*", "!b[0-9]"], ["a", "b1", "bx", "d", "A"]) == ("a", "bx")
    assert filter_names([], ["b", "a", "b"]) == ("b", "a")


def test_a_file_of_namespaces_has_one_a_line_and_comments() -> None:
    text = "\ufeff# ours\nalpha\r\n\n  beta-- # old\n"
    with pytest.raises(ConfigError, match=r"^names\.txt, line 4: 'beta--' is not a namespace: 1 to 64"):
        parse_namespaces(text, "names.txt")
    assert parse_namespaces(text.replace("--", "--b") + "alpha", "names.txt") == ("alpha", "beta--b")


def test_a_file_of_namespaces_may_hold_patterns() -> None:
    assert parse_namespaces("team-*\n!scratch-* # not these\nplain", "n") == ("team-*", "!scratch-*", "plain")


def test_a_file_of_namespaces_without_any_is_refused_because_none_would_mean_all() -> None:
    with pytest.raises(ConfigError, match=r"names\.txt: holds no namespace"):
        parse_namespaces("# nothing\n\n", "names.txt")
