"""Load the configuration of a command: its flags, the environment and the text of a file (pure)."""

from collections.abc import Mapping

from crawler.config.config import Config, Loaded
from crawler.config.file import TableSettings, read_file
from crawler.config.resolve import resolve
from crawler.config.sources import read_flags


def load(
    *, flags: Mapping[str, object], environ: Mapping[str, str], file_text: str | None, file_name: str | None
) -> Loaded:
    """Return the configuration that flags, environment and file make together.

    `flags` holds what the user gave on the command line and nothing else, by the label of the setting (`rate_per_s`,
    not `rate`; `audit.fail_on`), as text or as the value itself. `file_text` is TOML, None for no file; messages call
    it `file_name`. Of `environ` matters what `resolve` says.

    Raise UsageError for a wrong flag, ConfigError for any other wrong setting; both messages are one line, without
    secrets. Raise ValueError for a name in `flags` that no flag sets, which is a mistake of the caller.
    """
    in_file = read_file(file_text, file_name)  # before the flags: of several errors, that of the file is told
    resolved = resolve(TableSettings(read_flags(flags)), environ, in_file)
    return Loaded(Config(**resolved.fields), resolved.origins, resolved.unbound)
