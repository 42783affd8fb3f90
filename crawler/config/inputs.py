"""Read the inputs of a configuration: a text file that a user names, and the environment of the process."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Final

from crawler.config.file import read_arguments, read_file
from crawler.config.resolve import Resolved, resolve
from crawler.config.settings.variables import CONFIG_VARIABLE, without_newline
from crawler.errors import ConfigError
from crawler.files.regular import read_bounded

# Far more than settings, or a hundred thousand namespaces, take.
_MAX_FILE_BYTES: Final = 16 * 2**20


def read_text(path: str, setting: str) -> str:
    """Return the text of the file that `setting` names. Raise ConfigError for one that cannot be read."""
    try:
        return read_bounded(Path(path), _MAX_FILE_BYTES).decode()
    except OSError as error:
        raise ConfigError(f"{setting}: cannot read {path}: {error.strerror}", setting=setting) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{setting}: {path} is not UTF-8 text", setting=setting) from None
    except ValueError:  # a NUL in the path, which no argument of a command can have
        raise ConfigError(f"{setting}: {path!a} cannot be the path of a file", setting=setting) from None


def variables(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return `environ`, or the variables of the process when it is None."""
    return os.environ if environ is None else environ


def resolve_arguments(
    path: str | PurePath | None, environ: Mapping[str, str] | None, arguments: Mapping[str, object]
) -> Resolved:
    """Return what the arguments of `crawler.config.config.Config.load` make together. Raise as it does."""
    environ = variables(environ)
    by_argument, by_variable = "" if path is None else str(path), without_newline(environ.get(CONFIG_VARIABLE, ""))
    name = by_argument or by_variable
    text = read_text(name, "argument path" if by_argument else CONFIG_VARIABLE) if name else None
    in_file = read_file(text, name)
    return resolve(read_arguments(arguments), environ, in_file)
