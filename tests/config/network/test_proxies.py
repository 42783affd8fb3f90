"""Which proxy a target goes through: the setting, else the variables as curl reads them."""

from collections.abc import Mapping

import pytest

from crawler.config.credentials.methods import (
    IdpMethod,
    MetadataMethod,
    PasswordMethod,
    PodIdentityMethod,
    TokenMethod,
)
from crawler.config.credentials.target import Target
from crawler.config.network.proxies import ProxyChoice, choose_proxy, credentials_in_url
from crawler.config.network.routes import issuer_of, routes
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import ConfigError
from crawler.swr.auth.iam_ref import IamRef
from tests.config.loading import loaded

HTTPS = "https://swr.example.com"
HTTP = "http://swr.example.com"


def target(toml: str = "", environ: Mapping[str, str] | None = None) -> Target:
    (only,) = loaded(toml, environ or {}, {"endpoint": HTTPS}).config.targets
    return only


def chosen(environ: Mapping[str, str], endpoint: str = HTTPS) -> str | None:
    return choose_proxy(target(), endpoint, environ).proxy


def test_without_setting_and_variable_there_is_no_proxy() -> None:
    assert choose_proxy(target(), HTTPS, {}) == ProxyChoice(None, "default")


@pytest.mark.parametrize(
    ("environ", "of_https", "of_http"),
    [
        ({"HTTPS_PROXY": "http://a:1"}, "http://a:1", None),
        ({"https_proxy": "http://a:1"}, "http://a:1", None),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "http://a:1", None),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:1"}, "http://b:1", None),
        ({"HTTP_PROXY": "http://a:1"}, None, "http://a:1"),
        ({"http_proxy": "http://a:1"}, None, "http://a:1"),
        ({"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": "http://a:1", "REQUEST_METHOD": "GET"}, None, "http://a:1"),
        ({"ALL_PROXY": "http://a:1"}, "http://a:1", "http://a:1"),
        ({"all_proxy": "http://a:1", "ALL_PROXY": "http://b:1"}, "http://a:1", "http://a:1"),
        ({"ALL_PROXY": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "http://b:1", "http://a:1"),
        ({"ALL_PROXY": "socks5://a:1", "HTTPS_PROXY": "http://b:1", "NO_PROXY": "x"}, "http://b:1", "error"),
    ],
)
def test_the_variable_for_the_scheme_wins_and_small_letters_do(
    environ: Mapping[str, str], of_https: str | None, of_http: str | None
) -> None:
    assert chosen(environ) == of_https
    if of_http == "error":
        with pytest.raises(ConfigError, match="ALL_PROXY: names a SOCKS proxy, which is not supported"):
            chosen(environ, HTTP)
    else:
        assert chosen(environ, HTTP) == of_http


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("proxy.corp:3128", "http://proxy.corp:3128"),
        ("http://proxy.corp:3128/", "http://proxy.corp:3128"),
        ("HTTPS://Proxy.Corp", "https://proxy.corp"),
        (" http://[fd00::1]:3128 ", "http://[fd00::1]:3128"),
        ("http://u:p@proxy.corp:3128", "http://proxy.corp:3128"),
        ("http://u:p@/:@x?#s@proxy.corp:3128/a", "http://proxy.corp:3128"),
        ("u:p@proxy.corp:3128", "http://proxy.corp:3128"),
    ],
)
def test_a_proxy_is_written_as_for_curl(text: str, origin: str) -> None:
    assert chosen({"HTTPS_PROXY": text}) == origin


@pytest.mark.parametrize("scheme", ["socks", "socks4", "socks4a", "socks5", "SOCKS5h"])
def test_socks_is_named_as_not_supported(scheme: str) -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY: names a SOCKS proxy, which is not supported") as caught:
        chosen({"HTTPS_PROXY": f"{scheme}://user:hidden@a:1"})
    assert "hidden" not in str(caught.value)
    assert caught.value.setting == "HTTPS_PROXY"


