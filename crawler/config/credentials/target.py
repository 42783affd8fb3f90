"""One API endpoint with its credentials, as configured (pure)."""

from dataclasses import dataclass, field

from crawler.config.settings.regions import region_of
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.target_settings import Auth


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One API endpoint with its credentials, as configured; `choose_method` chooses among them.

    `name` is unique in a Config and can be a folder; endpoints are scheme://host[:port], lowercase, without a
    default port; so is `proxy`, or it is "none"; `rate_per_s` counts requests, None is unlimited; `concurrency` counts
    requests in flight.
    `isolated` when its own `[[target]]` has credentials: then none of the environment are used. `origins` pairs its
    settings with the places where they were written, as in `crawler.config.config.Loaded`.
    """

    name: str
    endpoint: str
    region: str | None
    auth: Auth
    token: SecretRef | None
    access_key: SecretRef | None
    secret_key: SecretRef | None
    security_token: SecretRef | None
    user: str | None
    user_id: str | None
    password: SecretRef | None
    account: str | None
    account_id: str | None
    project_id: str | None
    project: str | None
    iam_endpoint: str | None
    sts_endpoint: str | None
    metadata_endpoint: str
    credentials_file: str
    proxy: str | None
    proxy_credentials: SecretRef | None
    ca_file: str | None
    client_cert: str | None
    client_key: str | None
    client_key_password: SecretRef | None
    rate_per_s: float | None
    concurrency: int
    isolated: bool = False
    origins: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)

    def origin_of(self, setting: str) -> str:
        """Return the place where `setting` was written, "default" for a setting without one."""
        return dict(self.origins).get(setting, "default")


def region_of_target(target: Target) -> str | None:
    """Return the region of a target, configured or derived from its endpoint; None for an endpoint of no known one."""
    return target.region or region_of(target.endpoint)
