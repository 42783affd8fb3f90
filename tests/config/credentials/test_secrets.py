"""Laws of reading secrets: from the place that the configuration names, and never repeated in a message."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.config.credentials.secrets import (
    Stored,
    nothing_stored,
    read_header,
    read_secret,
    read_tool_file,
    warn_of_exposed,
)
from crawler.config.credentials.stored import StoredSecrets
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import CredentialsError
from tests.config.loading import loaded, tool_files

PROFILE = "[basic]\nak = AK\nsk = S%K with spaces\n"


def stored(profile: str | None) -> Stored:
    """Return what looks up secrets in a credentials file that holds `profile`."""
    (target,) = loaded(flags={"endpoint": "a.example"}).config.targets
    return StoredSecrets(target, {}, tool_files({} if profile is None else {target.credentials_file: profile})).text


NOTHING = nothing_stored


def test_a_password_may_hold_characters_that_a_header_may_not(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("corrêct horse\n", encoding="utf-8")
    reference = SecretRef("file", str(file))
    assert read_secret(reference, {}, NOTHING) == "corrêct horse"
    with pytest.raises(CredentialsError, match="no token or key has"):
        read_header(reference, {}, NOTHING)


def test_a_profile_is_read_without_interpolation() -> None:
    assert read_secret(SecretRef("profile", "basic.sk"), {}, stored(PROFILE)) == "S%K with spaces"
    assert read_header(SecretRef("profile", "basic.ak"), {}, stored(PROFILE)) == "AK"


@pytest.mark.parametrize(
    ("reference", "profile"),
    [
        (SecretRef("env", "NOWHERE"), None),
        (SecretRef("profile", "basic.token"), PROFILE),
        (SecretRef("profile", "basic.sk"), None),
        (SecretRef("file", "/nowhere"), None),
        (SecretRef("file", "/usr"), None),
    ],
)
def test_the_error_of_a_missing_secret_names_only_its_reference(reference: SecretRef, profile: str | None) -> None:
    with pytest.raises(CredentialsError) as refusal:
        read_secret(reference, {}, stored(profile))
    assert str(refusal.value).startswith(str(reference))
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["secret", "profile"])
def test_a_file_that_is_not_text_is_refused(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "binary"
    file.write_bytes(b"\xff\xfe\x00")
    file.chmod(0o600)
    with pytest.raises(CredentialsError, match="is not UTF-8 text"):
        _ = (
            read_secret(SecretRef("file", str(file)), {}, NOTHING)
            if kind == "secret"
            else read_tool_file(str(file), "credentials_file")
        )


def test_a_profile_is_read_whatever_its_mode_and_may_be_missing(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    assert read_tool_file(str(file), "credentials_file") is None
    file.write_text("\ufeff" + PROFILE, encoding="utf-8")
    for mode in (0o600, 0o440, 0o644):
        file.chmod(mode)
        assert read_tool_file(str(file), "credentials_file") == PROFILE
    assert read_tool_file(f"{file}/below", "credentials_file") is None
    with pytest.raises(CredentialsError, match=r"credentials_file .*; name another file"):
        read_tool_file(str(tmp_path), "credentials_file")
    with pytest.raises(CredentialsError, match=r"credentials_file .*: cannot be the path"):
        read_tool_file(f"{file}\0", "credentials_file")


@pytest.mark.parametrize(("mode", "is_exposed"), [(0o400, False), (0o440, False), (0o660, False), (0o444, True)])
def test_a_file_that_every_user_of_the_machine_may_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, *, is_exposed: bool
) -> None:
    file = tmp_path / "credentials"
    file.write_text(PROFILE)
    file.chmod(mode)
    warn_of_exposed(str(file))
    warn_of_exposed(f"{file}-that-is-gone")
    assert [record.getMessage() for record in caplog.records] == ["credentials.exposed"] * is_exposed


def test_a_secret_below_a_home_folder_that_nothing_names_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    with pytest.raises(CredentialsError, match=r"file:~nobody-there/token: .*; set HOME, or write the whole path"):
        read_secret(SecretRef("file", "~nobody-there/token"), {}, NOTHING)
    assert read_tool_file("~nobody-there/credentials", "credentials_file") is None


@pytest.mark.parametrize("read", [read_secret, read_header])
def test_a_variable_whose_bytes_are_no_text_holds_no_secret(read: Callable[..., str]) -> None:
    environ = {"PASSWORD": b"p\xffssword".decode(errors="surrogateescape")}
    with pytest.raises(CredentialsError, match="env:PASSWORD: is not UTF-8 text"):
        read(SecretRef("env", "PASSWORD"), environ, NOTHING)
