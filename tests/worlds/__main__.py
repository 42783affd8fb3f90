"""Searches worlds in which the law is broken: `python -m tests.worlds --seconds 60 --seed 1`.

`--world 17` tries the world of a seed, and `--world 'World(rows=11, replicas=(Replica(cap=10),))'` any other; both show
every look. Each world depends on its seed alone.
"""

import argparse
import logging
import sys
from pathlib import Path

from tests.worlds import world as specs
from tests.worlds.draw import draw, is_harmless
from tests.worlds.driver import crawl_world, workplace
from tests.worlds.oracle import judge
from tests.worlds.search import Counterexample, search
from tests.worlds.world import World

_SPECS = {name: getattr(specs, name) for name in ("World", "Replica", "Cache", "Failure", "Change", "Stop")}


def _parse(text: str) -> World:
    if text.isdigit():
        return draw(int(text))
    world = eval(text, {"__builtins__": {}}, _SPECS)  # noqa: S307 - a developer's own command line
    assert isinstance(world, World)
    return world


def _show(world: World, folder: Path) -> None:
    crawled = crawl_world(world, folder)
    for look in crawled.service.looks:
        known = " ".join(f"{center[0]}/{namespace}/{name[-8:]}" for center, namespace, name in look.known)
        query = look.query
        asked = f"{query.center}/{query.namespace or '*'} {query.offset}+{query.limit} {query.order or 'unsorted'}"
        said = f"{look.shown} of {look.total}, replica {look.replica}{', ' + look.failure if look.failure else ''}"
        sys.stdout.write(f"{look.sitting} {look.at_s:9.3f} s  {asked}: {said}\n           of [{known}]\n")
    sys.stdout.write(
        f"{world}\n{crawled.service.requests} requests, {crawled.passes} passes, exit code {crawled.exit_code}\n"
    )
    sys.stdout.write(f"published {sorted(crawled.published)}\n{judge(crawled, harmless=is_harmless(world))}\n")


def _tell(found: Counterexample) -> None:
    sys.stdout.write(f"seed {found.seed}, {found.judgement.outcome}: {found.judgement.why}\n    {found.simplest}\n")
    sys.stdout.flush()


def main() -> int:
    """Return the exit code: 1 when a world broke the law."""
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first world; the next ones count up")
    parser.add_argument("--worlds", type=int, default=10**9, help="at most so many")
    parser.add_argument("--world", type=_parse, help="try only this one: its seed, or World(...)")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with workplace() as folder:
        if given.world is not None:
            _show(given.world, folder)
            return 0
        tried = search(folder, given.seed, worlds=given.worlds, seconds=given.seconds, on_found=_tell)
    sys.stdout.write(f"{tried.table()}\n")
    return int(bool(tried.counterexamples))


if __name__ == "__main__":
    sys.exit(main())
