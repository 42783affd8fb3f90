"""Laws of the names of namespaces, and of the patterns that choose among them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.model.namespace import namespace, namespace_or_pattern, pattern


def is_namespace(text: str) -> bool:
    """Say the rule of the page, sentence by sentence, without a regular expression."""
    letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    if not 1 <= len(text) <= 64 or any(c not in letters + digits + "._-" for c in text):
        return False
    if text[0] not in letters or text[-1] not in letters + digits:
        return False
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    adjacent = {a + b for a in "._-" for b in "._-"} - {"__", "--"}
    return not pairs & adjacent and "___" not in text


@given(
    st.text(alphabet="ab0._-A é\n", max_size=12)
    | st.from_regex(r"[a-z]([a-z0-9]|\.|_|-){58,66}[a-z0-9]", fullmatch=True)
    | st.integers(60, 68).map(lambda length: "a" * length)
)
@example("a")
@example("a__b")
@example("a___b")
@example("a---b")
@example("a-_b")
@example("a\n")
def test_a_namespace_obeys_the_services_rule(text: str) -> None:
    assert namespace(text) == (text if is_namespace(text) else None)


@pytest.mark.parametrize(
    "text", ["*", "team-*", "?", "[a-c]x", "[!a]*", "!scratch-*", "!plain", "!a.b_c-d", "a*b*c", "!" + "*" * 64]
)
def test_a_pattern_has_a_wildcard_or_excludes(text: str) -> None:
    assert pattern(text) == namespace_or_pattern(text) == text
    assert namespace(text) is None


@pytest.mark.parametrize("text", ["", "!", "plain", "Team-*", "a/*", "*\n", "[a", "a]*", "[]*", "!!a", "a!*", "*" * 65])
def test_text_that_could_match_no_namespace_is_not_a_pattern(text: str) -> None:
    assert pattern(text) is None
