"""Laws of targets: which there are, where each setting of one is from, regions, and plain http."""

from collections.abc import Mapping

import pytest

from crawler.cli.console.exit_status import exit_code_of_error
from crawler.config.describe import describe
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import UsageError
from tests.config.loading import SECRET, TWO_TARGETS, loaded, refusal


def test_a_target_uses_its_own_settings_and_those_of_crawl_for_the_rest() -> None:
    a, b = loaded(TWO_TARGETS).config.targets
    assert (a.name, a.endpoint, a.token, a.rate_per_s) == (
        "a",
        "https://a.example",
        SecretRef("env", "OWN"),
        5.0,
    )
    assert (b.token, b.rate_per_s, b.concurrency) == (SecretRef("env", "SHARED"), 7.0, 3)
    assert a.concurrency == 64
    origins = loaded(TWO_TARGETS).origins
    assert origins["target.a.concurrency"] == "default"
    assert origins["target.b.rate_per_s"] == "file crawler.toml"
    assert "endpoint" not in origins


@pytest.mark.parametrize("where", ["flags", "environment"])
def test_rate_and_concurrency_of_flags_and_environment_hold_for_every_target(where: str) -> None:
    result = (
        loaded(TWO_TARGETS, flags={"rate_per_s": 9, "concurrency": 4})
        if where == "flags"
        else loaded(TWO_TARGETS, {"SWR_CRAWLER_RATE": "9", "SWR_CRAWLER_CONCURRENCY": "4"})
    )
    assert [(target.rate_per_s, target.concurrency) for target in result.config.targets] == [(9.0, 4)] * 2


@pytest.mark.parametrize("where", ["flags", "environment"])
def test_an_endpoint_of_flags_or_environment_replaces_all_targets_by_one(where: str) -> None:
    result = (
        loaded(TWO_TARGETS, flags={"endpoint": "c.example"})
        if where == "flags"
        else loaded(TWO_TARGETS, {"SWR_CRAWLER_ENDPOINT": "c.example"})
    )
    (target,) = result.config.targets
    assert (target.name, target.endpoint, target.rate_per_s) == ("default", "https://c.example", 7.0)
    assert target.token == SecretRef("env", "SHARED")


def test_a_targets_own_token_overrides_the_environment_which_overrides_the_shared_token() -> None:
    a, b = loaded(TWO_TARGETS, {"SWR_CRAWLER_TOKEN": SECRET}).config.targets
    assert a.token == SecretRef("env", "OWN")
    assert b.token == SecretRef("env", "SWR_CRAWLER_TOKEN")


def test_a_target_without_a_name_is_called_default_and_may_use_the_endpoint_of_crawl() -> None:
    (target,) = loaded('[crawl]\nendpoint = "a.example"\n[[target]]\nconcurrency = 1').config.targets
    assert (target.name, target.endpoint, target.concurrency) == ("default", "https://a.example", 1)


def test_a_targets_own_method_and_project_override_the_environment_and_a_flag_overrides_them() -> None:
    text = '[[target]]\nendpoint = "a.example"\nauth = "token"\nproject_id = "own"'
    environ = {"SWR_CRAWLER_AUTH": "aksk", "SWR_CRAWLER_PROJECT_ID": "other"}
    (target,) = loaded(text, environ).config.targets
    assert (target.auth, target.project_id, target.isolated) == ("token", "own", False)
    assert loaded(text, environ, {"auth": "metadata"}).config.targets[0].auth == "metadata"


# --- regions ------------------------------------------------------------------------------------------

EU_DE = "https://swr-api.eu-de.otc.t-systems.com"
EU_NL = "https://swr-api.eu-nl.otc.t-systems.com"


@pytest.mark.parametrize("where", ["flags", "environment", "file"])
def test_several_regions_make_one_target_each_named_after_them(where: str) -> None:
    result = {
        "flags": lambda: loaded(TWO_TARGETS, flags={"region": ("eu-de", "eu-nl")}),
        "environment": lambda: loaded(TWO_TARGETS, {"SWR_CRAWLER_REGION": "eu-de,eu-nl"}),
        "file": lambda: loaded('[crawl]\nregion = ["eu-de", "eu-nl"]\ntoken = "env:SHARED"'),
    }[where]()
    found = [(target.name, target.region, target.endpoint) for target in result.config.targets]
    assert found == [("eu-de", "eu-de", EU_DE), ("eu-nl", "eu-nl", EU_NL)]
    assert {str(target.token) for target in result.config.targets} == {"env:SHARED"}
    assert result.origins["target.eu-nl.endpoint"] == result.origins["target.eu-nl.region"]
    assert {row.setting: row.value for row in describe(result, {})}["target.eu-nl.region"] == "eu-nl"


def test_a_single_region_makes_one_target_named_after_it_and_shown_without_a_prefix() -> None:
    result = loaded(flags={"region": ["eu-de"]})
    (target,) = result.config.targets
    assert (target.name, target.endpoint) == ("eu-de", EU_DE)
    assert (result.origins["endpoint"], result.origins["region"]) == ("flag --region", "flag --region")
    assert loaded('[crawl]\nregion = "eu-de"').config.targets[0].endpoint == EU_DE


