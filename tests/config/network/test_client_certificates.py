"""Which certificate a target shows of itself: a key and its password are those that were written for it."""

from collections.abc import Mapping

import pytest

from crawler.config.settings.secret_ref import SecretRef
from tests.config.loading import loaded

OPENSTACK = {"OS_CERT": "os.pem", "OS_KEY": "os.key"}
OF_A_CLOUD = '[[target]]\nregion = "eu-de"\n'


@pytest.mark.parametrize(
    ("toml", "environ", "expected"),
    [
        ("", OPENSTACK, ("os.pem", "os.key", None)),
        ("", {"OS_CERT": "os.pem\n"}, ("os.pem", None, None)),
        ("", {"OS_KEY": "os.key"}, (None, None, None)),  # as those clients have it
        ("", {"OS_CERT": "", "OS_KEY": "os.key"}, (None, None, None)),
        # What is written for this program holds, and nothing of the other tool is combined with it.
        ('client_cert = "own.pem"', OPENSTACK, ("own.pem", None, None)),
        ("", {**OPENSTACK, "SWR_CRAWLER_CLIENT_CERT": "own.pem"}, ("own.pem", None, None)),
        ('client_key = "own.key"', OPENSTACK, ("os.pem", "own.key", None)),
        ("", {**OPENSTACK, "SWR_CRAWLER_CLIENT_KEY_PASSWORD": "p"}, ("os.pem", "os.key", "env")),
        (f'{OF_A_CLOUD}client_cert = "own.pem"', OPENSTACK, ("own.pem", None, None)),
        (OF_A_CLOUD, OPENSTACK, ("os.pem", "os.key", None)),
        # It belongs to the credentials of that tool, which a target with its own does not use.
        (f'{OF_A_CLOUD}token = "env:T"', OPENSTACK, (None, None, None)),
        (f'client_cert = "a.pem"\n{OF_A_CLOUD}token = "env:T"', {}, ("a.pem", None, None)),
        # The password in the environment, the key in the file.
        (
            'client_cert = "a.pem"\nclient_key = "a.key"',
            {"SWR_CRAWLER_CLIENT_KEY_PASSWORD": "p"},
            ("a.pem", "a.key", "env"),
        ),
        ('client_cert = "a.pem"\nclient_key_password = "file:p"', {}, ("a.pem", None, "file")),
        # A password in the file was written for the key in the file.
        (
            'client_cert = "a.pem"\nclient_key = "a.key"\nclient_key_password = "file:p"',
            {"SWR_CRAWLER_CLIENT_KEY": "b.key"},
            ("a.pem", "b.key", None),
        ),
        (
            'client_cert = "a.pem"\nclient_key_password = "file:p"',
            {"SWR_CRAWLER_CLIENT_CERT": "b.pem"},
            ("b.pem", None, None),
        ),
        (
            f'client_cert = "a.pem"\nclient_key_password = "file:p"\n{OF_A_CLOUD}client_cert = "b.pem"',
            {},
            ("b.pem", None, None),
        ),
        (
            f'{OF_A_CLOUD}client_cert = "b.pem"\nclient_key = "b.key"\nclient_key_password = "file:p"',
            {"SWR_CRAWLER_CLIENT_KEY_PASSWORD": "p"},
            ("b.pem", "b.key", "file"),
        ),
    ],
)
def test_a_key_and_its_password_are_used_with_the_certificate_that_they_were_written_for(
    toml: str, environ: Mapping[str, str], expected: tuple[str | None, ...]
) -> None:
    flags = {} if "[[target]]" in toml else {"endpoint": "https://swr.example.com"}
    (only,) = loaded(f"[crawl]\n{toml}", environ, flags).config.targets
    password = only.client_key_password
    assert (only.client_cert, only.client_key, password and password.kind) == expected


def test_a_client_certificate_with_a_password_does_not_isolate_the_credentials_of_its_target() -> None:
    toml = f'{OF_A_CLOUD}client_cert = "a.pem"\nclient_key_password = "file:p"'
    (only,) = loaded(toml, {"SWR_CRAWLER_TOKEN": "t"}).config.targets
    assert only.token == SecretRef("env", "SWR_CRAWLER_TOKEN")


def test_settings_show_the_variable_that_a_certificate_is_from() -> None:
    origins = loaded("", OPENSTACK, {"endpoint": "https://swr.example.com"}).origins
    assert (origins["client_cert"], origins["client_key"]) == ("environment OS_CERT", "environment OS_KEY")
