"""Whom an assessment is about: one customer, or the customers that a merge made one."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from services.scoring import row as rows
from services.scoring.evidence import Evidence, merge
from services.scoring.projection import EVIDENCE, index
from services.scoring.row import Row
from shared.codec import Codec
from shared.envelope import Envelope, Record
from shared.projection_store import ProjectionStore, TimelineEvent
from shared.views import Scope, ViewStore

_read = msgspec.msgpack.decode


class Subject(msgspec.Struct, frozen=True):
    """`survivor` gives the profile; `revisions` are the members' own, `seen` the highest position per channel.

    `homes` are the members' own home institutions: a merge lets nobody see, or lose sight of, a customer.
    """

    survivor: str
    evidence: Evidence
    revisions: dict[str, int]
    seen: dict[str, dict[str, int]]
    homes: dict[str, str]

    @property
    def members(self) -> list[str]:
        """The customers assessed as one, sorted."""
        return sorted(self.revisions)


class Subjects:
    """Reads evidence rows and timelines; groups are followed to all their members."""

    def __init__(self, store: ProjectionStore, views: ViewStore, codec: Codec) -> None:
        self._store = store
        self._views = views
        self._codec = codec

    async def find(self, customers: Iterable[str]) -> list[Subject]:
        """The subjects that these customers belong to, each once; customers without evidence are left out."""
        known = await self._linked(customers, related)
        return [
            _subject(members, known)
            for members in groups({id_: related(row.evidence) for id_, (row, _) in known.items()})
        ]

    async def ever(self, customer: str) -> list[str]:
        """The customer and everybody whom a merge, withdrawn or not, ever linked to it."""
        return sorted({customer} | (await self._linked([customer], mentioned)).keys())

    async def _linked(
        self, customers: Iterable[str], links: Callable[[Evidence], Sequence[str]]
    ) -> dict[str, tuple[Row, int]]:
        known: dict[str, tuple[Row, int]] = {}
        wanted = set(customers)
        while wanted:
            loaded = await self._store.load({EVIDENCE: sorted(wanted)})
            found = {id_: (rows.decode(stored.data), stored.revision) for (_, id_), stored in loaded.items()}
            known |= found
            wanted = {other for row, _ in found.values() for other in links(row.evidence)} - known.keys() - wanted
        return known

    async def history(self, members: Sequence[str], scope: Scope) -> list[Envelope]:
        """Every event of the members' timelines that the scope may see."""
        events = [event for member in members for event in await self._views.history(member, scope)]
        return [envelope(event, self._codec) for event in events]


def envelope(event: TimelineEvent, codec: Codec) -> Envelope:
    """A timeline event as an envelope again."""
    return codec.decode(
        Record(
            log=event.channel.partition("/")[0],
            position=event.position,
            stream=event.stream,
            version=event.version,
            key=event.key,
            type=event.type,
            schema=event.schema,
            data=event.data,
            meta=event.meta,
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
        )
    )


def related(evidence: Evidence) -> list[str]:
    """The customers that this one was merged with and is not un-merged from."""
    return [other for other, holds in _links(evidence) if holds]


def mentioned(evidence: Evidence) -> list[str]:
    """The customers that this one was ever merged with."""
    return [other for other, _ in _links(evidence)]


def _links(evidence: Evidence) -> Iterator[tuple[str, bool]]:
    for fields in evidence.facts.values():
        for name, (_, holds) in fields.items():
            if name.startswith(("absorbed:", "survivor:")):
                yield name.partition(":")[2], _read(holds)


def group_of(customer: str, evidence: dict[str, Evidence]) -> tuple[list[str], str]:
    """Those who were one with the customer by this evidence of each, sorted, and their survivor."""
    found = groups({member: related(each) for member, each in evidence.items()})
    members = next(group for group in found if customer in group)
    return members, _survivor(members, evidence)


def groups(links: dict[str, list[str]]) -> list[list[str]]:
    """The connected groups among the customers that are known, whichever side knows of a merge."""
    near: dict[str, set[str]] = {member: set() for member in links}
    for member, others in links.items():
        for other in others:
            if other in near:
                near[member].add(other)
                near[other].add(member)
    left = set(links)
    found: list[list[str]] = []
    while left:
        ends, group = [left.pop()], list[str]()
        while ends:
            member = ends.pop()
            group.append(member)
            fresh = near[member] & left
            left -= fresh
            ends.extend(fresh)
        found.append(sorted(group))
    return found


def _subject(members: Sequence[str], known: dict[str, tuple[Row, int]]) -> Subject:
    own = {member: known[member][0].evidence for member in members}
    evidence = list(own.values())
    return Subject(
        survivor=_survivor(members, own),
        evidence=evidence[0] if len(evidence) == 1 else merge(*evidence),
        revisions={member: known[member][1] for member in members},
        seen={member: known[member][0].seen for member in members},
        homes={member: index(known[member][0]).institution for member in members},
    )


def _survivor(members: Sequence[str], evidence: dict[str, Evidence]) -> str:
    """The member that nobody absorbed."""
    absorbed = {
        member
        for member in members
        for fields in evidence[member].facts.values()
        for name, (_, holds) in fields.items()
        if name.startswith("survivor:") and _read(holds)
    }
    return next((member for member in members if member not in absorbed), members[0])
