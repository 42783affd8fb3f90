"""Secrets that a file of another tool holds, by the reference to them (pure)."""

from collections.abc import Mapping
from typing import NamedTuple

from crawler.config.credentials.target import Target, region_of_target
from crawler.config.credentials.tool_files.clouds import find_cloud
from crawler.config.credentials.tool_files.documents import ToolFiles, table_of
from crawler.config.credentials.tool_files.hcloud import find_profile
from crawler.config.settings.secret_ref import SecretRef


class StoredSecrets(NamedTuple):
    """Looks up the secrets of `target` in the files that its sources are. Its repr shows none of them."""

    target: Target
    environ: Mapping[str, str]
    files: ToolFiles

    def text(self, reference: SecretRef) -> str:
        """Return the secret that is in a file of another tool, "" for one that is not there."""
        return self._found(reference)[0]

    def path(self, reference: SecretRef) -> str | None:
        """Return the file of another tool that a secret is in, None for a secret that is elsewhere."""
        return None if reference.kind in {"env", "file"} else self._found(reference)[1]

    def _found(self, reference: SecretRef) -> tuple[str, str]:
        """Return a secret and its file. Raise what the files raise."""
        entry, _, key = reference.name.rpartition(".")
        region = region_of_target(self.target)
        if reference.kind == "cloud":
            cloud = find_cloud(entry, region, self.environ, self.files)
            return cloud.fields.get(key, ""), cloud.paths.get(key, "")
        if reference.kind == "hcloud":
            profile = find_profile(region, self.environ, self.files)
            return profile.fields.get(key, ""), profile.path
        document = self.files.ini(self.target.credentials_file, "credentials_file")
        text = None if document is None else table_of(document.table(entry)).get(key)
        return text if isinstance(text, str) else "", self.target.credentials_file

    def __repr__(self) -> str:
        """Return the name of the target: the environment holds secrets."""
        return f"{type(self).__name__}({self.target.name!r})"
