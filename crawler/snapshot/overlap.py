"""Which targets hold the same repositories in both of their centers, by samples of the keys (pure)."""

from collections.abc import Callable, Collection, Iterator, Mapping

from crawler.model.key_sample import KeySample
from crawler.model.walk_id import Center
from crawler.snapshot.manifest import Overlap

# Returns what the records of a target and center with these keys hold, by key, as far as it can be read.
ContentReader = Callable[[str, Center, Collection[int]], Mapping[int, object]]


def overlaps(samples: Mapping[tuple[str, Center], KeySample], read: ContentReader) -> Iterator[Overlap]:
    """Yield the targets with something in common; `samples` are by target and center, in plan order.

    Records of the same owner are the same. Others match by name alone, so what they hold must be the same, too.
    """
    for target in dict.fromkeys(target for target, _ in samples):
        own, shared = samples.get((target, "self")), samples.get((target, "thirdparty"))
        if own is None or shared is None:
            continue
        compared, matches = own.common(shared)
        by_name = [match for match in matches if not match.by_owner]
        if by_name:
            held = read(target, "self", {match.key for match in by_name})
            other = read(target, "thirdparty", {match.other for match in by_name})
            differing = {match for match in by_name if held.get(match.key) != other.get(match.other)}
            matches -= differing
        if matches:
            in_both = min(len({match.key for match in matches}), len({match.other for match in matches}))
            yield Overlap(target=target, compared=compared, in_both=in_both)
