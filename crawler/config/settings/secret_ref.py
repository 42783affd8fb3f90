"""References to secrets: the configuration holds the place of a secret and never the secret itself."""

import re
from typing import Literal, NamedTuple

from crawler.config.settings.names import printable


class SecretRef(NamedTuple):
    """The place of a secret. `str()` returns `env:NAME`, `file:PATH` or `profile:SECTION.KEY`.

    `profile` is the credentials file of the official SDK; each target names its own. `cloud:ENTRY.FIELD` is an entry of
    clouds.yaml, and `hcloud:PROFILE.FIELD` a profile of KooCLI; both are found by variables, and no setting names them.
    """

    kind: Literal["env", "file", "profile", "cloud", "hcloud"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def place_of_secret(text: str) -> SecretRef | None:
    """Return the reference that `text` spells if it is `env:NAME` or `file:PATH`, else None."""
    reference = secret_ref(text)
    return None if reference is None or reference.kind == "profile" else reference


def secret_ref(text: str) -> SecretRef | None:
    """Return the reference that `text` spells, else None: `env:NAME`, `file:PATH` or `profile:SECTION.KEY`.

    Names have a bounded length: a token pasted after `env:` is longer, so that it is refused and never shown.
    """
    if variable := re.fullmatch(r"env:([A-Za-z_][A-Za-z0-9_]{0,127})", text):
        return SecretRef("env", variable[1])
    if key := re.fullmatch(r"profile:([A-Za-z][A-Za-z0-9_-]{0,31}\.[a-z][a-z_]{0,31})", text):
        return SecretRef("profile", key[1])
    if text.startswith("file:") and printable(text[5:]):
        return SecretRef("file", text[5:])
    return None
