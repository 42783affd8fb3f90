"""Laws of the rules for names, and of references to secrets."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.config.settings.names import iam_id, snapshot_id, target_name
from crawler.config.settings.secret_ref import SecretRef, secret_ref


@pytest.mark.parametrize("rule", [snapshot_id, target_name])
@pytest.mark.parametrize("text", ["", ".", "..", ".a", "-a", "a/b", "a\\b", "a\n", "a" * 65, "ä", "a b", "a\0"])
def test_a_name_that_becomes_a_folder_cannot_leave_it(rule: Callable[[str], str | None], text: str) -> None:
    assert rule(text) is None


def test_snapshot_ids_and_target_names_have_at_most_64_characters() -> None:
    assert snapshot_id("2026-01-01T00.00_Z") == "2026-01-01T00.00_Z"
    assert target_name("eu_de-1") == "eu_de-1"
    assert target_name("EU") is None
    assert snapshot_id("a" * 64) == target_name("a" * 64) == "a" * 64


def test_a_project_id_can_be_a_header() -> None:
    assert iam_id("0123456789abcdef0123456789abcdef") == "0123456789abcdef0123456789abcdef"
    for text in ("", "a\r\nb", "a b", "ä", "a" * 65):
        assert iam_id(text) is None


@given(st.text())
@example("env:A")
@example("file:/a b")
@example("env:A\n")
@example("basic.sk")
def test_a_reference_reads_back_as_itself(text: str) -> None:
    for spelled in (text, f"env:{text}", f"file:{text}", f"profile:{text}"):
        ref = secret_ref(spelled)
        assert ref is None or str(ref) == spelled
    assert secret_ref("env:_A1") == SecretRef("env", "_A1")
    assert secret_ref("profile:basic.sk") == SecretRef("profile", "basic.sk")
    assert secret_ref("profile:basic") is None
