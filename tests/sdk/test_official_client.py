"""The official client works with the emulator and reads exactly the items that it serves."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.auth.internal import MetadataAccessor
from huaweicloudsdkcore.exceptions.exceptions import SdkException
from huaweicloudsdkswr.v2 import SwrClient
from huaweicloudsdkswr.v2.region.swr_region import SwrRegion

from crawler.emulator.faults.registry import RefuseDirectParameters, RefuseFilter
from crawler.emulator.http.request import METADATA_TOKEN, PROJECTS, SECURITY_KEY, SHARED_REPOSITORIES, TOKENS
from crawler.emulator.inventory.ndjson import CENTERS, Center, synthetic
from crawler.emulator.server import RunningEmulator
from tests.sdk.official import (
    Refusal,
    closing,
    credentials,
    items,
    namespaces,
    official,
    official_with_token,
    page,
    pages,
    refusal,
    sdk_fields,
)
from tests.support.emulator_fixture import serve

INVENTORY = synthetic(namespaces=3, repositories=120, seed=5)
OpenClient = Callable[[RunningEmulator], AbstractContextManager[SwrClient]]


def with_token(running: RunningEmulator) -> AbstractContextManager[SwrClient]:
    return official_with_token(running, running.token)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningEmulator]:
    with serve(INVENTORY) as emulator:
        yield emulator


@pytest.mark.parametrize("open_client", [official, with_token])
@pytest.mark.parametrize("center", CENTERS)
@pytest.mark.parametrize("limit", [7, 1000])
def test_it_reads_every_item_field_by_field_in_order(
    running: RunningEmulator, open_client: OpenClient, center: Center, limit: int
) -> None:
    with open_client(running) as client:
        listed = items(client, center=center, limit=limit)
    assert listed == [sdk_fields(item) for item in INVENTORY.items(center)]


@pytest.mark.parametrize("open_client", [official, with_token])
def test_it_reads_the_content_range_of_every_page(running: RunningEmulator, open_client: OpenClient) -> None:
    total = len(INVENTORY.items("self"))
    with open_client(running) as client:
        read = list(pages(client, center="self", limit=25))
        past = page(client, center="self", limit=25, offset=1000)
    assert [one.content_range for one in read] == [
        f"{offset}-{min(25, total - offset)}/{total}" for offset in range(0, total, 25)
    ]
    assert {item["total_range"] for one in read for item in one.items} == {total}
    assert (past.items, past.content_range) == ([], f"1000-0/{total}")


def test_it_signs_any_query_string_as_it_is_sent(running: RunningEmulator) -> None:
    with official(running) as client:
        for name in ("a b", "~$/+%", "é漢😀", "::|", "a&b=c", "x" * 128):
            assert page(client, center="self", name=name).items == []


def test_it_may_pack_parameters_into_filter(running: RunningEmulator) -> None:
    namespace = INVENTORY.namespaces("self")[0]
    with official(running) as client:
        direct = page(client, center="self", namespace=namespace, limit=10, offset=0)
        packed = page(client, filter=f"center::self|namespace::{namespace}|limit::10|offset::0")
    assert packed == direct
    assert direct.items


@pytest.mark.parametrize("open_client", [official, with_token])
def test_it_lists_organizations(running: RunningEmulator, open_client: OpenClient) -> None:
    with open_client(running) as client:
        own = namespaces(client)
        visible = namespaces(client, filter="mode::visible")
        one = namespaces(client, namespace=own[0]["name"])
    assert [namespace["name"] for namespace in own] == list(INVENTORY.namespaces("self"))
    assert {namespace["name"] for namespace in visible} == {
        name for center in CENTERS for name in INVENTORY.namespaces(center)
    }
    assert {namespace["auth"] for namespace in own} == {7}
    assert one == own[:1]


def refusal_with(running: RunningEmulator, **changed: str | None) -> Refusal:
    """Return the error for a request with the emulator's own key, in which `changed` replaces parts."""
    with official(running, credentials(running, **changed)) as client:
        return refusal(client, center="self")


def test_a_wrong_secret_key_is_refused_with_the_canonical_request(running: RunningEmulator) -> None:
    error = refusal_with(running, sk="wrong")
    assert (error.status, error.code) == (401, "APIGW.0301")
    assert "verify aksk signature fail, canonicalRequest:GET|/v2/manage/shared-repositories/|" in error.message
    assert "|user-agent:huaweicloud-usdk-python/3.0" in error.message
    assert re.fullmatch("[0-9a-f]{32}", error.request_id)


def test_an_unknown_key_another_project_and_a_missing_security_token_are_refused() -> None:
    with serve(INVENTORY, security_token="the-token") as running:
        for changed, message in (
            ({"ak": "access_key_id"}, "ak access_key_id not exist"),
            ({"project_id": "other"}, "project other not exist"),
            ({"security_token": None}, "decrypt token fail"),
        ):
            assert message in refusal_with(running, **changed).message
        with official(running) as client:
            assert page(client, center="self", limit=5, offset=0).items