def test_of_endpoint_and_region_the_one_with_higher_precedence_holds_and_the_other_is_ignored() -> None:
    (by_region,) = loaded('[crawl]\nendpoint = "a.example"', flags={"region": ["eu-de"]}).config.targets
    assert (by_region.name, by_region.endpoint) == ("eu-de", EU_DE)
    (by_endpoint,) = loaded(environ={"SWR_CRAWLER_REGION": "eu-de"}, flags={"endpoint": "a.example"}).config.targets
    assert (by_endpoint.name, by_endpoint.endpoint, by_endpoint.region) == ("default", "https://a.example", None)
    (over,) = loaded(environ={"SWR_CRAWLER_ENDPOINT": "a.example"}, flags={"region": ["eu-de"]}).config.targets
    assert over.endpoint == EU_DE


def test_a_region_beside_an_endpoint_is_the_endpoints_region_and_may_be_unknown() -> None:
    (target,) = loaded(flags={"endpoint": "a.example", "region": ["xx-new-1"]}).config.targets
    assert (target.name, target.endpoint, target.region) == ("default", "https://a.example", "xx-new-1")
    error = refusal(flags={"endpoint": "a.example", "region": ["eu-de", "eu-nl"]})
    assert str(error) == "--region: several regions for one target; name one of them, or remove the endpoint"


@pytest.mark.parametrize(
    ("text", "environ", "flags", "says"),
    [
        (
            None,
            {},
            {"region": ["cn-nort-4"]},
            "--region: cn-nort-4 is not a known region; did you mean cn-north-4?; for any",
        ),
        (None, {"SWR_CRAWLER_REGION": "zz-zz"}, {}, "SWR_CRAWLER_REGION: zz-zz is not a known region; known: ae-ad-1,"),
        (None, {}, {"region": ["EU"]}, "--region: 'EU' is not the name of a region, such as cn-north-4"),
        ('[[target]]\nregion = ["eu-de", "eu-nl"]', {}, {}, "[[target]] 1 region: names several regions; write one"),
        (
            '[[target]]\nregion = "eu-dee"',
            {},
            {},
            "[[target]] 1 region: eu-dee is not a known region; did you mean eu-de?",
        ),
        ('[[target]]\nregion = "eu-de"\n[[target]]\nregion = "eu-de"', {}, {}, "2 name: eu-de is the name of another"),
        ('[crawl]\nregion = ["eu-de", "eu-nl"]\n[[target]]', {}, {}, "[crawl] region: several regions for one target"),
    ],
)
def test_a_region_that_is_unknown_malformed_or_ambiguous_is_refused(
    text: str | None, environ: Mapping[str, str], flags: Mapping[str, object], says: str
) -> None:
    assert says in str(refusal(text, environ, flags))


def test_a_target_has_its_own_region_or_endpoint_else_those_of_crawl_and_is_named_after_its_region() -> None:
    text = """
    [crawl]
    endpoint = "a.example"
    region = "xx-new-1"
    [[target]]
    region = "eu-de"
    [[target]]
    name = "b"
    endpoint = "b.example"
    [[target]]
    name = "c"
    [[target]]
    name = "d"
    region = "eu-nl"
    endpoint = "d.example"
    """
    assert [(target.name, target.region, target.endpoint) for target in loaded(text).config.targets] == [
        ("eu-de", "eu-de", EU_DE),
        ("b", None, "https://b.example"),
        ("c", "xx-new-1", "https://a.example"),
        ("d", "eu-nl", "https://d.example"),
    ]


# --- plain http ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:80", "[::ffff:127.0.0.1]"])
def test_plain_http_to_this_machine_is_accepted(host: str) -> None:
    assert loaded(flags={"endpoint": f"http://{host}"}).config.targets


def test_plain_http_to_iam_and_metadata_is_refused_beyond_this_machine_and_its_link() -> None:
    endpoint = 'endpoint = "a.example"\n'
    for name in ("iam_endpoint", "sts_endpoint", "metadata_endpoint"):
        text = f'[[target]]\n{endpoint}{name} = "http://10.0.0.1"'
        assert str(refusal(text)).startswith(f"crawler.toml, [[target]] 1 {name}: plain http exposes the token")
        assert loaded(text, flags={"allow_http": True}).config.targets
        assert loaded(f'[crawl]\n{endpoint}{name} = "http://127.0.0.1:8080"').config.targets
    assert loaded(f'[crawl]\n{endpoint}metadata_endpoint = "http://169.254.1.1"').config.targets
    assert exit_code_of_error(refusal(f'[crawl]\n{endpoint}iam_endpoint = "http://169.254.1.1"')) == 78


@pytest.mark.parametrize(
    "host", ["a.example", "localhost.example", "127.0.0.1.example", "[::2]", "10.0.0.1", "[::ffff:10.0.0.1]"]
)
def test_plain_http_to_other_machines_has_to_be_allowed(host: str) -> None:
    error = refusal(flags={"endpoint": f"http://{host}"})
    assert isinstance(error, UsageError)
    assert str(error).startswith("--endpoint: plain http exposes the token")
    text = f'[[target]]\nendpoint = "http://{host}"'
    assert str(refusal(text)).startswith("crawler.toml, [[target]] 1 endpoint: plain http")
    assert loaded(text, flags={"allow_http": True}).config.targets
