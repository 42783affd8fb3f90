"""Who asks: by what two runs are known to read the inventory of the same account with the same eyes (pure).

Whose inventory it is, account and project decide; which part of it is listed, the permissions of the caller. So a run
is resumed only by a caller of whom all of this is known to be equal:

    method        names, kept as they are                 kept as a digest  equal
    ------------  --------------------------------------  ----------------  -----------------------------------------
    password      account, user, project, IAM service     nothing           by name; the password may change
    aksk          project, if it was given                access key id     the same key: nobody says whose another is
    token         none                                    token             the same token, for the same reason
    metadata      machine (the id of the ECS), project    nothing           by name: a machine belongs to one account
    oidc          agency, provider, session policy,       nothing           by name: the token is another each hour
                  issuer and subject of the token
    idp           provider, IAM service, issuer and       nothing           by name, for the same reason
                  subject of the token
    pod-identity  issuer, subject and id of the service   nothing           by name, for the same reason
                  account

An identity token that does not say whose it is is kept as a digest, and equals only itself. A machine whose id is not
known equals none, itself neither. The endpoint that is asked is part of the run's plan.

Digests are HMAC-SHA-256 with a salt of their own. They are taken of tokens and of key ids only, which are long and
random; passwords and secret keys are never part of them.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

MACHINE: Final = "machine"
_IDENTITY_TOKEN: Final = "identity token"  # noqa: S105 - a name
_SECRET_NAMES: Final = {
    "aksk": "access key",
    "token": "token",
    **dict.fromkeys(("oidc", "idp", "pod-identity"), _IDENTITY_TOKEN),
}


class CallerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a run keeps of its Caller: nothing that authenticates anybody."""

    method: str
    names: dict[str, str]
    salt: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks a target. Its repr shows no secret.

    `method` is the method of authentication. `names` are the parts that may be kept as they are, by what they name;
    `secret` is the part that must not, "" without one. `salt` is for a record of this caller, random text.
    """

    method: str
    names: Mapping[str, str]
    secret: str = field(default="", repr=False)
    salt: str = field(default="", repr=False)

    def record(self) -> CallerRecord:
        """Return what may be kept of this caller."""
        return CallerRecord(
            method=self.method, names=dict(self.names), salt=self.salt, digest=_digest(self.secret, self.salt)
        )

    def difference(self, recorded: CallerRecord) -> str:
        """Return why this may be another caller than the `recorded` one, "" when it is the same."""
        if recorded.method != self.method:
            return f"credentials by {self.method}, not by {recorded.method}"
        if self.method == "metadata" and MACHINE not in self.names:
            return "the id of this machine is not known"
        every_name = dict.fromkeys((*recorded.names, *self.names))
        others = [name for name in every_name if recorded.names.get(name) != self.names.get(name)]
        if recorded.digest != _digest(self.secret, recorded.salt):
            others.append(_SECRET_NAMES.get(self.method, "secret"))
        return f"another {' and another '.join(others)}" if others else ""


Callers = Mapping[str, Caller]  # by the name of the target
RecordedCallers = Mapping[str, CallerRecord | None]


def differences(recorded: RecordedCallers, callers: Callers) -> str:
    """Return why `callers` may be others than those `recorded`, "" when all are the same.

    A target without a record may have been read by anybody. A record that is None says that nothing was read of the
    target, so that its caller may be any.
    """
    found = {}
    for target, caller in callers.items():
        before = recorded.get(target)
        if target not in recorded:
            found[target] = "the run does not say whose credentials it used"
        elif before is not None and (difference := caller.difference(before)):
            found[target] = difference
    return ", ".join(f"target {target}: {difference}" for target, difference in found.items())


def records_of(callers: Callers, earlier: RecordedCallers) -> dict[str, CallerRecord | None]:
    """Return the record of each caller; that of an `earlier` run stays, since it is of the same caller."""
    return {target: earlier.get(target) or caller.record() for target, caller in callers.items()}


def _digest(secret: str, salt: str) -> str:
    """Return the digest of a secret in hex, "" without one."""
    return hmac.digest(salt.encode(), secret.encode(), "sha256").hex() if secret else ""
