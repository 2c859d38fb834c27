"""Evidence from the customer service: who the customer is, what they hold, what they move."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.customer import contract as c
from services.scoring.calendar import day_of, local_day
from services.scoring.evidence import Target, Working
from services.scoring.refold import Refold
from shared.envelope import Envelope


def _registered(target: Target, e: c.CustomerRegistered, envelope: Envelope, refold: Refold) -> None:
    own = target.on(envelope.occurred_at)
    own.fact(e.customer_id, "kind", envelope.version, e.kind)
    own.fact(e.customer_id, "institution:0", envelope.version, e.institution_id)


def _transferred(target: Target, e: c.CustomerTransferred, envelope: Envelope, refold: Refold) -> None:
    # One field per effective date, because a transfer may be decided before it takes effect.
    own = target.on(envelope.occurred_at)
    own.fact(e.customer_id, f"institution:{day_of(e.effective)}", envelope.version, e.institution_id)


def _coverage(
    target: Target, e: c.CoverageAssigned | c.CoverageTransferred, envelope: Envelope, refold: Refold
) -> None:
    target.on(envelope.occurred_at).fact(e.customer_id, f"coverage:{e.role}", envelope.version, e.employee_id)


def _tier(target: Target, e: c.TierChanged, envelope: Envelope, refold: Refold) -> None:
    target.on(envelope.occurred_at).fact(e.customer_id, "tier", envelope.version, e.tier)


def _weights(target: Target, e: c.ServiceElementWeighted, envelope: Envelope, refold: Refold) -> None:
    weights = dict(sorted(e.weights.items()))
    target.on(envelope.occurred_at).fact(e.customer_id, "weights", envelope.version, weights)


def _merged(target: Target, e: c.CustomerMerged, envelope: Envelope, refold: Refold) -> None:
    target.on(envelope.occurred_at).fact(e.customer_id, f"absorbed:{e.absorbed_id}", envelope.version, True)


def _absorbed(target: Target, e: c.CustomerAbsorbed, envelope: Envelope, refold: Refold) -> None:
    target.on(envelope.occurred_at).fact(e.customer_id, f"survivor:{e.survivor_id}", envelope.version, True)


def _unmerged(target: Target, e: c.CustomerUnmerged, envelope: Envelope, refold: Refold) -> None:
    # The event does not say on which side of the merge it stands; withdrawing what never held changes nothing.
    own = target.on(envelope.occurred_at)
    own.fact(e.customer_id, f"absorbed:{e.other_id}", envelope.version, False)
    own.fact(e.customer_id, f"survivor:{e.other_id}", envelope.version, False)


def _erasure(
    target: Target, e: c.CustomerErasureRequested | c.CustomerErased, envelope: Envelope, refold: Refold
) -> None:
    field = "erased" if isinstance(e, c.CustomerErased) else "erasure_requested"
    target.on(envelope.occurred_at).fact(e.customer_id, field, envelope.version, True)


def _referral(target: Target, e: c.ReferralRecorded | c.ReferralConverted, envelope: Envelope, refold: Refold) -> None:
    measure = "referral_recorded" if isinstance(e, c.ReferralRecorded) else "referral_converted"
    day = local_day(envelope.occurred_at, refold.zone)
    target.on(envelope.occurred_at).grow(measure, refold.advocacy, day, 1)


def _opened(target: Target, e: c.AccountOpened, envelope: Envelope, refold: Refold) -> None:
    own = target.on(envelope.occurred_at)
    since = day_of(e.since)
    maturity = None if e.maturity_date is None else day_of(e.maturity_date)
    opened = (e.product, since, e.currency, e.institution_id, maturity)
    own.fact(e.account_id, "opened", envelope.version, opened)
    # An account announced before it begins must not lie in the future of the evidence that already holds it.
    day = min(since, local_day(envelope.occurred_at, refold.zone))
    if e.product in refold.purchase_products:
        own.count("purchase", day)
    if e.opening_balance_minor:
        _balance(target.on(day), f"balance:{e.account_id}", day, e.opening_balance_minor, refold)


def _closed(target: Target, e: c.AccountClosed, envelope: Envelope, refold: Refold) -> None:
    target.on(envelope.occurred_at).fact(e.account_id, "closed", envelope.version, day_of(e.effective))


def _holder_added(target: Target, e: c.AccountHolderAdded, envelope: Envelope, refold: Refold) -> None:
    # `since` is part of the field's name: a holder who comes back keeps the earlier start.
    field = f"holder:{e.customer_id}:{day_of(e.since)}"
    target.on(envelope.occurred_at).fact(e.account_id, field, envelope.version, e.product)


def _holder_removed(target: Target, e: c.AccountHolderRemoved, envelope: Envelope, refold: Refold) -> None:
    field = f"holder_removed:{e.customer_id}"
    target.on(envelope.occurred_at).fact(e.account_id, field, envelope.version, day_of(e.effective))


def _balance(into: Working, measure: str, day: int, change: int, refold: Refold) -> None:
    into.total(measure, change)
    into.grow(measure, refold.balance, day, change)


def _balance_recorded(target: Target, e: c.BalanceRecorded, envelope: Envelope, refold: Refold) -> None:
    for effect in e.effects:
        day = day_of(effect.date)
        _balance(target.on(day), f"balance:{e.account_id}", day, effect.change_minor, refold)


def _posting(target: Target, e: c.TransactionPosted, at: datetime, refold: Refold, sign: int) -> None:
    own = target.on(at)
    day = local_day(at, refold.zone)
    if e.initiated_by == "customer":
        own.count("active", day, sign)
        if e.purchase:
            own.count("purchase", day, sign)
    if e.external != "none":
        own.count("external", day, sign)
        moved = e.amount_minor if e.external == "in" else -e.amount_minor
        own.grow(f"external:{e.currency}", refold.external, day, sign * moved)
    if e.feeds_balance:
        # Whether a credit raises or lowers what the customer holds depends on the product; reading decides.
        change = e.amount_minor if e.credit_debit_indicator == "CRDT" else -e.amount_minor
        booked = day_of(e.booking_date)
        _balance(target.on(booked), f"moved:{e.account_id}", booked, sign * change, refold)


def _posted(target: Target, e: c.TransactionPosted, envelope: Envelope, refold: Refold) -> None:
    _posting(target, e, envelope.occurred_at, refold, 1)


def _reversed(target: Target, e: c.TransactionReversed, envelope: Envelope, refold: Refold) -> None:
    _posting(target, e.original.data, e.original.occurred_at, refold, -1)


FEEDS: dict[type, Callable[[Target, Any, Envelope, Refold], None]] = {
    c.CustomerRegistered: _registered,
    c.CustomerTransferred: _transferred,
    c.CoverageAssigned: _coverage,
    c.CoverageTransferred: _coverage,
    c.TierChanged: _tier,
    c.ServiceElementWeighted: _weights,
    c.CustomerMerged: _merged,
    c.CustomerAbsorbed: _absorbed,
    c.CustomerUnmerged: _unmerged,
    c.CustomerErasureRequested: _erasure,
    c.CustomerErased: _erasure,
    c.ReferralRecorded: _referral,
    c.ReferralConverted: _referral,
    c.AccountOpened: _opened,
    c.AccountClosed: _closed,
    c.AccountHolderAdded: _holder_added,
    c.AccountHolderRemoved: _holder_removed,
    c.BalanceRecorded: _balance_recorded,
    c.TransactionPosted: _posted,
    c.TransactionReversed: _reversed,
}
