"""The emulator on a socket, with a real client."""

import asyncio
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import pytest
from yarl import URL

from crawler.emulator.faults.registry import (
    Burst,
    DropConnection,
    EmptyPage,
    NoContentWhenEmpty,
    SlowResponse,
    Throttle,
)
from crawler.emulator.http.cache import PageCache
from crawler.emulator.http.request import NAMESPACES, SECURITY_KEY, SHARED_REPOSITORIES, TOKENS
from crawler.emulator.http.response import ServedResponse
from crawler.emulator.http.throttle import TokenBucket
from crawler.emulator.inventory.synthetic import synthetic
from crawler.emulator.server import EmulatorSettings, emulator
from crawler.errors import ConfigError
from crawler.swr.auth.signing import AccessKey, Signable, canonical_query, sign
from tests.emulator.client import TOKEN, HttpClient, http_client, numbered

pytestmark = pytest.mark.anyio

TEN = EmulatorSettings(inventory=numbered(10))


def having(**settings: Any) -> EmulatorSettings:  # noqa: ANN401 - the settings' own types
    return EmulatorSettings(inventory=numbered(10), **settings)


async def login(api: HttpClient) -> str:
    """Return a token for the password."""
    identity = api.running.identity
    user = {"name": identity.user, "password": identity.password, "domain": {"name": identity.domain}}
    auth = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"id": identity.project_id}},
    }
    reply = await api.get(path=TOKENS, method="POST", token=None, body=orjson.dumps({"auth": auth}))
    assert reply.status == 201
    return reply.headers["X-Subject-Token"]


async def test_the_documented_example_works_raw_and_percent_encoded() -> None:
    async with http_client(EmulatorSettings(inventory=synthetic(namespaces=3, repositories=60, seed=0))) as api:
        raw = await api.get("filter=center::self|name::busybox")
        packed = await api.get("filter=center%3A%3Aself%7Cname%3A%3Abusybox")
        direct = await api.get("center=self&name=busybox")
    assert raw.body == packed.body == direct.body
    assert raw.status == 200
    assert raw.headers["Content-Range"] == "0-1/1"
    assert raw.headers["Content-Type"] == "application/json;charset=utf-8"
    assert raw.headers["Server"] == "api-gateway"


async def test_every_response_has_its_own_request_id_and_gateway_bodies_repeat_it() -> None:
    async with http_client(having(faults=(Burst(first=1),))) as api:
        replies = [
            await api.get("center=other"),
            await api.get(),
            await api.get(token=None),
            await api.get(token="other"),
            await api.get(path="/v2/manage/nothing"),
        ]
    identities = [reply.headers["X-Request-Id"] for reply in replies]
    assert all(re.fullmatch("[0-9a-f]{32}", identity) for identity in identities)
    assert len(set(identities)) == len(identities)
    for reply, identity in zip(replies[2:], identities[2:], strict=True):
        assert isinstance(reply.json, dict)
        assert reply.json["request_id"] == identity
        assert reply.body.endswith(b"\n")


async def test_the_gateway_refuses_unknown_tokens_and_routes() -> None:
    async with http_client(TEN) as api:
        missing, wrong = await api.get(token=None), await api.get(token="x")
        unknown = await api.get(path="/v2/manage//shared-repositories", token=None)
        posted = await api.get(method="POST")
    assert [reply.status for reply in (missing, wrong, unknown, posted)] == [401, 401, 404, 404]
    assert b"APIGW.0301" in missing.body
    assert b"x-auth-token not found" in missing.body
    assert b"decrypt token fail" in wrong.body
    assert b"APIGW.0101" in unknown.body


async def test_namespaces_are_listed() -> None:
    async with http_client(TEN) as api:
        reply = await api.get("namespace=team", path=NAMESPACES)
    team = {"id": 1422, "name": "team", "creator_name": "username", "auth": 7}
    assert reply.json == {"namespaces": [team]}


async def test_a_token_of_many_kilobytes_is_accepted() -> None:
    token = "MII" + "x" * 16_000
    async with http_client(having(token=token)) as api:
        assert (await api.get(token=token)).status == 200


async def test_an_issued_token_of_any_size_fits_into_a_header() -> None:
    for size in (32, 32 * 1024 - 64):
        async with http_client(having(token_bytes=size)) as api:
            token = await login(api)
            assert len(token) == size
            assert (await api.get(token=token)).status == 200


async def test_token_requests_are_counted_so_that_each_expiry_is_visible() -> None:
    async with http_client(having(token_requests=3, latency_ms=1)) as api:
        for _ in range(3):
            token = await login(api)
            replies = await asyncio.gather(*(api.get(token=token) for _ in range(5)))
            assert sorted(reply.status for reply in replies) == [200, 200, 200, 401, 401]
        assert api.running.counters()["by_path"] == {TOKENS: 3, SHARED_REPOSITORIES: 15}


async def test_tokens_can_be_voided_at_any_time() -> None:
    async with http_client(TEN) as api:
        token = await login(api)
        assert (await api.get(token=token)).status == 200
        api.running.void_tokens()
        assert (await api.get(token=token)).status == 401
        assert (await api.get()).status == 200


