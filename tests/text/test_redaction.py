"""No secret is in a text after it was masked, however a server spells it there."""

from typing import Final

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from crawler.text.redaction import MASK, Secrets, masked
from tests.support.embeddings import EMBEDDINGS

TOKEN: Final = "MIIab+/cd" + "0123456789+/xyzABC" * 40 + "="
PASSWORDS: Final = (
    "Pa$$w0rd&<1>",
    'quote"and\\slash/',
    "mit Leerzeichen und ü",
    "%41bcdefgh%",
    "\\u0041bcdefgh",
    "😀😀😀 x1",
)
# Shorter ones are masked only where they stand alone.
SECRETS: Final = st.one_of(
    st.sampled_from([TOKEN, *PASSWORDS]),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=60),
    st.text(min_size=12, max_size=30),
).filter(lambda secret: sum(char.isprintable() and not char.isspace() for char in secret) >= 8)
AROUND: Final = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="%\\&"), max_size=40)


def left(secret: str, text: str) -> bool:
    """Return whether a secret can be read in a text."""
    return secret in text or "".join(secret.split()) in "".join(text.split())


@pytest.mark.parametrize("how", EMBEDDINGS)
@settings(deadline=None)
@given(SECRETS, AROUND, AROUND)
@example(TOKEN, "X-Auth-Token: ", "; Accept: */*")
def test_a_secret_is_masked_in_each_spelling(how: str, secret: str, before: str, after: str) -> None:
    spelled = EMBEDDINGS[how](secret)
    assume(spelled not in before + after)
    text = masked(f"{before} {spelled} {after}", [secret])
    assert MASK in text
    assert not left(spelled, text)
    assert not left(secret, text)


@settings(deadline=None)
@given(SECRETS, st.integers(0, 60), st.integers(0, 60))
def test_what_is_left_of_a_secret_that_the_server_cut_is_masked_too(secret: str, start: int, end: int) -> None:
    part = secret[start : len(secret) - end]
    assume(sum(char.isprintable() and not char.isspace() for char in part) >= 12)
    text = masked(f"token={part}", [secret])
    assert MASK in text
    assert not left(part, text)


@settings(deadline=None)
@given(st.text(max_size=300), st.lists(st.uuids().map(str), max_size=3))
def test_a_text_without_a_secret_stays_as_it_is(text: str, secrets: list[str]) -> None:
    assert masked(text, secrets) == text


def test_a_short_secret_is_masked_where_it_stands_alone_and_no_word_is_half_masked() -> None:
    assert masked("user abcd12 refused: abcd12", ["abcd12"]) == "user *** refused: ***"
    assert masked('{"password":"test"} in test-run, testing', ["test"]) == '{"password":"***"} in ***-run, testing'
    assert masked("a secret of one letter: a", ["a", "", " "]) == "a secret of one letter: a"


def test_secrets_that_come_later_are_masked_from_then_on() -> None:
    class Holder:
        secrets: tuple[str, ...] = ()

    holder, known = Holder(), Secrets()
    known.add(holder)
    assert known.masked("first-token-1 second-token-2") == "first-token-1 second-token-2"
    holder.secrets = ("first-token-1", "second-token-2")
    assert known.masked("first-token-1 second-token-2 signature-of-it", "signature-of-it") == "*** *** ***"
    assert "token" not in repr(known)


@pytest.mark.parametrize(
    "spelled",
    [
        "sec%72et+to/ken",
        "secr&#101;t+to/ken",
        "secr&#x65;t+to/ken",
        "secret&plus;to/ken",
        "secret\\u002bto/ken",
        "secret+to\\x2fken",
        "secret+to\\/ken",
        "secret\\n+to/ken",
    ],
)
def test_a_secret_is_found_through_each_kind_of_escape(spelled: str) -> None:
    assert masked(f"no: {spelled}!", ["secret+to/ken"]) == "no: ***!"


def test_four_layers_of_escapes_are_removed_and_of_more_the_long_rest_is_found() -> None:
    secret = "secret+to/ken+of+thirty/chars"
    assert masked("s%25252565cret+to/ken+of+thirty/chars", [secret]) == "***"
    assert masked("s%2525252565cret+to/ken+of+thirty/chars", [secret]) == "s%2525252565***"


def test_a_secret_that_stands_twice_is_masked_twice_and_one_run_once() -> None:
    secret = "0123456789abcdef"
    assert masked(f"{secret} and {secret}", [secret]) == "*** and ***"


def test_in_a_long_text_whole_secrets_are_masked_in_each_usual_spelling_and_short_ones_are_not() -> None:
    text = "x" * 30_000 + ' a+b/c"d&longer a%2Bb%2Fc%22d%26longer abc'
    found = masked(text, ['a+b/c"d&longer', "abc"])
    assert found == "x" * 30_000 + " *** *** abc"
