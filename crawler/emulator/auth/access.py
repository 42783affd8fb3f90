"""The credentials that were issued so far, and how they were used (pure)."""

from dataclasses import dataclass, field

from crawler.emulator.auth.grants import IssuedGrants
from crawler.emulator.auth.locks import KeyLocks
from crawler.swr.auth.signing import AccessKey


@dataclass(frozen=True, slots=True)
class TokenScope:
    """What a token is valid for: the project, or the whole account if `in_project` is false."""

    in_project: bool


@dataclass(slots=True)
class AccessState:
    """The part of authentication that changes with requests.

    `salt` makes issued credentials differ from those of another emulator. `token_uses` counts the requests with issued
    tokens, `key_requests` the requests for temporary keys.
    """

    salt: str = ""
    tokens: IssuedGrants[TokenScope] = field(default_factory=IssuedGrants)
    keys: IssuedGrants[AccessKey] = field(default_factory=IssuedGrants)
    metadata_tokens: IssuedGrants[None] = field(default_factory=IssuedGrants)
    locks: KeyLocks = field(default_factory=KeyLocks)
    token_uses: int = 0
    key_requests: int = 0
