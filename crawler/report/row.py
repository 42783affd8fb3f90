"""A repository as the report shows it (pure): its fields, with every text from the service escaped and shortened.

Source: docs/reference/swr-api.md#namespace-name-rule, #repository-name-rule (lengths), #share-status (its meaning).
"""

from typing import Final, NamedTuple

from crawler.model.record import Record
from crawler.text.human import excerpt

LONGEST: Final = 200  # characters of one text from the service: more than any valid name has


class RepositoryRow(NamedTuple):
    """One repository: texts as `shown` returns them, `size` in bytes, times RFC 3339 in UTC.

    None is what the service did not send. `valid` is the service's `status`, which has a meaning for the center
    thirdparty only.
    """

    target: str
    center: str
    domain: str
    namespace: str
    name: str
    category: str
    description: str
    size: int | None
    images: int | None
    downloads: int | None
    public: bool | None
    valid: bool | None
    created: str | None
    updated: str | None


def shown(text: str | None) -> str:
    r"""Return at most LONGEST printable characters: control and bidi characters become `\u202e` and the like."""
    return excerpt(text or "", LONGEST)


def row_of(record: Record) -> RepositoryRow:
    """Return the row of a record."""
    return RepositoryRow(
        target=shown(record.target),
        center=record.center,
        domain=shown(record.domain_name),
        namespace=shown(record.namespace),
        name=shown(record.name),
        category=shown(record.category),
        description=shown(record.description),
        size=record.size,
        images=record.num_images,
        downloads=record.num_download,
        public=record.is_public,
        valid=record.status,
        created=record.created_at,
        updated=record.updated_at,
    )