async def test_a_cached_page_still_needs_credentials() -> None:
    async with http_client(TEN) as api:
        assert [(await api.get()).status for _ in range(3)] == [200, 200, 200]
        assert (await api.get(token=None)).status == 401


async def test_signatures_are_verified_over_the_bytes_received() -> None:
    odd = [*(chr(number) for number in range(1, 128)), "é", "漢", "\U0001f600", "a b/$~", "", "%24", "%zz", "&=+"]
    pairs = (("name", "a b/$~"), *(("x", text) for text in odd), *((f"y{text}", "") for text in odd))
    async with http_client(TEN) as api:
        host = api.running.endpoint.removeprefix("http://")
        identity = api.running.identity
        headers = {"User-Agent": "caf\u00e9 1.0", "Content-Type": "application/json"}
        request = Signable("GET", host, SHARED_REPOSITORIES, pairs, headers)
        headers |= sign(
            request, AccessKey(identity.ak, identity.sk, project_id=identity.project_id), at=datetime.now(UTC)
        )
        right = await api.get(canonical_query(pairs), token=None, headers=headers)
        as_yarl = await api.get(urlencode(pairs), token=None, headers=headers)  # a space is a plus there
    assert (right.status, as_yarl.status) == (200, 401)


@pytest.mark.parametrize("skew_s", [-3600, 0, 3600])
async def test_every_response_has_the_date_of_the_emulators_clock(skew_s: float) -> None:
    async with http_client(having(clock_skew_s=skew_s)) as api:
        for reply in (await api.get(), await api.get(token=None), await api.get(path="/x")):
            date = parsedate_to_datetime(reply.headers["Date"]).timestamp()
            assert abs(date - time.time() - skew_s) < 60


async def test_the_clock_can_be_replaced() -> None:
    now_s = [784111777.0]
    async with http_client(having(clock=lambda: now_s[0], token_ttl_s=60)) as api:
        token = await login(api)
        before = await api.get(token=token)
        now_s[0] += 60
        after = await api.get(token=token)
    assert before.headers["Date"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert (before.status, after.status) == (200, 401)


async def test_a_silent_metadata_service_holds_the_connection() -> None:
    async with http_client(having(metadata="silent")) as api:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await api.get(path=SECURITY_KEY)
        assert api.running.counters()["by_path"] == {SECURITY_KEY: 1}
        assert api.running.counters()["by_status"] == {"0": 1}
        api.running.release_connections()
        with pytest.raises(aiohttp.ClientError):
            await api.get(path=SECURITY_KEY)


async def test_a_body_above_one_mebibyte_counts_as_empty() -> None:
    async with http_client(TEN) as api:
        reply = await api.get(path=TOKENS, method="POST", body=BytesIO(b"x" * 2**21))
        assert reply.status == 400
        assert (await api.get()).status == 200


async def test_the_cap_applies_to_the_list_and_not_to_tokens() -> None:
    async with http_client(having(rps_cap=0.001, rps_burst=1)) as api:
        await login(api)
        assert [(await api.get()).status for _ in range(2)] == [200, 429]
        assert await login(api)


async def test_the_settings_of_paging_are_applied() -> None:
    async with http_client(having(default_limit=2, max_limit=3, over_limit="refuse", pair_rule="ignore")) as api:
        ranges = [(await api.get(query)).headers["Content-Range"] for query in ("", "limit=1", "limit=3&offset=3")]
        refused = await api.get("limit=4&offset=0")
    assert ranges == ["0-2/10", "0-2/10", "3-3/10"]
    assert b"4000056" in refused.body


async def test_a_cached_page_equals_the_rendered_page() -> None:
    async with http_client(TEN) as kept, http_client(having(cache_bytes=0)) as rendered:
        for query in ("limit=3&offset=3", "limit=3&offset=3", "limit=3&offset=6", "limit=3&offset=3"):
            assert (await kept.get(query)).body == (await rendered.get(query)).body


async def test_faults_trigger_although_a_page_was_requested_before() -> None:
    async with http_client(having(faults=(EmptyPage(0, times=1), NoContentWhenEmpty()))) as api:
        first, second = await api.get(), await api.get()
        counted = api.running.counters()["faults"]
    assert (first.status, first.body, second.status) == (204, b"", 200)
    assert counted == [1, 1]


async def test_a_dropped_connection_has_no_response() -> None:
    async with http_client(having(faults=(DropConnection(first=1),))) as api:
        # A bare connection: aiohttp's client asks once more by itself when one drops.
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(api.running.endpoint).port)
        writer.write(f"GET {SHARED_REPOSITORIES} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {TOKEN}\r\n\r\n".encode())
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        assert (await api.get()).status == 200
        assert api.running.counters()["by_status"] == {"0": 1, "200": 1}


async def test_requests_wait_for_their_latency_and_delay_concurrently() -> None:
    settings = having(latency_ms=60, jitter_ms=20, faults=(SlowResponse(every=1, delay_ms=40),))
    async with http_client(settings) as api:
        started_s = time.monotonic()
        await asyncio.gather(*(api.get() for _ in range(8)))
        took_s = time.monotonic() - started_s
        counters = api.running.counters()
    assert took_s >= 0.08
    assert counters["peak_in_flight"] == 8


