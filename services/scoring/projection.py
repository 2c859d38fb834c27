"""The evidence as a projection: one row per customer, the timeline beside it, and the tree of institutions."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from services.directory.views import INSTITUTIONS
from services.scoring import row as rows
from services.scoring.refold import Refold
from services.scoring.row import Row
from shared.envelope import Envelope
from shared.projection import Index, Projection, View

EVIDENCE = "evidence"
"""The name of the view of evidence rows."""

FOLD = 1
"""Raised by hand when a delta means something else; a changed refold parameter raises the version by itself."""

_read = msgspec.msgpack.decode


def evidence_projection(refold: Refold) -> Projection:
    """The projection for these parameters; other parameters get other tables, folded from the start."""
    evidence: View[Row] = View(
        name=EVIDENCE,
        row=Row,
        ids=concerned,
        evolve=lambda row, _, envelope: rows.evolve(row or Row(), envelope, refold),
        index=index,
        encode=rows.encode,
        decode=rows.decode,
    )
    return Projection("evidence", version(refold), (evidence, INSTITUTIONS), timeline=True)


def version(refold: Refold) -> int:
    """A number that is the same for the same fold: 31 bits of a hash."""
    parameters = {**msgspec.structs.asdict(refold), "purchase_products": sorted(refold.purchase_products)}
    digest = blake2b(msgspec.json.encode((FOLD, sorted(parameters.items()))), digest_size=4).digest()
    return (int.from_bytes(digest, "big") & 0x7FFFFFFF) or 1


def concerned(envelope: Envelope) -> Sequence[str]:
    """The customer whose evidence an event touches: its key, when the event names a customer by it."""
    event = envelope.data
    named = (getattr(event, "customer_id", None), getattr(event, "referrer_id", None))
    return (envelope.key,) if envelope.key in named else ()


def index(row: Row) -> Index:
    """The newest home institution, so that a customer's history moves with its announced transfer.

    Empty until the customer is registered: evidence that came first exists for nobody but the system.
    """
    for fields in row.evidence.facts.values():
        if "kind" in fields:
            homes = [(int(name.partition(":")[2]), name) for name in fields if name.startswith("institution:")]
            manager = fields.get("coverage:relationship_manager")
            return Index(
                owner=_read(manager[1]) if manager else "",
                institution=_read(fields[max(homes)[1]][1]) if homes else "",
            )
    return Index()