@pytest.mark.parametrize(
    "text", ["ftp://a:hidden@b", "http://u:hidden@", "http://a b:hidden@c d", "http://hidden:port"]
)
def test_a_variable_that_names_no_proxy_is_named_and_its_value_is_not_shown(text: str) -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY: names no HTTP proxy; write http://HOST:PORT") as caught:
        chosen({"HTTPS_PROXY": text})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "origin"),
    [
        ({"NO_PROXY": ".example.com"}, "environment NO_PROXY"),
        ({"no_proxy": "example.com", "NO_PROXY": "other.test"}, "environment no_proxy"),
        ({"no_proxy": "", "NO_PROXY": "example.com"}, "environment NO_PROXY"),
        ({"NO_PROXY": "swr.example.com:443"}, "environment NO_PROXY"),
    ],
)
def test_no_proxy_excepts_hosts(environ: Mapping[str, str], origin: str) -> None:
    assert choose_proxy(target(), HTTPS, {**environ, "ALL_PROXY": "socks5://a:1"}) == ProxyChoice(None, origin)
    assert chosen({**environ, "HTTPS_PROXY": "http://a:1"}, "https://a.test") == "http://a:1"


def test_no_proxy_compares_the_port_of_the_endpoint() -> None:
    environ = {"ALL_PROXY": "http://a:1", "NO_PROXY": "swr.example.com:80"}
    assert chosen(environ, HTTP) is None
    assert chosen(environ, f"{HTTP}:81") == chosen(environ) == "http://a:1"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_a_proxy_of_the_environment_is_not_asked_for_this_machine_but_one_of_the_settings_is(host: str) -> None:
    by_variable = choose_proxy(target(), f"http://{host}:8080", {"ALL_PROXY": "http://a:1"})
    assert by_variable == ProxyChoice(None, "this machine")
    by_setting = choose_proxy(target('[crawl]\nproxy = "b:1"'), f"http://{host}:8080", {})
    assert by_setting == ProxyChoice("http://b:1", "file crawler.toml")


def test_the_setting_holds_whatever_the_variables_say() -> None:
    environ = {"HTTPS_PROXY": "socks5://a:1", "NO_PROXY": "*"}
    own = target('[crawl]\nproxy = "https://b:1"\nproxy_credentials = "file:/run/p"')
    assert choose_proxy(own, HTTPS, environ) == ProxyChoice(
        "https://b:1", "file crawler.toml", SecretRef("file", "/run/p")
    )
    assert choose_proxy(target('[crawl]\nproxy = "none"'), HTTPS, environ) == ProxyChoice(None, "file crawler.toml")
    empty = target('[crawl]\nproxy = ""')
    assert choose_proxy(empty, HTTPS, environ) == ProxyChoice(None, "environment NO_PROXY")


def test_credentials_in_a_variable_are_referred_to_and_decoded_when_they_are_read() -> None:
    choice = choose_proxy(target(), HTTPS, {"HTTPS_PROXY": "http://u:p@a:1"})
    assert choice == ProxyChoice("http://a:1", "environment HTTPS_PROXY", SecretRef("env", "HTTPS_PROXY"), in_url=True)
    assert credentials_in_url("http://corp%5Cu:p%40:%2F@a:1") == "corp\\u:p@:/"
    assert credentials_in_url("http://u@a:1") == "u:"
    assert credentials_in_url("a:1") == ""
    assert credentials_in_url("http://@a:1") == ""


@pytest.mark.parametrize(
    ("toml", "environ", "proxy", "credentials"),
    [
        # The secret in the environment, the proxy in the file.
        ('[crawl]\nproxy = "a:1"', {"SWR_CRAWLER_PROXY_CREDENTIALS": "u:p"}, "http://a:1", "env"),
        ('[crawl]\nproxy = "a:1"\nproxy_credentials = "file:p"', {}, "http://a:1", "file"),
        # Those in the file were written for the proxy in the file.
        ('[crawl]\nproxy = "a:1"\nproxy_credentials = "file:p"', {"SWR_CRAWLER_PROXY": "b:1"}, "http://b:1", None),
        ('[crawl]\nproxy = "a:1"\nproxy_credentials = "file:p"', {"SWR_CRAWLER_PROXY": "none"}, "none", None),
        # A table that names its proxy names its credentials.
        (
            '[crawl]\nproxy = "a:1"\nproxy_credentials = "file:p"\n[[target]]\nregion = "eu-de"\nproxy = "b:1"',
            {"SWR_CRAWLER_PROXY_CREDENTIALS": "u:p"},
            "http://b:1",
            None,
        ),
        (
            '[crawl]\nproxy = "a:1"\n[[target]]\nregion = "eu-de"\nproxy = "b:1"\nproxy_credentials = "file:p"',
            {},
            "http://b:1",
            "file",
        ),
        (
            '[crawl]\nproxy = "a:1"\nproxy_credentials = "file:p"\n[[target]]\nregion = "eu-de"',
            {},
            "http://a:1",
            "file",
        ),
        (
            '[crawl]\nproxy = "a:1"\n[[target]]\nregion = "eu-de"\nproxy_credentials = "file:p"',
            {},
            "http://a:1",
            "file",
        ),
        (
            '[crawl]\nproxy = "a:1"\nproxy_credentials = "file:p"\n[[target]]\nregion = "eu-de"\nproxy = "none"',
            {},
            "none",
            None,
        ),
    ],
)
def test_the_credentials_of_one_proxy_do_not_go_to_another(
    toml: str, environ: Mapping[str, str], proxy: str, credentials: str | None
) -> None:
    flags = {} if "[[target]]" in toml else {"endpoint": HTTPS}
    (only,) = loaded(toml, environ, flags).config.targets
    assert only.proxy == proxy
    assert (only.proxy_credentials.kind if only.proxy_credentials else None) == credentials


