"""A repository that is in a center twice is a difference, with its owner and without it, too."""

from pathlib import Path

import pytest

from crawler.model.walk_id import Center
from crawler.snapshot.verify import verify
from tests.audit.examples import record
from tests.store.builders import publish_records

TWICE = "1 record without domain_name of repositories that are there with it"


def differences(output: Path, *records: tuple[str, Center, str | None]) -> tuple[str, ...]:
    written = [record(target=target, center=center, domain_name=owner) for target, center, owner in records]
    return verify(publish_records(output, "one", written, max_part_bytes=1)).differences


def test_a_record_with_its_owner_and_without_it_is_there_twice(tmp_path: Path) -> None:
    assert differences(tmp_path / "a", ("eu", "self", None), ("eu", "self", "acme")) == (f"self: {TWICE}",)
    several: tuple[tuple[str, Center, str | None], ...] = (
        ("eu", "self", ""),
        ("eu", "self", "acme"),
        ("west", "self", "acme"),
        ("west", "self", None),
    )
    assert differences(tmp_path / "b", *several) == (f"eu/self: {TWICE}", f"west/self: {TWICE}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("eu", "self", "acme"), ("eu", "self", "globex")),
        (("eu", "self", "acme"), ("eu", "thirdparty", None)),
        (("eu", "self", "acme"), ("west", "self", None)),
        (("eu", "self", "acme"), ("west", "self", "acme")),
    ],
)
def test_two_owners_centers_or_targets_make_two_repositories(
    tmp_path: Path, first: tuple[str, Center, str | None], second: tuple[str, Center, str | None]
) -> None:
    assert differences(tmp_path, first, second) == ()


def test_a_record_that_is_there_twice_is_named(tmp_path: Path) -> None:
    (found,) = differences(tmp_path, ("eu", "self", None), ("eu", "self", ""))
    assert found.endswith("team/app was there before")
