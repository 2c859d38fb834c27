"""Whom an assessment is about: one customer, or the customers that a merge made one."""

from collections.abc import Iterable, Sequence

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
        known: dict[str, tuple[Row, int]] = {}
        wanted = set(customers)
        while wanted:
            loaded = await self._store.load({EVIDENCE: sorted(wanted)})
            found = {id_: (rows.decode(stored.data), stored.revision) for (_, id_), stored in loaded.items()}
            known |= found
            wanted = {other for row, _ in found.values() for other in related(row)} - known.keys() - wanted
        return [_subject(members, known) for members in groups({id_: related(row) for id_, (row, _) in known.items()})]

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


def related(row: Row) -> list[str]:
    """The customers that this one was merged with and is not un-merged from."""
    return [
        name.partition(":")[2]
        for fields in row.evidence.facts.values()
        for name, (_, holds) in fields.items()
        if name.startswith(("absorbed:", "survivor:")) and _read(holds)
    ]


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
    evidence = [known[member][0].evidence for member in members]
    return Subject(
        survivor=_survivor(members, known),
        evidence=evidence[0] if len(evidence) == 1 else merge(*evidence),
        revisions={member: known[member][1] for member in members},
        seen={member: known[member][0].seen for member in members},
        homes={member: index(known[member][0]).institution for member in members},
    )


def _survivor(members: Sequence[str], known: dict[str, tuple[Row, int]]) -> str:
    """The member that nobody absorbed."""
    absorbed = {
        member
        for member in members
        for fields in known[member][0].evidence.facts.values()
        for name, (_, holds) in fields.items()
        if name.startswith("survivor:") and _read(holds)
    }
    return next((member for member in members if member not in absorbed), members[0])
