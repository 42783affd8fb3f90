"""How the plain text and the rows of the code's tables become Markdown."""

import pytest

from tests.docs.markdown import prose, sentence, table


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Read the\n  summary.", "Read the summary."),
        ("as --fail-on says, or --resume/--no-resume", "as `--fail-on` says, or `--resume/--no-resume`"),
        ("Read _manifest.json, _SUCCESS and output/latest.", "Read `_manifest.json`, `_SUCCESS` and `output/latest`."),
        ("after wait_s seconds, see max_passes", "after `wait_s` seconds, see `max_passes`"),
        ("set SWR_CRAWLER_TOKEN or HW_…", "set `SWR_CRAWLER_TOKEN` or `HW_…`"),
        ("a reference: env:NAME or profile:SECTION.KEY", "a reference: `env:NAME` or `profile:SECTION.KEY`"),
        ("in [audit] or [[target]]; [0, 1)", "in `[audit]` or `[[target]]`; \\[0, 1)"),
        ("run swr-crawler diff, or swr-crawler config show", "run `swr-crawler diff`, or `swr-crawler config show`"),
        ("`already code_as_it is` and a*b", "`already code_as_it is` and a\\*b"),
        ("a <b>, 10 s -> 5 s", "a \\<b>, 10 s -> 5 s"),
        (
            "in bytes (swr-api.md#size-unit, #tags)",
            "in bytes ([size unit](swr-api.md#size-unit), [tags](swr-api.md#tags))",
        ),
        ("see [unit_of_it](a_b.md#c)", "see [unit_of_it](a_b.md#c)"),
    ],
)
def test_what_a_reader_types_is_set_as_code_and_nothing_is_taken_for_markup(text: str, markdown: str) -> None:
    assert prose(text) == markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("largest size", "Largest size."),
        ("Done.", "Done."),
        ("domains (accounts) that may share", "Domains (accounts) that may share."),
        ("auto, token or none", "auto, token or none."),
        ("self: shared by you", "self: shared by you."),
        ("max_passes is raised", "`max_passes` is raised."),
        ("", ""),
    ],
)
def test_a_sentence_has_a_capital_and_a_full_stop_but_values_keep_their_spelling(text: str, markdown: str) -> None:
    assert sentence(text) == markdown


def test_a_cell_holds_no_line_end_and_no_bar_and_is_never_empty() -> None:
    assert table(("A", "B"), [("`a|b`", ""), ("c\nd", "e")]) == (
        "| A | B |\n| --- | --- |\n| `a\\|b` | - |\n| c d | e |"
    )
