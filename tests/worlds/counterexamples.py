"""The minimal worlds in which a crawl was once called complete and was not, or was doubted and was complete.

Each was found by the search (tests/worlds/search.py) and made as simple as it gets. Its name is the law that it taught.
"""

from typing import Final

from tests.worlds.world import Cache, Change, Failure, Replica, Stop, World

_BOTH: Final = ("self", "thirdparty")

EMPTINESS: Final = {
    "two empty answers at once": World(rows=1, failures=(Failure(kind="empty", times=2),)),
    "empty for a moment": World(rows=1, failures=(Failure(kind="empty", span_s=0.05),)),
    "two times total 0 at once": World(rows=1, failures=(Failure(kind="empty, total 0", times=2),)),
    "null for a moment": World(rows=1, failures=(Failure(kind="null", span_s=0.05),)),
    "204 for a moment": World(rows=1, failures=(Failure(kind="204", span_s=0.05),)),
    "a body of zero bytes by its length": World(rows=1, failures=(Failure(kind="zero length", span_s=0.05),)),
    "a connection that ends after the head": World(rows=1, failures=(Failure(kind="no bytes", span_s=2.0),)),
    "an envelope with an error code": World(rows=1, failures=(Failure(kind="error envelope", span_s=2.0),)),
    "one empty answer of a trusted service": World(
        rows=11, replicas=(Replica(), Replica(behind=1)), changes=(Change(center="thirdparty"),), centers=_BOTH
    ),
    "an empty replica, after a page of another": World(
        replicas=(Replica(), Replica(behind=1)), changes=(Change(count=21),)
    ),
    "a total that is late, and then an empty answer": World(
        replicas=(Replica(totals_behind=1),), failures=(Failure(kind="other center", every=5),), changes=(Change(),)
    ),
    "one empty answer beyond a full page": World(
        rows=11, replicas=(Replica(cap=10),), failures=(Failure(kind="empty, total 0", at=2),)
    ),
    "the empty answer of another center, time and again": World(
        others=11, failures=(Failure(kind="other center", at=2, every=2),), centers=_BOTH, concurrency=2
    ),
    "answers that are late on their connection": World(
        others=3, failures=(Failure(kind="answer before", span_s=0.3),), limit=2, centers=_BOTH, concurrency=2
    ),
}

CEILINGS: Final = {
    "a capped total, and rows beyond it": World(rows=21, replicas=(Replica(cap=20),)),
    "a capped total that is no common page length": World(rows=7, replicas=(Replica(cap=6),), limit=3),
    "a total that is late": World(rows=14, replicas=(Replica(totals_behind=1),), changes=(Change(),), limit=7),
    "a capped total of a service that ignores the offset": World(
        rows=11, replicas=(Replica(cap=10, ignores=("offset",)),)
    ),
}

TOTALS: Final = {
    "items that declare less than the header": World(rows=7, replicas=(Replica(totals="items one less"),), limit=3),
    "all answers of a moment declare one less": World(
        rows=7, failures=(Failure(kind="total less", span_s=0.05),), limit=3
    ),
    "a replica whose totals are page lengths, after one that counts": World(
        rows=2, replicas=(Replica(), Replica(totals="page length", clamp=1))
    ),
    "pages of one row that count the page": World(
        replicas=(Replica(totals="page length", weight=1),), changes=(Change(count=2),)
    ),
    "a total of 0 in the middle of a pass": World(
        others=11, replicas=(Replica(ignores=("center",)), Replica(totals="page length")), centers=("thirdparty",)
    ),
}

CENSUS: Final = {
    "a census that declares 0 and holds a row": World(
        rows=2,
        namespaces=2,
        cache=Cache(ignores=("namespace",)),
        failures=(Failure(kind="total zero"),),
        walks="named",
    ),
    "rows that come while the walks are read": World(
        rows=1,
        namespaces=2,
        replicas=(Replica(behind=1),),
        changes=(Change(at=3), Change(count=2)),
        walks="discovered",
    ),
    "a center that had rows after its walks, and then none": World(
        rows=1, failures=(Failure(kind="empty", at=2, times=3, every=5),), walks="discovered"
    ),
    "a row that the census shows, and no walk holds": World(
        rows=2,
        namespaces=3,
        replicas=(Replica(), Replica(behind=1)),
        balancer="random",
        changes=(Change(kind="move", position=1),),
        limit=1,
        walks="named",
    ),
    "a row in a loose list that the walk of its own namespace does not hold": World(
        seed=52076,
        rows=10,
        namespaces=3,
        replicas=(Replica(), Replica(fuzzy=True), Replica(behind=2, fuzzy=True)),
        balancer="random",
        changes=(Change(kind="move", position=8), Change(kind="move", position=57)),
        walks="named",
        concurrency=4,
    ),
    "a namespace that was not listed, of as many rows as one that was": World(
        rows=1,
        namespaces=2,
        replicas=(Replica(), Replica(behind=1)),
        changes=(Change(kind="replace"),),
        walks="discovered",
    ),
    "records of another namespace that nobody publishes": World(
        rows=50, namespaces=2, failures=(Failure(kind="other namespace", span_s=2.0, offset="zero"),), walks="named"
    ),
}

