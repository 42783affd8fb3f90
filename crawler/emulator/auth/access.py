"""What became of credentials so far (pure)."""

from dataclasses import dataclass, field

from crawler.emulator.auth.grants import IssuedGrants
from crawler.emulator.auth.locks import Locks
from crawler.swr.auth.signing import AccessKey


@dataclass(frozen=True, slots=True)
class TokenScope:
    """What an issued token is for: the project, or the whole account when `in_project` is false."""

    in_project: bool


@dataclass(slots=True)
class Access:
    """What became of credentials so far. `salt` makes those issued different from another emulator's."""

    salt: str = ""
    tokens: IssuedGrants[TokenScope] = field(default_factory=IssuedGrants)
    keys: IssuedGrants[AccessKey] = field(default_factory=IssuedGrants)
    metadata_tokens: IssuedGrants[None] = field(default_factory=IssuedGrants)
    locks: Locks = field(default_factory=Locks)
    token_uses: int = 0
    key_requests: int = 0
