"""The table of exit codes: complete, in order, and in words that a page can show as they are."""

import signal

import crawler.errors
from crawler.cli.exit_codes import EXIT_CODES
from crawler.errors import CrawlerError, InterruptedRunError


def raised() -> set[int]:
    """Return the code of every error that leaves a command."""
    kinds = [kind for kind in vars(crawler.errors).values() if isinstance(kind, type)]
    chosen = [
        kind for kind in kinds if issubclass(kind, CrawlerError) and kind not in {CrawlerError, InterruptedRunError}
    ]
    signals = (signal.SIGINT, signal.SIGTERM)
    return {kind.exit_code for kind in chosen} | {InterruptedRunError("", signal_number=n).exit_code for n in signals}


def test_every_code_is_in_the_table_once_in_ascending_order() -> None:
    codes = [entry.code for entry in EXIT_CODES]
    assert codes == sorted(set(codes))
    assert codes == [0, 1, 2, 3, 70, 74, 75, 77, 78, 130, 141, 143]


def test_the_code_of_every_error_is_in_the_table() -> None:
    assert raised() == {2, 3, 74, 75, 77, 78, 130, 143}
    assert raised() <= {entry.code for entry in EXIT_CODES}


def test_every_code_says_in_plain_sentences_what_it_means_and_what_to_do() -> None:
    for entry in EXIT_CODES:
        assert entry.name
        for text in (entry.meaning, entry.what_to_do):
            assert text.endswith(".")
            assert text[0].isupper() or text.split(maxsplit=1)[0].rstrip(":") in {"crawl", "audit"}
            assert "\n" not in text
            assert not set("|`") & set(text), "it is shown in a cell of a table"
