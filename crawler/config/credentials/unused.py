"""Variables by which another tool finds credentials where this program does not, when it has found none (pure).

They are told only then: where other credentials were found, the tool does not get to them either.

Source: docs/reference/swr-api.md#other-temporary-keys, #clouds-yaml, #sdk-environment.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from crawler.config.settings.variables import CREDENTIALS_FILE_VARIABLE


class _Unused(NamedTuple):
    """Variables that have an effect when all are set, and that effect; none while `unless` is set, too."""

    variables: tuple[str, ...]
    effect: str
    unless: str = ""


_UNUSED: Final = (
    _Unused(
        ("HC_CONTAINER_CREDENTIALS_FULL_URI", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        "by which the SDK takes temporary keys of the agency of this pod; this program does not",
    ),
    _Unused(("OS_CLIENT_CONFIG_FILE",), "but OS_CLOUD does not say which entry of it to use", unless="OS_CLOUD"),
    _Unused((CREDENTIALS_FILE_VARIABLE,), "but there is no such file, or it holds no access key below [basic]"),
)


def describe_unused(environ: Mapping[str, str]) -> str:
    """Return what was found and not used, as the beginning of a sentence that goes on; "" for nothing."""
    found = [
        f"{unused.variables[0]} is set, {unused.effect}; "
        for unused in _UNUSED
        if all(environ.get(name) for name in unused.variables) and not environ.get(unused.unless)
    ]
    return "".join(found)
