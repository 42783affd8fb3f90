"""What an identity token says of its subject tells one caller from another; a token that says nothing names nobody."""

from base64 import urlsafe_b64encode
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.swr.auth.identity_token import IdentityToken, service_account_of, subject_of
from tests.support.identity_tokens import POD_CLAIMS, jwt

NAMED = {"token issuer": "https://kubernetes.default.svc", "subject": "system:serviceaccount:audit:crawler"}


def test_a_token_names_its_issuer_and_its_subject() -> None:
    assert subject_of(jwt(POD_CLAIMS)) == NAMED
    assert subject_of(jwt({**POD_CLAIMS, "exp": 7, "jti": "x"})) == NAMED


def test_a_pods_token_also_names_the_id_of_the_service_account_which_other_clusters_do_not_have() -> None:
    assert service_account_of(jwt(POD_CLAIMS)) == {**NAMED, "service account id": "5d1f-uid"}


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": ["a"]},
        {"iss": "x" * 257},
    ],
)
def test_without_an_issuer_and_a_subject_a_token_names_nobody(changed: dict[str, Any]) -> None:
    token = jwt({**POD_CLAIMS, **changed})
    assert subject_of(token) == service_account_of(token) == {}


@pytest.mark.parametrize("claim", [None, [], {}, {"serviceaccount": "x"}, {"serviceaccount": {"uid": 7}}])
def test_without_the_id_of_its_service_account_a_pods_token_names_nobody(claim: object) -> None:
    token = jwt({**POD_CLAIMS, "kubernetes.io": claim})
    assert service_account_of(token) == {}
    assert subject_of(token) == NAMED


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c.d",
        "a.!.c",
        "a.AAAAA.c",  # no base64 has this length
        f"a.{urlsafe_b64encode(b'[1]').decode()}.c".replace("=", ""),
        f"a.{urlsafe_b64encode(b'{').decode()}.c".replace("=", ""),
        f"a.{urlsafe_b64encode(bytes([255, 254])).decode()}.c".replace("=", ""),
    ],
)
def test_what_is_no_jwt_names_nobody(token: str) -> None:
    assert subject_of(token) == service_account_of(token) == {}


@given(st.text(), st.binary())
def test_no_token_is_an_exception(text: str, payload: bytes) -> None:
    for token in (text, f"a.{urlsafe_b64encode(payload).decode()}.c", f"a.{orjson.dumps(text).decode()}.c"):
        assert isinstance(subject_of(token), dict)
        assert isinstance(service_account_of(token), dict)


def test_the_repr_of_an_identity_token_does_not_show_it() -> None:
    assert "s3cret" not in repr(IdentityToken(lambda: "s3cret", "TOKEN_FILE (/run/t)"))
