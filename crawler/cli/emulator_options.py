"""The flags of `swr-crawler emulate` that describe the emulated service."""

from typing import Final

import click

from crawler.cli.numbers import MAX_S, SEED, NumberRange, integer
from crawler.cli.options import Command

# The account that the emulator knows; none of it is a secret of a real one.
_IDENTITY_HELP: Final = "Accept this one; default: a made-up one."
_IDENTITY: Final = (
    *("token", "ak", "sk", "security-token"),
    *("user", "password", "domain", "project-name", "project-id"),
)

_OPTIONS: Final = (
    click.option("--namespaces", type=integer(1, 100_000), default=20, show_default=True, help="Per center."),
    click.option("--repositories", type=integer(0, 20_000_000), default=2_000, show_default=True, help="In all."),
    click.option("--seed", type=SEED, default=1, show_default=True, help="The same seed serves the same inventory."),
    click.option("--uniform", is_flag=True, help="Give every namespace the same number of repositories."),
    click.option("--port", type=integer(0, 65_535), default=0, show_default=True, help="0 takes a free one."),
    click.option("--default-limit", type=integer(1), default=100, show_default=True, help="Page size without a limit."),
    click.option("--max-limit", type=integer(1), default=1000, show_default=True, help="Largest page size."),
    click.option(
        "--over-limit",
        type=click.Choice(["clamp", "refuse"]),
        default="clamp",
        show_default=True,
        help="Answer to a larger limit: the largest page, or 400.",
    ),
    click.option(
        "--pair-rule",
        type=click.Choice(["refuse", "ignore"]),
        default="refuse",
        show_default=True,
        help="Answer to a limit without an offset.",
    ),
    click.option("--latency-ms", type=NumberRange(0), default=0.0, show_default=True, help="Delay of each response."),
    click.option(
        "--jitter-ms", type=NumberRange(0), default=0.0, show_default=True, help="Delays differ by up to this."
    ),
    click.option("--max-concurrency", type=integer(1), default=None, help="Requests that are served at a time."),
    click.option("--rps-cap", type=NumberRange(0, above=True), default=None, help="429 beyond this rate."),
    click.option("--rps-burst", type=integer(1), default=10, show_default=True, help="Requests allowed in a burst."),
    click.option(
        "--retry-after",
        "retry_after_s",
        type=integer(0),
        default=None,
        help="Seconds in the Retry-After of a 429.",
    ),
    *(click.option(f"--{name}", default=None, metavar="TEXT", help=_IDENTITY_HELP) for name in _IDENTITY),
    click.option("--token-bytes", type=integer(32, 32_704), default=2048, show_default=True, help="Length of a token."),
    click.option(
        "--token-ttl",
        "token_ttl_s",
        type=NumberRange(0, above=True),
        default=86_400.0,
        show_default=True,
        help="Seconds a token is valid.",
    ),
    click.option("--token-requests", type=integer(1), default=None, help="Requests after which a token expires."),
    click.option(
        "--void-tokens-after",
        type=integer(1),
        default=None,
        help="Requests after which all tokens become invalid.",
    ),
    click.option(
        "--expired-as",
        type=click.Choice(["APIGW.0307", "APIGW.0301", "SVCSTG.SWR.4010000"]),
        default="APIGW.0307",
        show_default=True,
        help="Error code for an expired token.",
    ),
    click.option(
        "--iam-errors",
        type=click.Choice(["iam", "keystone"]),
        default="iam",
        show_default=True,
        help="Format of IAM's errors.",
    ),
    click.option(
        "--metadata",
        default="handshake",
        show_default=True,
        help="How the metadata service behaves.",
        type=click.Choice(["handshake", "put-404", "put-405", "put-503", "refuse-once", "no-agency", "silent", "off"]),
    ),
    click.option(
        "--temporary-ttl",
        "temporary_ttl_s",
        type=NumberRange(0, above=True),
        default=86_400.0,
        show_default=True,
        help="Seconds a temporary key is valid.",
    ),
    click.option(
        "--temporary-requests", type=integer(1), default=None, help="Requests after which temporary keys expire."
    ),
    click.option(
        "--lock-after", type=integer(1), default=5, show_default=True, help="Failed requests that lock a key."
    ),
    click.option("--lock-s", type=NumberRange(0), default=300.0, show_default=True, help="Seconds it stays locked."),
    click.option(
        "--max-skew",
        "max_skew_s",
        type=NumberRange(0),
        default=900.0,
        show_default=True,
        help="Most seconds that the time of a signature may differ.",
    ),
    click.option(
        "--project-id-required/--no-project-id-required",
        default=True,
        show_default=True,
        help="Refuse signed requests without the project's id.",
    ),
    click.option(
        "--namespace-counts",
        type=click.Choice(["mixed", "present", "absent"]),
        default="mixed",
        show_default=True,
        help="Whether namespaces have their number of repositories.",
    ),
    click.option(
        "--clock-skew",
        "clock_skew_s",
        type=NumberRange(-MAX_S),
        default=0.0,
        show_default=True,
        help="Seconds that the clock is ahead.",
    ),
)


def emulator_settings(command: Command) -> Command:
    """Add the flags that become fields of `EmulatorSettings`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
