"""Laws of the environment as a source of settings: unknown variables, tokens, and secrets that never show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.describe import describe, redacted
from crawler.config.load import load
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.table import SETTINGS
from crawler.config.settings.variables import CONFIG_VARIABLE
from crawler.errors import ConfigError
from tests.config.loading import SECRET, loaded, refusal


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("SWR_CRAWLER_LIMITS", "did you mean SWR_CRAWLER_LIMIT?"),
        ("SWR_CRAWLER_TIMEOUT_S", "did you mean SWR_CRAWLER_TIMEOUT?"),
        ("SWR_CRAWLER_TOKEN_EU", "did you mean SWR_CRAWLER_TOKEN?"),
        ("SWR_CRAWLER_", "known: SWR_CRAWLER_ACCESS_KEY, ACCOUNT, ACCOUNT_ID, ALLOW_HTTP"),
        ("SWR_CRAWLER_\x1b", "'SWR_CRAWLER_\\x1b': unknown variable"),
    ],
)
def test_an_unknown_variable_with_the_crawlers_prefix_is_refused(variable: str, says: str) -> None:
    error = refusal(environ={variable: SECRET})
    assert isinstance(error, ConfigError)
    assert error.setting == variable
    assert says in str(error)


def test_variables_that_a_reference_names_the_variable_of_the_file_and_those_without_the_prefix_are_accepted() -> None:
    text = '[[target]]\nendpoint = "a.example"\ntoken = "env:SWR_CRAWLER_TOKEN_EU"'
    names = ("SWR_CRAWLER_TOKEN_EU", "SWR_CRAWLER_TOKEN", CONFIG_VARIABLE, "PATH", "SWR_CRAWLE")
    (target,) = loaded(text, dict.fromkeys(names, "x")).config.targets
    assert target.token == SecretRef("env", "SWR_CRAWLER_TOKEN_EU")


@pytest.mark.parametrize("service", ["", "METRICS_", "V2_METRICS_"])
@pytest.mark.parametrize(
    "name",
    [
        *("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP_2", "PORT", "PORT_9100_TCP", "PORT_53_UDP_PROTO"),
        *("PORT_9100_TCP_PORT", "PORT_9100_SCTP_ADDR"),
    ],
)
def test_the_variables_that_kubernetes_sets_for_a_service_called_like_the_crawler_are_no_settings(
    service: str, name: str
) -> None:
    load(flags={}, environ={f"SWR_CRAWLER_{service}{name}": "tcp://10.0.0.1:80"}, file_text=None, file_name=None)


@pytest.mark.parametrize("name", ["SERVICE", "PORTS", "PORT_HTTP", "METRICS_PORT_TCP", "PORT_80_HTTP", "service_host"])
def test_what_only_resembles_a_variable_of_kubernetes_is_refused(name: str) -> None:
    assert "unknown variable" in str(refusal(environ={f"SWR_CRAWLER_{name}": "80"}))


def test_the_newline_at_the_end_of_a_mounted_file_is_no_part_of_a_variable() -> None:
    environ = {
        "SWR_CRAWLER_ENDPOINT": "https://a.example\n",
        "SWR_CRAWLER_USER": "bob\r\n",
        "SWR_CRAWLER_LIMIT": "7\n",
        "SWR_CRAWLER_CENTER": "self\n",
        "HUAWEICLOUD_SDK_CREDENTIALS_FILE": "/run/key\n",
    }
    config = loaded(environ=environ).config
    (target,) = config.targets
    assert (target.endpoint, target.user, config.limit) == ("https://a.example", "bob", 7)
    assert (config.centers, target.credentials_file) == (("self",), "/run/key")


def test_the_token_is_the_first_variable_that_is_set_and_the_file_overrides_those_of_other_tools() -> None:
    environ = {"SWR_CRAWLER_TOKEN": "", "OS_TOKEN": "z", "OS_AUTH_TOKEN": "y", "HW_AUTH_TOKEN": ""}
    result = loaded(environ=environ, flags={"endpoint": "a.example"})
    assert result.config.targets[0].token == SecretRef("env", "OS_AUTH_TOKEN")
    assert result.origins["token"] == "environment OS_AUTH_TOKEN"
    written = loaded('[crawl]\ntoken = "file:/run/t"', environ, {"endpoint": "a.example"})
    assert written.config.targets[0].token == SecretRef("file", "/run/t")
    overridden = loaded('[crawl]\ntoken = "file:/run/t"', {"SWR_CRAWLER_TOKEN": "x"}, {"endpoint": "a.example"})
    assert str(overridden.config.targets[0].token) == "env:SWR_CRAWLER_TOKEN"
    assert overridden.origins["token"] == "environment SWR_CRAWLER_TOKEN"


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_the_value_of_the_token_variable_shows_nowhere(noise: str) -> None:
    secret = f"hush{noise}hush"
    result = loaded(environ={"SWR_CRAWLER_TOKEN": secret}, flags={"endpoint": "a.example"})
    shown = f"{result!r}{redacted(result.config)!r}{describe(result, {'SWR_CRAWLER_TOKEN': secret})!r}"
    assert "hush" not in shown


def test_a_secret_in_the_environment_is_a_reference_to_its_variable() -> None:
    names = [name for name, setting in SETTINGS.items() if setting.secret]
    environ = {SETTINGS[name].variable: SECRET for name in names} | {"SWR_CRAWLER_PROXY": "proxy.example:3128"}
    result = loaded(environ=environ, flags={"endpoint": "a.example"})
    (target,) = result.config.targets
    for name in names:
        assert getattr(target, name) == SecretRef("env", SETTINGS[name].variable)
    assert SECRET not in f"{result!r}{redacted(result.config)!r}{describe(result, environ)!r}"


def test_a_secret_in_an_endpoint_is_not_repeated() -> None:
    for endpoint in (f"https://me:{SECRET}@a.example", f"https://a.example/?token={SECRET}"):
        assert str(refusal(flags={"endpoint": endpoint})).startswith("--endpoint: the value is not an origin")


def test_the_sdks_variable_for_the_credentials_file_is_checked_and_the_crawlers_setting_overrides_it() -> None:
    variable = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
    result = loaded('[crawl]\ncredentials_file = "/own"', {variable: "/sdk"}, {"endpoint": "a.example"})
    assert result.config.targets[0].credentials_file == "/own"
    assert loaded(environ={variable: "/sdk"}).origins["credentials_file"] == f"environment {variable}"
    assert str(refusal(environ={variable: "a\nb"})).startswith(f"{variable}: 'a\\nb' is not a path")
