"""The metadata service: a handshake, then temporary keys that end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.emulator.http.request import METADATA_TOKEN, SECURITY_KEY, SHARED_REPOSITORIES
from crawler.emulator.http.response import WITHHELD, ServedResponse
from crawler.swr.auth.signing import AccessKey, Signable, sign
from tests.emulator.client import Asker, numbered, said

TEN = numbered(10)
TTL = {"X-Metadata-Token-Ttl-Seconds": "21600"}


def handshake(asker: Asker) -> dict[str, str]:
    answer = asker.send(METADATA_TOKEN, headers=TTL, method="PUT")
    assert answer.status == 200
    return {"X-Metadata-Token": answer.body.decode()}


def credential(asker: Asker, headers: dict[str, str] | None = None) -> dict[str, str]:
    answer = asker.send(SECURITY_KEY, headers=handshake(asker) if headers is None else headers)
    assert answer.status == 200, answer.body
    found: dict[str, str] = said(answer)["credential"]
    return found


def use(asker: Asker, found: dict[str, str], **changed: Any) -> ServedResponse:  # noqa: ANN401 - the fields of AccessKey
    fields = {"ak": found["access"], "sk": found["secret"], "security_token": found["securitytoken"]}
    key = AccessKey(**{**fields, "project_id": asker.identity.project_id, **changed})
    at = datetime.fromtimestamp(asker.now_s, UTC)
    return asker.send(headers=sign(Signable("GET", "host", SHARED_REPOSITORIES), key, at=at))


def why(answer: ServedResponse) -> str:
    assert answer.status == 401
    message: str = said(answer)["error_msg"]
    return message.removeprefix("Incorrect IAM authentication information: ")


def test_keys_come_after_a_handshake_and_open_the_list() -> None:
    asker = Asker(TEN)
    found = credential(asker)
    assert set(found) == {"access", "secret", "securitytoken", "expires_at"}
    assert found["expires_at"] == "1994-11-07T08:49:37.000000Z"
    assert use(asker, found).status == 200


def test_each_request_gives_another_key_and_the_old_one_stays_good() -> None:
    asker = Asker(TEN)
    first, second = credential(asker), credential(asker)
    assert first["access"] != second["access"]
    assert use(asker, first).status == use(asker, second).status == 200


@pytest.mark.parametrize("ttl", [None, "", "0", "-1", "x", "21601", "999999"])
def test_a_handshake_says_how_long_its_token_is_wanted(ttl: str | None) -> None:
    headers = {} if ttl is None else {"X-Metadata-Token-Ttl-Seconds": ttl}
    assert Asker(TEN).send(METADATA_TOKEN, headers=headers, method="PUT").status == 400


def test_a_metadata_token_ends_when_it_was_wanted_to() -> None:
    asker = Asker(TEN)
    headers = handshake(asker)
    asker.now_s += 21_600
    assert asker.send(SECURITY_KEY, headers=headers).status == 401
    assert asker.send(SECURITY_KEY, headers=handshake(asker)).status == 200


@pytest.mark.parametrize("headers", [{}, {"X-Metadata-Token": "other"}])
def test_without_the_handshake_there_are_no_keys(headers: dict[str, str]) -> None:
    assert Asker(TEN).send(SECURITY_KEY, headers=headers).status == 401


@pytest.mark.parametrize("status", [404, 405, 503])
def test_where_there_is_no_handshake_none_is_needed(status: int) -> None:
    asker = Asker(TEN, metadata=f"put-{status}")
    assert asker.send(METADATA_TOKEN, headers=TTL, method="PUT").status == status
    assert use(asker, credential(asker, {})).status == 200


def test_a_metadata_token_may_be_refused_once() -> None:
    asker = Asker(TEN, metadata="refuse-once")
    first = handshake(asker)
    assert [asker.send(SECURITY_KEY, headers=first).status for _ in range(2)] == [401, 401]
    assert use(asker, credential(asker)).status == 200


def test_a_machine_without_an_agency_says_so() -> None:
    asker = Asker(TEN, metadata="no-agency")
    answer = asker.send(SECURITY_KEY, headers=handshake(asker))
    assert (answer.status, answer.body) == (401, b"Please configure Cloud Service Agency first")


def test_it_may_not_be_there_at_all_or_never_answer() -> None:
    off, silent = Asker(TEN, metadata="off"), Asker(TEN, metadata="silent")
    for path, method in ((METADATA_TOKEN, "PUT"), (SECURITY_KEY, "GET")):
        assert off.send(path, headers=TTL, method=method).status == 404
        assert silent.send(path, headers=TTL, method=method).delivery == WITHHELD


def test_temporary_keys_end_by_time() -> None:
    asker = Asker(TEN, temporary_ttl_s=60)
    found = credential(asker)
    asker.now_s += 59
    assert use(asker, found).status == 200
    asker.now_s += 1
    assert why(use(asker, found)) == "security token expires, expires_at: 1994-11-06T08:50:37.000000Z"
    assert use(asker, credential(asker)).status == 200


def test_temporary_keys_end_by_use_and_a_refused_request_is_none() -> None:
    asker = Asker(TEN, temporary_requests=2)
    found = credential(asker)
    refused = use(asker, found, sk="wrong")
    assert refused.status == 401
    assert [use(asker, found).status for _ in range(3)] == [200, 200, 401]


@pytest.mark.parametrize("shown", [None, "other"])
def test_a_temporary_key_without_its_security_token_is_refused(shown: str | None) -> None:
    asker = Asker(TEN)
    assert why(use(asker, credential(asker), security_token=shown)) == "decrypt token fail"


def test_the_routes_of_metadata_take_no_other_method() -> None:
    asker = Asker(TEN)
    assert asker.send(METADATA_TOKEN).status == 404
    assert asker.send(SECURITY_KEY, method="PUT").status == 404
