"""Finds an entry of `clouds.yaml`, which OS_CLOUD names for the clients of OpenStack (pure).

    file                  found by                        gives
    clouds.yaml           OS_CLIENT_CONFIG_FILE, folders  the entry below `clouds`
    secure.yaml           OS_CLIENT_SECURE_FILE, folders  more of the same entry: it overrides clouds.yaml
    clouds-public.yaml    OS_CLIENT_VENDOR_FILE, folders  what the entry's `profile` stands for, below all of it

Each may also be called `.yml` or `.json`. Of `regions` in an entry the values of the target's region hold, over the
rest of it. A profile that no file describes is refused, except `otc`, which all clients know.

Source: docs/reference/swr-api.md#clouds-yaml (names, folders, order, profiles, regions).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from crawler.config.credentials.tool_files.cloud_entry import CLOUD, CloudEntry, Layer, entry_of, layer_of
from crawler.config.credentials.tool_files.documents import Document, ToolFiles, table_of
from crawler.config.credentials.tool_files.tree import Tree
from crawler.config.settings.kinds import preview
from crawler.config.settings.names import printable
from crawler.errors import ConfigError

_ENDINGS: Final = (".yaml", ".yml", ".json")
_MAX_SHOWN: Final = 5  # names of a file in one message
# What the clients of OpenStack have built in for the Open Telekom Cloud.
_PROFILES: Final[Mapping[str, Tree]] = {
    "otc": {"auth": {"auth_url": "https://iam.{region_name}.otc.t-systems.com/v3"}, "regions": ["eu-de", "eu-nl"]}
}


def cloud_name(environ: Mapping[str, str]) -> str | None:
    """Return the entry that OS_CLOUD names, None without one, and for the entry that stands for the variables."""
    name = environ.get(CLOUD)
    return None if name in {None, "", environ.get("OS_CLOUD_NAME") or "envvars"} else name


def find_cloud(name: str, region: str | None, environ: Mapping[str, str], files: ToolFiles) -> CloudEntry:
    """Return the entry `name` for a target in `region`, which is None when it is not known.

    Raise ConfigError when there is no such entry, and for one that is wrong or for other regions; whatever `files`
    raises. No message holds a value of the entry.
    """
    if printable(name) is None:
        raise ConfigError(f"{CLOUD}: the value is not one line of printable characters", setting=CLOUD)
    where, parts = _parts(name, environ, files)
    layers, region = _with_region([*_profile(where, parts, environ, files), *parts], where, region)
    return entry_of(layers, where, region)


def _parts(name: str, environ: Mapping[str, str], files: ToolFiles) -> tuple[str, list[Layer]]:
    """Return the words for an entry in messages, and its parts in clouds.yaml and in secure.yaml."""
    documents = [_first("clouds", "OS_CLIENT_CONFIG_FILE", environ, files)]
    documents.append(_first("secure", "OS_CLIENT_SECURE_FILE", environ, files))
    clouds = [(document.path, document.table("clouds")) for document in documents if document is not None]
    if not clouds:
        raise ConfigError(
            f"{CLOUD} is {name}, but there is no clouds.yaml in {_shown(_folders(environ))}; set"
            f" OS_CLIENT_CONFIG_FILE to its path, or remove {CLOUD}",
            setting=CLOUD,
        )
    parts = [layer_of(entries[name], path) for path, entries in clouds if name in entries]
    if not parts:
        known = _shown(entry for _, entries in clouds for entry in entries)
        raise ConfigError(
            f"{CLOUD} is {name}, but {clouds[0][0]} has no such entry below clouds; set one of: {known or 'none'}",
            setting=CLOUD,
        )
    return f"cloud {name} in {parts[0].path}", parts


def _first(stem: str, variable: str, environ: Mapping[str, str], files: ToolFiles) -> Document | None:
    """Return the file that a variable names, else the first in the folders.

    Raise ConfigError when the variable's is missing: the clients go on in the folders, where another account may be.
    """
    named = environ.get(variable)
    if not named:
        return files.first((f"{folder}/{stem}{ending}" for folder in _folders(environ) for ending in _ENDINGS), CLOUD)
    document = files.first([named], variable)
    if document is None:
        raise ConfigError(f"{variable} is {preview(named)}, but there is no such file; correct it", setting=variable)
    return document


def _folders(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders in which the clients look, in their order."""
    own = environ.get("XDG_CONFIG_HOME") or "~/.config"
    sites = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    return tuple(
        dict.fromkeys((".", *(f"{folder}/openstack" for folder in (own, "~/.config", *filter(None, sites), "/etc"))))
    )


def _profile(where: str, parts: list[Layer], environ: Mapping[str, str], files: ToolFiles) -> Iterator[Layer]:
    """Yield what the profile of an entry stands for. Raise ConfigError for a profile that no file describes."""
    named = [layer.outside.get(key) for layer in parts for key in ("cloud", "profile")]
    profile = next((text for text in reversed(named) if isinstance(text, str) and text), None)
    if profile is None or profile == (environ.get("OS_CLOUD_NAME") or "envvars"):
        return
    document = _first("clouds-public", "OS_CLIENT_VENDOR_FILE", environ, files)
    described = {} if document is None else document.table("public-clouds")
    if profile in described and document is not None:
        yield layer_of(described[profile], document.path)
    elif profile in _PROFILES:
        yield layer_of(_PROFILES[profile], parts[-1].path)
    else:
        raise ConfigError(
            f"{CLOUD}: {where} has a profile that no clouds-public.yaml describes; write its auth_url below"
            " auth instead",
            setting=CLOUD,
        )


def _with_region(layers: list[Layer], where: str, region: str | None) -> tuple[list[Layer], str | None]:
    """Return the layers, above them the values of the region, and the region: the first one when none is asked for.

    Raise ConfigError when the entry lists regions and `region` is none of them: its project is in another region.
    """
    listed = next((layer for layer in reversed(layers) if layer.outside.keys() & {"regions", "region_name"}), None)
    regions = {} if listed is None else dict(_regions(listed))
    if listed is None or not regions:
        return layers, region
    chosen = next(iter(regions)) if region is None else region
    if chosen not in regions:
        raise ConfigError(
            f"{CLOUD}: {where} is for region {_shown(regions)}, not for {chosen}; set the region to one of its own, or"
            f" {CLOUD} to another entry",
            setting=CLOUD,
        )
    return [*layers, layer_of(regions[chosen], listed.path)], chosen


def _regions(layer: Layer) -> Iterator[tuple[str, Tree]]:
    """Yield the regions that a layer lists, each with the values that hold there."""
    listed = layer.outside.get("regions") or layer.outside.get("region_name")
    for region in listed.split(",") if isinstance(listed, str) else listed if isinstance(listed, list) else ():
        name = table_of(region).get("name", region)
        if isinstance(name, str):
            yield name.strip(), table_of(region).get("values")


def _shown(names: Iterable[str]) -> str:
    """Return some names of a file as a message shows them."""
    shown = [name if printable(name) else preview(name) for name in names]
    return ", ".join(shown[:_MAX_SHOWN]) + (", …" if len(shown) > _MAX_SHOWN else "")
