"""Evidence from the complaint service. Each step is a fact of its own, so that recovery can replay the case."""

from collections.abc import Callable
from typing import Any

from services.complaint import contract as c
from services.scoring.calendar import local_day
from services.scoring.evidence import Target
from services.scoring.refold import Refold
from shared.envelope import Envelope


def _received(target: Target, e: c.ComplaintReceived, envelope: Envelope, refold: Refold) -> None:
    if envelope.key == e.complaint_id:
        return  # anonymous: nobody's satisfaction
    own = target.on(envelope.occurred_at)
    day = local_day(envelope.occurred_at, refold.zone)
    loss = None if e.loss is None else (e.loss.amount_minor, e.loss.currency)
    own.fact(e.complaint_id, "received", envelope.version, (day, e.severity, loss))
    own.count("complaint", day)


def _step(field: str, *values: str) -> Callable[[Target, Any, Envelope, Refold], None]:
    def feed(target: Target, e: Any, envelope: Envelope, refold: Refold) -> None:
        if envelope.key != e.complaint_id:
            told = [local_day(envelope.occurred_at, refold.zone), *(getattr(e, name) for name in values)]
            target.on(envelope.occurred_at).fact(e.complaint_id, field, envelope.version, told)

    return feed


def _confirmed(target: Target, e: c.ComplaintConfirmed, envelope: Envelope, refold: Refold) -> None:
    # A field per answer: a later "satisfied" must not hide that the customer once was not.
    _step(f"confirmed:{e.answer}")(target, e, envelope, refold)


def _praise(target: Target, e: c.PraiseRecorded, envelope: Envelope, refold: Refold) -> None:
    if envelope.key != e.praise_id:
        day = local_day(envelope.occurred_at, refold.zone)
        target.on(envelope.occurred_at).grow("praise", refold.advocacy, day, 1)


FEEDS: dict[type, Callable[[Target, Any, Envelope, Refold], None]] = {
    c.ComplaintReceived: _received,
    c.ComplaintAssessed: _step("assessed", "severity"),
    c.ComplaintDecided: _step("decided", "decision"),
    c.ComplaintCommunicated: _step("communicated", "decision"),
    c.ComplaintConfirmed: _confirmed,
    c.ComplaintClosed: _step("closed"),
    c.ComplaintReopened: _step("reopened"),
    c.ComplaintWithdrawn: _step("withdrawn"),
    c.ComplaintReferredExternally: _step("referred"),
    c.PraiseRecorded: _praise,
}