IDENTITY: Final = {
    "one generation sends no owner": World(rows=11, replicas=(Replica(order="reversed", owner=False), Replica())),
    "one repository with its owner and without": World(
        replicas=(Replica(), Replica(behind=1, owner=False)),
        changes=(Change(count=3), Change(kind="swap", to=2)),
        limit=1,
    ),
    "a service that ignores center": World(rows=1, replicas=(Replica(ignores=("center",)),), centers=_BOTH),
    "a cache that ignores center": World(rows=1, cache=Cache(ignores=("center",)), centers=_BOTH),
    "one answer of the other center": World(
        rows=1, failures=(Failure(kind="other center", at=5),), centers=_BOTH, walks="discovered"
    ),
}

SECOND_READINGS: Final = {
    "a cache answers both": World(
        rows=11, cache=Cache(), changes=(Change(at=2, kind="swap", to=10),), double_read=True
    ),
    "two replicas answer both in step": World(
        rows=11, replicas=(Replica(), Replica(behind=1)), changes=(Change(kind="swap"),), double_read=True
    ),
    "the other end of a list that is cut": World(
        rows=11, replicas=(Replica(cap=10, ceiling=10),), limit=9, double_read=True
    ),
}

RESUMES: Final = {
    "a row goes and another comes in the meantime": World(
        rows=11, changes=(Change(at=2, kind="replace", to=10),), stops=(Stop(at=2, away_s=3600.0),)
    ),
    "the same in the middle of a walk of a namespace": World(
        rows=3,
        changes=(Change(at=4, kind="swap", to=2),),
        stops=(Stop(at=4, away_s=3600.0),),
        limit=2,
        walks="discovered",
    ),
}

REFUSALS: Final = {
    "one refusal for a moment where a late total ends": World(
        rows=14,
        replicas=(Replica(totals_behind=1),),
        changes=(Change(),),
        limit=2,
        failures=(Failure(kind="404", at=8),),
    ),
    "a service that ignores the filter that it accepts": World(
        others=11, rows=7, replicas=(Replica(refuses=("direct",), ignores=("filter",)),), centers=("thirdparty",)
    ),
    "a list of one row cannot show that the filter is read": World(
        rows=1, replicas=(Replica(refuses=("direct",), ignores=("filter",)),), centers=("thirdparty",)
    ),
    "the same, resumed": World(
        rows=1,
        replicas=(Replica(refuses=("direct",), ignores=("filter",)),),
        centers=("thirdparty", "self"),
        stops=(Stop(at=14), Stop(at=16, away_s=1.0)),
    ),
}

DOUBTS: Final = {
    "a largest page of three, refused with any code": World(rows=11, replicas=(Replica(max_limit=3),)),
    "no order, refused with any code": World(rows=11, replicas=(Replica(refuses=("order",)),)),
    "one odd refusal of the first page": World(rows=11, failures=(Failure(kind="400"),)),
    "refused beyond the end with 400": World(rows=1, replicas=(Replica(past_end="400"),)),
    "refused beyond the end with 404": World(rows=1, replicas=(Replica(past_end="404"),)),
    "refused beyond the end with 416": World(rows=1, replicas=(Replica(past_end="416"),)),
}

ALL: Final[dict[str, World]] = {
    f"{kind}: {name}": world
    for kind, worlds in {
        "emptiness": EMPTINESS,
        "ceilings": CEILINGS,
        "totals": TOTALS,
        "census": CENSUS,
        "identity": IDENTITY,
        "second readings": SECOND_READINGS,
        "resumes": RESUMES,
        "refusals": REFUSALS,
        "doubts": DOUBTS,
    }.items()
    for name, world in worlds.items()
}
