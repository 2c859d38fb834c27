"""The tree of institutions, as it is and as it was on a day."""

from collections.abc import Sequence
from datetime import date

import msgspec

from services.customer import contract as c
from services.customer.views import standing
from shared.envelope import Envelope, Reference
from shared.projection import Index, View

EVENTS = (c.InstitutionRegistered, c.InstitutionRenamed, c.InstitutionMoved, c.InstitutionClosed)


class Place(msgspec.Struct, frozen=True):
    """Above which parent it stands from a day on; the first place has no first day."""

    parent_id: str | None
    since: date | None = None


class InstitutionRow(msgspec.Struct, frozen=True):
    institution_id: str
    name: str
    level: c.InstitutionLevel
    places: tuple[Place, ...]
    reference: Reference | None = None
    closed: date | None = None
    version: int = 1

    @property
    def parent_id(self) -> str | None:
        """The latest known parent."""
        return self.places[-1].parent_id

    def parent_on(self, day: date) -> str | None:
        """The parent on that day."""
        return [place for place in self.places if place.since is None or place.since <= day][-1].parent_id


def ids(envelope: Envelope) -> Sequence[str]:
    return (envelope.data.institution_id,) if isinstance(envelope.data, EVENTS) else ()


def evolve(row: InstitutionRow | None, _: str, envelope: Envelope) -> InstitutionRow | None:
    event = envelope.data
    if isinstance(event, c.InstitutionRegistered):
        return InstitutionRow(event.institution_id, event.name, event.level, (Place(event.parent_id),), event.reference)
    if row is None:
        return None
    row = msgspec.structs.replace(row, version=envelope.version)
    match event:
        case c.InstitutionRenamed():
            return msgspec.structs.replace(row, name=event.name)
        case c.InstitutionMoved():
            earlier = [place for place in row.places if place.since is None or place.since < event.effective]
            return msgspec.structs.replace(row, places=(*earlier, Place(event.parent_id, event.effective)))
        case c.InstitutionClosed():
            return msgspec.structs.replace(row, closed=event.effective)
        case _:
            return row


INSTITUTIONS = View(
    name="institution",
    row=InstitutionRow,
    ids=ids,
    evolve=evolve,
    index=lambda row: Index(
        owner=row.parent_id or "",
        institution=row.institution_id,
        rank=standing.rank(row.institution_id, gone=row.closed is not None),
    ),
)