@pytest.mark.parametrize(
    ("toml", "environ"),
    [
        ('[crawl]\nproxy_credentials = "file:p"', {}),
        ('[crawl]\nproxy = "none"\nproxy_credentials = "file:p"', {}),
        ("", {"SWR_CRAWLER_PROXY_CREDENTIALS": "u:p"}),
        ("", {"SWR_CRAWLER_PROXY_CREDENTIALS": "u:p", "HTTPS_PROXY": "http://a:1"}),
    ],
)
def test_credentials_without_a_proxy_are_an_error(toml: str, environ: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError, match="there is no proxy that they are for; set proxy to its URL, or remove them"):
        target(toml, environ)


@pytest.mark.parametrize("value", ["http://u:hidden@a:1", "socks5://a:1", "ftp://a", "http://a/hidden", "a b"])
def test_the_setting_is_an_origin_and_what_is_none_is_not_shown(value: str) -> None:
    with pytest.raises(ConfigError, match=r"proxy: the value is not .*SOCKS is not supported") as caught:
        target(f'[crawl]\nproxy = "{value}"')
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("value", ["u:hidden", "profile:basic.ak"])
def test_the_credentials_are_a_reference_to_a_variable_or_a_file(value: str) -> None:
    with pytest.raises(ConfigError, match="proxy_credentials: the value is not a reference") as caught:
        target(f'[crawl]\nproxy = "a:1"\nproxy_credentials = "{value}"')
    assert "hidden" not in str(caught.value)


def test_a_proxy_with_credentials_does_not_isolate_the_credentials_of_its_target() -> None:
    toml = '[[target]]\nregion = "eu-de"\nproxy = "a:1"\nproxy_credentials = "file:p"'
    (only,) = loaded(toml, {"SWR_CRAWLER_TOKEN": "t"}).config.targets
    assert not only.isolated
    assert only.token == SecretRef("env", "SWR_CRAWLER_TOKEN")


def test_api_and_iam_have_each_its_way_and_the_metadata_service_has_none() -> None:
    environ = {"HTTPS_PROXY": "http://a:1", "HTTP_PROXY": "http://b:1", "NO_PROXY": "iam.example.com"}
    name, secret = IamRef("name", "u"), SecretRef("env", "P")
    login = PasswordMethod(
        user=name, account=name, password=secret, project=name, iam_endpoint="https://iam.example.com"
    )
    metadata = MetadataMethod(endpoint="http://169.254.169.254", project_id=None)
    proxied = ProxyChoice("http://a:1", "environment HTTPS_PROXY", in_url=True)
    assert routes(target(), login, environ) == {"API": proxied, "IAM": ProxyChoice(None, "environment NO_PROXY")}
    assert routes(target(), metadata, environ) == {"API": proxied, "metadata service": ProxyChoice(None, "always")}
    pod = PodIdentityMethod(id_token=secret, token_setting="F", url="http://169.254.7.7/v1", project_id=None)
    assert routes(target(), pod, environ)["pod identity agent"] == ProxyChoice(None, "always")
    idp = IdpMethod(id_token=secret, token_setting="F", idp_id="i", iam_endpoint="https://iam.eu", project_id=None)
    assert routes(target(), idp, environ)["IAM"] == proxied
    own = target('[crawl]\nproxy = "http://a:1"')
    assert [issuer_of(one) for one in (login, metadata, pod, idp, TokenMethod(secret))] == [
        "https://iam.example.com",
        "http://169.254.169.254",
        "http://169.254.7.7/v1",
        "https://iam.eu",
        None,
    ]
    assert routes(own, metadata, {})["metadata service"].proxy is None
    assert routes(target(), None, environ) == {"API": proxied}
