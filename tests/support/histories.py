"""Random but valid histories of one customer across the three services, for the laws."""

from datetime import date, timedelta
from random import Random

import msgspec
from hypothesis import strategies as st

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from shared.envelope import Envelope
from support.events import History

START = date(2023, 1, 2)
PRODUCTS = ["demand_deposit", "term_deposit", "fund", "consumer_loan", "insurance"]
CHANNELS = ["counter", "call_centre", "visit", "sms", "email", "mobile", "event", "atm"]
PURPOSES = ["service", "sales", "emotional_care", "cultivation", "complaint_handling"]
OUTCOMES = ["reached", "not_reached", "follow_up", "declined"]


def grow(seed: int, length: int) -> History:
    """A history of about `length` events; the same seed gives the same history."""
    random = Random(seed)
    history = History()
    day = START
    history.register(day, random.choice(["personal", "enterprise"]))
    accounts = [(history.open(day, "demand_deposit", random.choice([0, 5_000_000])), "demand_deposit")]
    steps = [_money, _money, _money, _contacts, _contacts, _promises, _ratings, _complaints, _customer]
    while len(history.envelopes) < length:
        day += timedelta(days=random.randint(0, 20))
        random.choice(steps)(history, random, day, accounts)
    return history


def _money(history: History, random: Random, day: date, accounts: list[tuple[str, str]]) -> None:
    if random.random() < 0.1:
        product = random.choice(PRODUCTS)
        since = day - timedelta(days=random.choice([0, 0, 400]))
        accounts.append((history.open(day, product, random.randint(0, 10**7), since=since), product))
        return
    account, product = random.choice(accounts)
    if random.random() < 0.05:
        history.close(day, account, product)
    posted = history.post(
        day,
        account,
        random.choice([-1, 1]) * random.randint(1, 10**8),
        initiated_by=random.choice(["customer", "customer", "bank", "standing_order"]),
        external=random.choice(["none", "in", "out"]),
        purchase=random.random() < 0.2,
        feeds_balance=random.random() < 0.8,
    )
    if random.random() < 0.15:
        history.reverse(day + timedelta(days=random.randint(0, 3)), posted)


def _contacts(history: History, random: Random, day: date, accounts: list[tuple[str, str]]) -> None:
    recorded = history.contact(
        day,
        random.choice(CHANNELS),
        direction=random.choice(["in", "out"]),
        purpose=random.choice(PURPOSES),
        outcome=random.choice(OUTCOMES),
        message=random.random() < 0.5,
        counterpart=random.choice([None, "pty_1", "pty_2"]),
        emotion=random.choice([None, "pleased", "angry"]),
        employee_id=random.choice([None, "emp_1"]),
    )
    if random.random() < 0.2:
        recorded = history.correct(day, recorded, day - timedelta(days=3), channel=random.choice(CHANNELS))
    if random.random() < 0.1:
        history.void(day, recorded)


def _promises(history: History, random: Random, day: date, accounts: list[tuple[str, str]]) -> None:
    due = day + timedelta(days=5)
    kept = due + timedelta(days=1) if random.random() < 0.5 else None
    history.promise(day, due, kept, due if random.random() < 0.4 else None)


def _ratings(history: History, random: Random, day: date, accounts: list[tuple[str, str]]) -> None:
    if random.random() < 0.5:
        history.survey(day, random.randint(1, 5), random.choice(["csat", "ces"]))
    else:
        history.rate(day, random.randint(1, 5), random.choice(["overall", "empathy", "reliability"]))


def _complaints(history: History, random: Random, day: date, accounts: list[tuple[str, str]]) -> None:
    identifier = history.complain(day, random.choice([None, "minor", "major", "critical"]))
    told = day + timedelta(days=random.randint(1, 12))
    if random.random() < 0.7:
        history.resolve(told, identifier)
        answer = random.choice(["satisfied", "not_satisfied", "no_answer"])
        history.step(told + timedelta(days=2), identifier, complaint.ComplaintConfirmed, answer=answer)
    elif random.random() < 0.5:
        history.step(told, identifier, complaint.ComplaintWithdrawn)
    elif random.random() < 0.5:
        history.step(told, identifier, complaint.ComplaintReferredExternally, body="ombudsman")


def _customer(history: History, random: Random, day: date, accounts: list[tuple[str, str]]) -> None:
    stream = f"customer-{history.key}"
    match random.randint(0, 6):
        case 0:
            tier = random.choice(["gold", "key", "ordinary"])
            history.add(customer.TierChanged(history.key, tier, "default", "1"), day, stream)
        case 1:
            history.add(customer.CoverageAssigned(history.key, "relationship_manager", "emp_1"), day, stream)
        case 2:
            weights = {"empathy": random.randint(0, 9), "reliability": random.randint(0, 9)}
            history.add(customer.ServiceElementWeighted(history.key, weights), day, stream)
        case 3:
            history.referral(day, day + timedelta(days=9) if random.random() < 0.5 else None)
        case 4:
            history.add(complaint.PraiseRecorded("pra_1", "ins_1", history.key), day, "praise-pra_1")
        case 5:
            history.add(interaction.RecognitionGiven("rec_1", history.key, "greeting"), day, "recognition-rec_1")
        case _:
            history.add(interaction.AttendanceRecorded("cam_1", history.key), day, "campaign-cam_1")


histories = st.builds(grow, st.integers(0, 1_000_000), st.integers(1, 60))


def retracted(envelopes: list[Envelope]) -> list[Envelope]:
    """The oracle: what would be in the logs had nobody made a mistake."""
    kept: dict[str, Envelope] = {}
    for envelope in envelopes:
        data = envelope.data
        if isinstance(data, customer.TransactionReversed | interaction.InteractionVoided):
            del kept[envelope.stream]
        elif isinstance(data, interaction.InteractionCorrected):
            was = kept[envelope.stream]
            kept[envelope.stream] = msgspec.structs.replace(
                was, data=data.replacement.data, occurred_at=data.replacement.occurred_at
            )
        else:
            kept[envelope.stream if _retractable(envelope) else envelope.id] = envelope
    return list(kept.values())


def _retractable(envelope: Envelope) -> bool:
    return envelope.type in {"transaction.posted", "interaction.recorded"}