@pytest.mark.parametrize("skew_s", [-1000.0, 1000.0])
def test_a_signature_by_a_wrong_clock_is_refused(skew_s: float) -> None:
    with serve(INVENTORY, clock_skew_s=skew_s) as running:
        assert "signature expired" in refusal_with(running).message


def test_after_five_wrong_signatures_the_right_one_is_refused_too() -> None:
    with serve(INVENTORY) as running:
        for _ in range(5):
            assert "verify aksk" in refusal_with(running, sk="wrong").message
        assert "AK access failed to reach the limit,forbidden" in refusal_with(running).message


def test_it_finds_the_project_of_a_region_at_iam(monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK caches projects by key for the whole process, so this key is for this test only.
    with serve(INVENTORY, ak="AKOFAREGION000000001") as running:
        monkeypatch.setenv("HUAWEICLOUD_SDK_REGION_SWR_CN_NORTH_4", running.endpoint)
        monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", running.endpoint)
        key = credentials(running, project_id=None)
        client = SwrClient.new_builder().with_credentials(key).with_region(SwrRegion.value_of("cn-north-4")).build()
        with closing(client):
            assert len(items(client, center="self", limit=50)) == len(INVENTORY.items("self"))
        assert key.project_id == running.identity.project_id
        assert running.counters()["by_path"][PROJECTS] == 1


def test_a_region_without_a_project_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(INVENTORY, ak="AKOFAREGION000000002", project_name="eu-de") as running:
        monkeypatch.setenv("HUAWEICLOUD_SDK_REGION_SWR_CN_NORTH_4", running.endpoint)
        monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", running.endpoint)
        builder = SwrClient.new_builder().with_credentials(credentials(running, project_id=None))
        with pytest.raises(SdkException, match="Failed to get project id of region 'cn-north-4'"):
            builder.with_region(SwrRegion.value_of("cn-north-4")).build()


def metadata_credentials(running: RunningEmulator) -> BasicCredentials:
    """Return credentials from the emulator's metadata service, by the SDK's own accessor."""
    accessor = MetadataAccessor()
    accessor._METADATA_ENDPOINT = running.endpoint  # noqa: SLF001 - a constant there, 169.254.169.254
    key = BasicCredentials().with_project_id(running.identity.project_id)
    key.sts_accessor = accessor
    return key


@pytest.mark.parametrize("mode", ["handshake", "put-404", "put-405", "put-503", "refuse-once"])
def test_it_gets_temporary_keys_from_the_metadata_service(mode: str) -> None:
    with serve(INVENTORY, metadata=mode) as running:
        with official(running, metadata_credentials(running)) as client:
            assert len(items(client, center="thirdparty", limit=50)) == len(INVENTORY.items("thirdparty"))
        by_path = running.counters()["by_path"]
    twice = mode == "refuse-once"
    assert (by_path[METADATA_TOKEN], by_path[SECURITY_KEY]) == ((2, 2) if twice else (1, 1))


@pytest.mark.parametrize("mode", ["no-agency", "off"])
def test_without_temporary_keys_its_request_is_refused(mode: str) -> None:
    with serve(INVENTORY, metadata=mode) as running, official(running, metadata_credentials(running)) as client:
        assert refusal(client, center="self").status in {401, 404}


def test_it_gets_new_keys_for_every_request_when_they_are_about_to_expire() -> None:
    with serve(INVENTORY, temporary_ttl_s=39 * 60) as running:
        with official(running, metadata_credentials(running)) as client:
            for _ in range(3):
                page(client, center="self")
        assert running.counters()["by_path"][SECURITY_KEY] == 3


def test_a_token_from_a_password_is_valid_until_it_expires() -> None:
    with serve(INVENTORY, token_requests=2) as running:
        own = running.identity
        user = {"name": own.user, "password": own.password, "domain": {"name": own.domain}}
        identity = {"methods": ["password"], "password": {"user": user}}
        login: dict[str, Any] = {"auth": {"identity": identity, "scope": {"project": {"name": own.project_name}}}}
        with requests.Session() as session:
            response = session.post(running.endpoint + TOKENS, json=login, timeout=10)
        assert response.status_code == 201
        with official_with_token(running, response.headers["X-Subject-Token"]) as client:
            assert page(client, center="self").items == page(client, center="self").items
            assert refusal(client, center="self").code == "APIGW.0307"
        assert running.counters()["by_path"] == {SHARED_REPOSITORIES: 3, TOKENS: 1}


def test_a_server_may_accept_only_one_form_of_parameters() -> None:
    with serve(INVENTORY, faults=(RefuseDirectParameters(),)) as running, official(running) as client:
        assert page(client, filter="center::self|limit::5|offset::0").items
        assert refusal(client, center="self", limit=5, offset=0).code == "SVCSTG.SWR.4001025"
    with serve(INVENTORY, faults=(RefuseFilter(),)) as running, official(running) as client:
        assert page(client, center="self", limit=5, offset=0).items
        assert refusal(client, filter="center::self|limit::5|offset::0").code == "SVCSTG.SWR.4001035"
