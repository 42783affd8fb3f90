"""Laws of decoding: a scalar is the text that was written, and nothing hides in a file."""

import sys

import pytest

from crawler.config.credentials.tool_files.tree import (
    MissingLibraryError,
    Tree,
    UnreadableTreeError,
    decode_ini,
    decode_json,
    decode_yaml,
)


def refusal(text: str) -> str:
    with pytest.raises(UnreadableTreeError) as caught:
        decode_yaml(text)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    message = str(caught.value)
    assert "\n" not in message
    assert "hush" not in message
    return message


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        ("---\n", None),
        (
            "a: 0123\nb: 1e5\nc: yes\nd: 2026-01-01\ne: 'x y'",
            {"a": "0123", "b": "1e5", "c": "yes", "d": "2026-01-01", "e": "x y"},
        ),
        ("a: ~\nb: null\nc:\nd: ''\ne: 'null'", {"a": None, "b": None, "c": None, "d": "", "e": "null"}),
        ("- a\n- {b: [c]}", ["a", {"b": ["c"]}]),
        ("1: a\ntrue: b", {"1": "a", "true": "b"}),
        ("a: &x {b: c}\nd: *x", {"a": {"b": "c"}, "d": {"b": "c"}}),
    ],
)
def test_yaml_is_mappings_lists_and_text_as_it_was_written(text: str, tree: Tree) -> None:
    assert decode_yaml(text) == tree


def test_a_mapping_overrides_what_it_merges_and_of_several_the_first_holds() -> None:
    base = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\n"
    assert decode_yaml(f"{base}z: {{<<: *x, a: 9}}") == {**_xy(), "z": {"a": "9", "b": "2"}}
    assert decode_yaml(f"{base}z: {{a: 9, <<: [*x, *y]}}") == {**_xy(), "z": {"a": "9", "b": "2", "c": "4"}}
    assert "merges what is no mapping in line 1" in refusal("a: &x hush\nb: {<<: *x}")


def _xy() -> dict[str, Tree]:
    return {"x": {"a": "1", "b": "2"}, "y": {"b": "3", "c": "4"}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [hush", "is not YAML in line 1"),
        ("a: b\n\thush: c", "is not YAML in line 2"),
        ("a: hush\x07", "holds characters that are no text"),
        ("a: hush\n---\nb: c", "is not YAML in line 2"),
        ("a: *hush", "is not YAML in line 1"),
        ("a: hush\na: hush", "has the key 'a' twice"),
        ("? [hush]\n: a", "has a key that is no text in line 1"),
        ("a: !!python/object/apply:os.system [hush]", "has a tag in line 1"),
        ("a: !!set {hush}", "has a tag in line 1"),
        ("a: !hush b", "has a tag in line 1"),
        ("&a [*a]", "has more than 40 levels"),
        ("&a {b: {<<: *a}}", "has more than 40 levels"),
        ("[" * 60 + "]" * 60, "has more than 40 levels"),
        ("[" * 100_000, "has more than 40 levels"),
    ],
)
def test_what_is_no_plain_document_is_refused_with_its_line(text: str, says: str) -> None:
    assert says in refusal(text)


def test_a_document_may_have_forty_levels_in_either_style() -> None:
    assert decode_yaml("[" * 41 + "]" * 41) is not None
    assert "has more than 40 levels" in refusal("[" * 42 + "]" * 42)
    blocks = "\n".join(" " * level + "a:" for level in range(40))
    assert decode_yaml(blocks) is not None
    assert "has more than 40 levels" in refusal(blocks + "\n" + " " * 40 + "a:")


@pytest.mark.parametrize("merge", ["", "<<: "])
def test_aliases_that_repeat_far_more_than_the_file_holds_are_refused(merge: str) -> None:
    """The attack is called a billion laughs: nine levels of ten aliases each."""
    lists = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))
    maps = "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 10))
    first = "a0: &a0 {b: hush}\n" if merge else "a0: &a0 hush\n"
    assert "more than 50000 values, with what its aliases repeat" in refusal(first + (maps if merge else lists))


def test_without_its_library_yaml_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingLibraryError):
        decode_yaml("a: b")
    assert decode_json('{"a": "b"}') == {"a": "b"}


def test_json_is_the_same_tree() -> None:
    text = '{"a": 0.10, "b": [1, true, false, null], "c": {"d": "x"}, "e": NaN}'
    assert decode_json(text) == {"a": "0.10", "b": ["1", "true", "false", None], "c": {"d": "x"}, "e": "NaN"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{\nhush", "is not JSON in line 2"),
        ('{"a": "hush", "a": "hush"}', "has the key 'a' twice"),
        ("[" * 100_000, "has too many levels"),
    ],
)
def test_what_is_no_json_is_refused(text: str, says: str) -> None:
    with pytest.raises(UnreadableTreeError, match=says) as caught:
        decode_json(text)
    assert "hush" not in str(caught.value)


def test_an_ini_file_is_its_sections_with_their_keys() -> None:
    assert decode_ini("[a]\nb = %c\n[d]") == {"a": {"b": "%c"}, "d": {}}
    with pytest.raises(UnreadableTreeError, match="is not a credentials file of the SDK"):
        decode_ini("hush")
