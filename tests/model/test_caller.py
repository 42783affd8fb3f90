"""Who asks is the same, may be another, or cannot be known; and no record of it holds a secret."""

from dataclasses import replace

import pytest

from crawler.model.caller import Caller, differences, records_of

TOKEN = Caller(method="token", names={}, secret="MII-first", salt="salt-1")
KEY = Caller(method="aksk", names={"project": "p1"}, secret="AKFIRST", salt="salt-2")
LOGIN = Caller(
    method="password",
    names={"account": "acme", "user": "ci", "project": "eu-de", "IAM service": "https://iam.example"},
    salt="salt-3",
)
MACHINE = Caller(method="metadata", names={"machine": "ecs-1", "project": "p1"}, salt="salt-4")
EVERY_ONE = [TOKEN, KEY, LOGIN, MACHINE]


@pytest.mark.parametrize("caller", EVERY_ONE, ids=lambda caller: caller.method)
def test_a_caller_equals_its_record_whatever_salt_it_has_by_then(caller: Caller) -> None:
    assert replace(caller, salt="of another process").difference(caller.record()) == ""


@pytest.mark.parametrize(
    ("before", "now", "difference"),
    [
        (TOKEN, replace(TOKEN, secret="MII-second"), "another token"),
        (KEY, replace(KEY, secret="AKSECOND"), "another access key"),
        (KEY, replace(KEY, names={"project": "p2"}), "another project"),
        (KEY, replace(KEY, names={}), "another project"),
        (replace(KEY, names={}), KEY, "another project"),
        (KEY, replace(KEY, names={"project": "p2"}, secret="AKSECOND"), "another project and another access key"),
        (LOGIN, replace(LOGIN, names={**LOGIN.names, "account": "other"}), "another account"),
        (LOGIN, replace(LOGIN, names={**LOGIN.names, "user": "ops"}), "another user"),
        (LOGIN, replace(LOGIN, names={**LOGIN.names, "IAM service": "https://other"}), "another IAM service"),
        (MACHINE, replace(MACHINE, names={"machine": "ecs-2", "project": "p1"}), "another machine"),
        (MACHINE, replace(MACHINE, names={"project": "p1"}), "the id of this machine is not known"),
        (KEY, TOKEN, "credentials by token, not by aksk"),
        (LOGIN, replace(LOGIN, method="metadata"), "credentials by metadata, not by password"),
    ],
)
def test_a_caller_of_whom_anything_differs_may_be_another(before: Caller, now: Caller, difference: str) -> None:
    assert now.difference(before.record()) == difference


def test_a_machine_whose_id_is_not_known_equals_none_and_itself_neither() -> None:
    unknown = Caller(method="metadata", names={"project": "p1"}, salt="s")
    assert unknown.difference(unknown.record()) == "the id of this machine is not known"
    assert MACHINE.difference(unknown.record()) == "another machine"


@pytest.mark.parametrize("caller", EVERY_ONE, ids=lambda caller: caller.method)
def test_neither_a_record_nor_a_repr_holds_the_secret(caller: Caller) -> None:
    shown = f"{caller!r} {caller.record()!r}"
    assert not (caller.secret and caller.secret in shown)


def test_two_records_of_one_secret_differ_by_their_salts() -> None:
    assert TOKEN.record().digest != replace(TOKEN, salt="salt-5").record().digest


def test_names_alone_have_no_digest() -> None:
    assert LOGIN.record().digest == ""


def test_differences_are_told_for_each_target_and_only_for_those_asked_now() -> None:
    recorded = {"one": TOKEN.record(), "two": KEY.record(), "gone": KEY.record()}
    assert differences(recorded, {"one": TOKEN, "two": KEY}) == ""
    assert differences(recorded, {"one": KEY, "two": TOKEN, "three": KEY}) == (
        "target one: credentials by aksk, not by token, target two: credentials by token, not by aksk,"
        " target three: the run does not say whose credentials it used"
    )


def test_a_target_of_which_nothing_was_read_may_be_asked_by_anybody() -> None:
    assert differences({"one": None}, {"one": TOKEN}) == ""


def test_the_record_of_an_earlier_run_stays_and_a_missing_one_is_made() -> None:
    earlier = {"one": TOKEN.record(), "two": None}
    again = {"one": replace(TOKEN, salt="new"), "two": KEY, "three": LOGIN}
    assert records_of(again, earlier) == {"one": TOKEN.record(), "two": KEY.record(), "three": LOGIN.record()}
