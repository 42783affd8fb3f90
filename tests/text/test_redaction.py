"""No secret is in a text after it was masked, however a server spells it there."""

from typing import Final

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from crawler.text import redaction
from crawler.text.escapes import MAX_LAYERS, forms, views
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
    joined = "".join(text.split())
    return secret in text or any("".join(form.split()) in joined for form in (secret, secret.lower(), secret.upper()))


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
@given(SECRETS.filter(lambda secret: len(secret) >= 12), st.data())
def test_what_is_left_of_a_secret_that_the_server_cut_is_masked_too(secret: str, data: st.DataObject) -> None:
    size = data.draw(st.integers(12, len(secret)))
    start = data.draw(st.integers(0, len(secret) - size))
    part = secret[start : start + size]
    seen = "".join(char for char in part if char.isprintable() and not char.isspace())
    assume(any(len(set(seen[at : at + 12])) >= 5 for at in range(len(seen) - 11)))
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


def test_a_run_that_is_in_many_texts_by_chance_is_no_part_of_a_secret_and_the_secret_is_masked_whole() -> None:
    secret = "SecretKey" + "0" * 31
    request_id = "6c52dd6c6f23ffef" + "0" * 16
    assert masked(f"{request_id} AAAAAAAAAAAAAAAA", [secret, "dG9rZW4tAAAAAAAAAAAAAAAAAAAAAAAA"]) == (
        f"{request_id} AAAAAAAAAAAAAAAA"
    )
    assert masked(f"no: {secret}, {secret[:30]} and {secret[4:]}!", [secret]) == "no: ***, *** and ***!"
    for alike in ("0" * 40, "ab" * 20, "0" * 9):
        assert masked(f"no: {alike}!", [alike]) == "no: ***!"


def test_secrets_that_come_later_are_masked_from_then_on() -> None:
    class Holder:
        secrets: tuple[str, ...] = ()

    holder, known = Holder(), Secrets()
    known.add(holder)
    assert known.masked("first-token-1 second-token-2") == "first-token-1 second-token-2"
    holder.secrets = ("first-token-1", "second-token-2")
    assert known.masked("first-token-1 second-token-2 signature-of-it", "signature-of-it") == "*** *** ***"
    assert "token" not in repr(known)


def test_what_to_look_for_of_a_secret_is_worked_out_once_however_many_signatures_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Holder:
        secrets = ("secret-key-of-1", "security-token-1")

    worked_out: list[str] = []

    def noting(secret: str, at_most: int) -> frozenset[str]:
        worked_out.append(secret)
        return forms(secret, at_most)

    monkeypatch.setattr(redaction, "forms", noting)
    known, holder = Secrets(), Holder()
    known.add(holder)
    signatures = [f"{number:064x}" for number in range(100)]
    for signature in signatures:
        text = f"{signature} {holder.secrets[-1]}"
        assert known.masked(text, signature, holder.secrets[-1]) == known.masked(text, signature) == "*** ***"
    assert sorted(worked_out) == sorted([*holder.secrets, *signatures])
    holder.secrets = ("secret-key-of-2", "security-token-1")
    assert known.masked("secret-key-of-2 security-token-1") == "*** ***"
    assert worked_out[-1] == "secret-key-of-2"
    assert len(worked_out) == 103


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
        "sec\u200bret+to\u00a0/ken",
    ],
)
def test_a_secret_is_found_through_each_kind_of_escape(spelled: str) -> None:
    assert masked(f"no: {spelled}!", ["secret+to/ken"]) == "no: ***!"


def test_a_secret_that_is_not_ascii_is_found_and_a_number_that_is_no_character_is_left() -> None:
    assert masked("no: p%C3%A4ss\\u0077ort&#x1F600;!", ["pässwort😀"]) == "no: ***!"
    assert masked("&#9999999; &#xFFFFFF; pass\u0301wort1!", ["pass\u0301wort1"]) == "&#9999999; &#xFFFFFF; ***!"


def test_a_secret_that_looks_escaped_itself_is_found_with_and_without_its_escapes() -> None:
    secret = "a%41\\u0042&amp;%2541secret"
    for text in (secret, "aAB&%41secret", secret.replace("%", "%25"), secret.replace("&", "&amp;")):
        assert masked(f"no: {text} of", [secret]) == "no: *** of"
    assert masked("no: %252541-secret!", ["%25252525252541-secret"]) == "no: ***!"


def test_four_layers_of_escapes_are_removed_and_of_more_the_long_rest_is_found() -> None:
    secret = "secret+to/ken+of+thirty/chars"
    assert masked("s%25252565cret+to/ken+of+thirty/chars", [secret]) == "***"
    assert masked("s%2525252565cret+to/ken+of+thirty/chars", [secret]) == "s%2525252565***"


def test_a_secret_that_stands_twice_is_masked_twice_and_one_run_once() -> None:
    secret = "0123456789abcdef"
    assert masked(f"{secret} and {secret}", [secret]) == "*** and ***"


@pytest.mark.parametrize("how", EMBEDDINGS)
def test_in_a_long_text_a_secret_is_masked_in_each_spelling_and_what_is_around_it_stays(how: str) -> None:
    spelled = EMBEDDINGS[how](TOKEN)
    text = masked(f"{'x y' * 30_000} {spelled} {'%20' * 10_000}", [TOKEN])
    assert text.startswith("x y" * 30_000)
    assert text.endswith("%20" * 10_000)
    assert MASK in text[90_000:90_020]
    assert len(text) <= 90_000 + 30_000 + 20


def test_a_text_with_thousands_of_different_escapes_is_read_through() -> None:
    escapes = "".join(f"\\u{code:04x}" for code in range(0x4E00, 0x4E00 + 5000))
    assert masked(f"{escapes}sec%72et+to/ken", ["secret+to/ken"]) == f"{escapes}***"


ESCAPES: Final = st.sampled_from([*"%\\&#;25xun4 ü\u200b", "%25", "%2541", "\\\\", "\\u005c", "&amp;", "&#38;", "&lt;"])


@given(st.lists(ESCAPES, max_size=200).map("".join))
def test_what_is_looked_through_is_in_proportion_to_the_text_whatever_it_holds(text: str) -> None:
    looked_through = [len(view.chars) for view in views(text)]
    assert max(looked_through) <= len(text)
    assert len(looked_through) <= 1 + MAX_LAYERS + 3


@given(st.lists(ESCAPES, max_size=60).map("".join))
def test_each_character_of_a_view_stands_for_a_part_of_the_text_in_order(text: str) -> None:
    for view in views(text):
        parts = [(view.start(at), view.end(at)) for at in range(len(view.chars))]
        assert all(0 <= start < end <= len(text) for start, end in parts)
        assert parts == sorted(parts)
