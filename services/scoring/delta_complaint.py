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


def _assessed(target: Target, e: c.ComplaintAssessed, envelope: Envelope, refold: Refold) -> None:
    if envelope.key != e.complaint_id:
        target.on(envelope.occurred_at).fact(e.complaint_id, "assessed", envelope.version, e.severity)


def _step(word: Callable[[Any], str]) -> Callable[[Target, Any, Envelope, Refold], None]:
    """A step of the case under a field of its own, because recovery replays every step in the order of the stream."""

    def feed(target: Target, e: Any, envelope: Envelope, refold: Refold) -> None:
        if envelope.key != e.complaint_id:
            step = (local_day(envelope.occurred_at, refold.zone), word(e))
            target.on(envelope.occurred_at).fact(e.complaint_id, f"step:{envelope.version}", envelope.version, step)

    return feed


def _named(name: str) -> Callable[[Target, Any, Envelope, Refold], None]:
    return _step(lambda _: name)


def _praise(target: Target, e: c.PraiseRecorded, envelope: Envelope, refold: Refold) -> None:
    if envelope.key != e.praise_id:
        day = local_day(envelope.occurred_at, refold.zone)
        target.on(envelope.occurred_at).grow("praise", refold.advocacy, day, 1)


FEEDS: dict[type, Callable[[Target, Any, Envelope, Refold], None]] = {
    c.ComplaintReceived: _received,
    c.ComplaintAssessed: _assessed,
    c.ComplaintDecided: _named("decided"),
    c.ComplaintCommunicated: _step(lambda e: e.decision),
    c.ComplaintConfirmed: _step(lambda e: e.answer),
    c.ComplaintClosed: _named("closed"),
    c.ComplaintReopened: _named("reopened"),
    c.ComplaintWithdrawn: _named("withdrawn"),
    c.ComplaintReferredExternally: _named("referred"),
    c.PraiseRecorded: _praise,
}