async def test_above_the_maximum_concurrency_requests_queue() -> None:
    async with http_client(having(latency_ms=20, max_concurrency=2, record_requests=True)) as api:
        started_s = time.monotonic()
        await asyncio.gather(*(api.get() for _ in range(6)))
        took_s = time.monotonic() - started_s
        seen = [request.in_flight for request in api.running.requests]
    assert took_s >= 0.06
    assert seen == [1, 2, 3, 4, 5, 6]


async def test_requests_above_the_cap_are_throttled() -> None:
    async with http_client(having(rps_cap=0.001, rps_burst=3, retry_after_s=7)) as api:
        replies = [await api.get() for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert b"APIGW.0308" in replies[3].body
    assert replies[3].headers["Retry-After"] == "7"


async def test_retry_after_is_sent_only_if_set() -> None:
    async with http_client(having(rps_cap=0.001, rps_burst=1)) as api:
        await api.get()
        reply = await api.get()
    assert reply.status == 429
    assert "Retry-After" not in reply.headers


async def test_requests_are_counted_and_recorded() -> None:
    async with http_client(having(record_requests=True, faults=(Throttle(first=1, retry_after_s=1),))) as api:
        await api.get("limit=1&offset=0")
        await api.get()
        await api.get(path=NAMESPACES)
        await api.get(path="/x")
        counters, seen = api.running.counters(), api.running.requests
    assert counters == {
        "requests": 4,
        "by_status": {"200": 2, "404": 1, "429": 1},
        "by_path": {NAMESPACES: 1, SHARED_REPOSITORIES: 2, "other": 1},
        "peak_in_flight": 1,
        "faults": [1],
    }
    assert [(one.path_qs, one.status) for one in seen] == [
        (f"{SHARED_REPOSITORIES}?limit=1&offset=0", 429),
        (SHARED_REPOSITORIES, 200),
        (NAMESPACES, 200),
        ("/x", 404),
    ]
    assert all(one.at_s <= other.at_s for one, other in pairwise(seen))


async def test_requests_are_not_recorded_by_default() -> None:
    async with http_client(TEN) as api:
        await api.get()
        assert api.running.requests == []
        assert api.running.token == TOKEN


async def test_it_listens_on_loopback_and_closes_the_port_afterwards() -> None:
    async with http_client(TEN) as api:
        endpoint = URL(api.running.endpoint)
        assert endpoint.host == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", endpoint.port)


async def test_a_port_in_use_is_a_configuration_error() -> None:
    async with emulator(TEN) as running:
        port = URL(running.endpoint).port
        assert port is not None
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}: ") as refusal:
            async with emulator(having(port=port)):
                pass
    assert refusal.value.setting == "port"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("port", -1),
        ("port", 65536),
        ("max_limit", 0),
        ("latency_ms", -1),
        ("max_concurrency", 0),
        ("rps_cap", 0),
        ("rps_burst", 0),
        ("token_ttl_s", -1),
        ("token_ttl_s", float("nan")),
        ("token_requests", 0),
        ("void_tokens_after", 0),
        ("token_bytes", 31),
        ("token_bytes", 32 * 1024),
        ("max_skew_s", -1),
        ("lock_after", 0),
        ("temporary_requests", 0),
    ],
)
async def test_settings_out_of_range_are_refused_by_name(setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"^{setting} must be ") as refusal:
        having(**{setting: value})
    assert refusal.value.setting == setting


def test_a_bucket_accepts_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(10, 3)
    assert [bucket.take(5.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(5.1) for _ in range(2)] == [True, False]
    assert [bucket.take(1000.0) for _ in range(4)] == [True, True, True, False]


def test_a_bucket_with_evenly_spaced_requests_accepts_its_rate() -> None:
    bucket = TokenBucket(50, 1)
    assert 499 <= sum(bucket.take(tick / 1000) for tick in range(10_000)) <= 501


def test_the_cache_stores_a_page_at_its_second_put_and_remembers_a_limited_number_of_targets() -> None:
    cache, response = PageCache(1000), ServedResponse(200, b"xx")
    cache.put("a", response)
    assert cache.get("a") is None
    for number in range(100_000):
        cache.put(str(number), response)
    cache.put("a", response)
    assert cache.get("a") is None
    cache.put("a", response)
    assert cache.get("a") is response


def test_the_cache_holds_no_more_than_its_bytes_and_evicts_the_least_recent() -> None:
    cache = PageCache(9)
    responses = {target: ServedResponse(200, b"xx") for target in "abcd"}
    for target in "abcdabc":
        cache.put(target, responses[target])
    assert cache.get("a") is responses["a"]
    cache.put("d", responses["d"])
    assert [cache.get(target) is not None for target in "abcd"] == [True, False, True, True]
    for _ in range(2):
        cache.put("e", ServedResponse(200, b"x" * 9))
    assert cache.get("e") is None
    assert cache.get("d") is responses["d"]
