"""The official client gets working keys from the emulator by the variables that it reads, and so does a crawl."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.auth.provider import (
    CredentialProviderChain,
    EnvCredentialProvider,
    OidcStsCredentialProvider,
    PodIdentityCredentialProvider,
    ProfileCredentialProvider,
)
from huaweicloudsdkcore.exceptions.exceptions import SdkException

from crawler.emulator.http.request import ASSUME_WITH_OIDC, FEDERATED_TOKENS, POD_CREDENTIALS, SECURITY_TOKENS
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from tests.sdk.official import items, official, page, sdk_fields
from tests.support.emulator_fixture import serve

INVENTORY = synthetic(namespaces=2, repositories=40, seed=5)
ISSUED = {
    "oidc": {ASSUME_WITH_OIDC: 1},
    "idp": {FEDERATED_TOKENS: 1, SECURITY_TOKENS: 1},
    "file": {FEDERATED_TOKENS: 1, SECURITY_TOKENS: 1},
    "pod-identity": {POD_CREDENTIALS: 1},
}
PROVIDERS = {
    "oidc": OidcStsCredentialProvider.get_basic,
    "idp": EnvCredentialProvider.get_basic,
    "file": ProfileCredentialProvider.get_basic,
    "pod-identity": PodIdentityCredentialProvider.get_basic,
}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningEmulator]:
    """Serve, with the project that every login here is for."""
    with serve(INVENTORY) as running:
        monkeypatch.setenv("HUAWEICLOUD_SDK_PROJECT_ID", running.identity.project_id)
        monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", running.endpoint)
        monkeypatch.setenv("HUAWEICLOUD_SDK_STS_ENDPOINT", running.endpoint)
        yield running


def log_in(method: str, served: RunningEmulator, folder: Path, patch: pytest.MonkeyPatch, token: str = "") -> None:
    """Set the variables of a login; the token is in a file, with a newline as editors leave one."""
    own, file = served.identity, folder / "token"
    file.write_text(f"{token or own.id_token}\n")
    if method == "oidc":
        patch.setenv("HUAWEICLOUD_OIDC_PROVIDER_URN", own.provider_urn)
        patch.setenv("HUAWEICLOUD_OIDC_AGENCY_URN", own.agency_urn)
        patch.setenv("HUAWEICLOUD_OIDC_TOKEN_FILE", str(file))
    elif method == "idp":
        patch.setenv("HUAWEICLOUD_SDK_IDP_ID", own.idp)
        patch.setenv("HUAWEICLOUD_SDK_ID_TOKEN_FILE", str(file))
    elif method == "file":
        profile = folder / "credentials"
        profile.write_text(f"[basic]\nidp_id = {own.idp}\nid_token_file = {file}\nproject_id = {own.project_id}\n")
        profile.chmod(0o600)
        patch.setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", str(profile))
    else:
        patch.setenv("HC_CONTAINER_CREDENTIALS_FULL_URI", served.endpoint + POD_CREDENTIALS)
        patch.setenv("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(file))


@pytest.mark.parametrize("method", sorted(ISSUED))
def test_the_official_client_gets_keys_by_its_own_variables(
    served: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    log_in(method, served, tmp_path, monkeypatch)
    key = PROVIDERS[method]().get_credentials()
    key.with_project_id(served.identity.project_id)  # pod identity reads it from no variable
    with official(served, key) as client:
        assert items(client, center="self", limit=50) == [sdk_fields(item) for item in INVENTORY.items("self")]
    by_path = served.counters()["by_path"]
    assert {path: by_path.get(path, 0) for path in ISSUED[method]} == ISSUED[method]


@pytest.mark.parametrize("method", sorted(ISSUED))
def test_a_wrong_token_gets_the_official_client_nothing(
    served: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    log_in(method, served, tmp_path, monkeypatch, token="other")
    with pytest.raises(SdkException):
        use(served, PROVIDERS[method]().get_credentials())


def test_of_several_logins_the_official_client_uses_oidc_then_the_provider_then_the_key(
    served: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", served.identity.ak)
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", served.identity.sk)
    log_in("pod-identity", served, tmp_path, monkeypatch)
    for method in (None, "idp", "oidc"):
        if method is not None:
            log_in(method, served, tmp_path, monkeypatch)
        before = served.counters()["by_path"]
        use(served, CredentialProviderChain.get_basic().get_credentials())
        after = served.counters()["by_path"]
        asked = {path for path in after if after[path] != before.get(path, 0)} - {"/v2/manage/shared-repositories"}
        assert asked == (set(ISSUED[method]) if method else set())


def use(served: RunningEmulator, key: BasicCredentials) -> None:
    with official(served, key) as client:
        assert page(client, center="self", limit=5, offset=0).items
