"""The emulator for the tests of other programs."""

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

import crawler
from crawler.emulator import serve, serve_async


def status(url: str, token: str) -> int:
    request = Request(f"{url}/v2/manage/shared-repositories?center=self", headers={"X-Auth-Token": token})  # noqa: S310
    with urlopen(request) as response:  # noqa: S310 - of this host
        return int(response.status)


def test_it_serves_while_the_context_lasts_and_counts() -> None:
    with serve(repositories=10) as served:
        assert status(served.url, served.token) == 200
        assert served.counters()["requests"] == 1
        assert served.environ == {"SWR_CRAWLER_ENDPOINT": served.url, "SWR_CRAWLER_TOKEN": served.token}
    with pytest.raises(OSError, match="refused"):
        status(served.url, served.token)


def test_faults_and_settings_are_those_of_the_command() -> None:
    with serve(repositories=10, faults=("server-errors:rate=1",), token="t" * 40) as served:
        assert served.token == "t" * 40
        with pytest.raises(HTTPError, match="50") as refused:
            status(served.url, served.token)
        refused.value.close()  # Python 3.14 warns of an answer that is not
        assert served.counters()["faults"] != {}


def test_what_is_wrong_is_raised_where_it_is_served() -> None:
    with pytest.raises(crawler.UsageError, match="no-such"), serve(faults=("no-such",)):
        raise AssertionError
    with pytest.raises(crawler.ConfigError, match="namespaces"), serve(namespaces=0):
        raise AssertionError
    with serve() as served:
        port = int(served.url.rpartition(":")[2])
        with pytest.raises(crawler.ConfigError, match="cannot listen"), serve(port=port):
            raise AssertionError


@pytest.mark.anyio
async def test_it_serves_in_a_running_loop_too() -> None:
    async with serve_async(repositories=10) as served:
        config = crawler.Config.load(environ=served.environ)
        assert (await crawler.plan_async(config, environ=served.environ)).records == 10
