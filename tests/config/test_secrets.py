"""Secrets are read from where the configuration says, and what is read is never repeated in a message."""

from pathlib import Path

import pytest

from crawler.config.secrets import read_header, read_profile, read_secret
from crawler.config.settings import SecretRef
from crawler.errors import CredentialsError

PROFILE = "[basic]\nak = AK\nsk = S%K with spaces\n"


def test_a_password_may_hold_what_a_header_may_not(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("corrêct horse\n", encoding="utf-8")
    reference = SecretRef("file", str(file))
    assert read_secret(reference, {}, None) == "corrêct horse"
    with pytest.raises(CredentialsError, match="no token or key has"):
        read_header(reference, {}, None)


def test_a_profile_is_read_as_it_stands() -> None:
    assert read_secret(SecretRef("profile", "basic.sk"), {}, PROFILE) == "S%K with spaces"
    assert read_header(SecretRef("profile", "basic.ak"), {}, PROFILE) == "AK"


@pytest.mark.parametrize(
    ("reference", "profile"),
    [
        (SecretRef("env", "NOWHERE"), None),
        (SecretRef("profile", "basic.token"), PROFILE),
        (SecretRef("profile", "basic.sk"), None),
        (SecretRef("profile", "basic.sk"), "sk = s3cret without a section"),
        (SecretRef("file", "/nowhere"), None),
        (SecretRef("file", "/usr"), None),
    ],
)
def test_what_is_not_there_is_said_by_its_reference_alone(reference: SecretRef, profile: str | None) -> None:
    with pytest.raises(CredentialsError) as refusal:
        read_secret(reference, {}, profile)
    assert str(refusal.value).startswith(str(reference))
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["secret", "profile"])
def test_what_is_no_text_is_said_to_be_none(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "binary"
    file.write_bytes(b"\xff\xfe\x00")
    file.chmod(0o600)
    with pytest.raises(CredentialsError, match="is no text"):
        _ = read_secret(SecretRef("file", str(file)), {}, None) if kind == "secret" else read_profile(file)


def test_a_profile_is_the_owners_alone_or_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    assert read_profile(file) is None
    file.write_text("\ufeff" + PROFILE, encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(CredentialsError, match="chmod 600"):
        read_profile(file)
    file.chmod(0o600)
    assert read_profile(file) == PROFILE
    with pytest.raises(CredentialsError, match="credentials_file"):
        read_profile(tmp_path / "credentials" / "below")
