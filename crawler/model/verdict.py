"""The verdicts of a walk that has ended, and what each of them means (pure)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Verdict = Literal["complete", "partial", "drifted", "unproven"]


class VerdictMeaning(NamedTuple):
    """What a verdict says of a walk: `summary` is a predicate of the walk in a few words, `meaning` plain sentences."""

    summary: str
    meaning: str


MEANINGS: Final[Mapping[Verdict, VerdictMeaning]] = MappingProxyType(
    {
        "complete": VerdictMeaning(
            "was read completely",
            "One pass saw one total on every page, as many distinct records, and the end of the list. When items moved "
            "while they were read, it was a later pass that proved this; passes in the manifest says how many it took.",
        ),
        "partial": VerdictMeaning(
            "could not be read to the end",
            "Some windows could not be read, not at the end of their pass either. The manifest names them and the "
            "reasons. What another pass read there is published, and not missing.",
        ),
        "drifted": VerdictMeaning(
            "kept changing while it was read",
            "Every window was read, but the list changed during each pass. All records that were seen are published, "
            "each once.",
        ),
        "unproven": VerdictMeaning(
            "could not be compared with a reliable total",
            "The service declared no total, one that only counts the items of a page, or one that it exceeds; or the "
            "end of the list was not seen. The manifest says which. The walk was read as far as there was anything.",
        ),
    }
)
