"""Decoded events of a customer, as the services would publish them: positions dense per log, versions per stream."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from shared.envelope import Envelope, Meta, Reference, Sealed

ZONE = ZoneInfo("Asia/Shanghai")
CUSTOMER = "cus_1"
NAMES: dict[type, tuple[str, int, str, str]] = {
    struct: (log, schema, name, topic)
    for log, events in (
        (customer.LOG, customer.EVENTS),
        (interaction.LOG, interaction.EVENTS),
        (complaint.LOG, complaint.EVENTS),
    )
    for name, schema, struct, topic in events
}


def noon(on: date) -> datetime:
    """12:00 local."""
    return datetime.combine(on, time(12), ZONE).astimezone(UTC)


class History:
    """The events of one customer in the order of their recording."""

    def __init__(self, key: str = CUSTOMER) -> None:
        self.key = key
        self.envelopes: list[Envelope] = []
        self._positions: Counter[str] = Counter()
        self._versions: Counter[str] = Counter()
        self._made = 0

    def new_id(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}_{self._made}"

    def add(self, data: Any, at: datetime | date, stream: str, *, key: str | None = None) -> Envelope:
        """Record an event at an instant, or at noon of a day."""
        instant = at if isinstance(at, datetime) else noon(at)
        log, schema, name, topic = NAMES[type(data)]
        self._positions[log] += 1
        self._versions[stream] += 1
        envelope = Envelope(
            log=log,
            position=self._positions[log],
            stream=stream,
            version=self._versions[stream],
            key=key or self.key,
            type=name,
            schema=schema,
            topic=topic,
            data=data,
            meta=Meta(),
            occurred_at=instant,
            recorded_at=instant,
        )
        self.envelopes.append(envelope)
        return envelope

    def register(self, at: date, kind: Any = "personal", institution: str = "ins_1") -> Envelope:
        data = customer.CustomerRegistered(self.key, kind, institution, Sealed(self.key, "name", "box"))
        return self.add(data, at, f"customer-{self.key}")

    def open(self, at: date, product: Any = "demand_deposit", opening: int = 0, **more: Any) -> str:
        account = self.new_id("acc")
        since = more.pop("since", at)
        currency = more.pop("currency", "CNY")
        data = customer.AccountOpened(account, self.key, product, currency, "ins_1", since, opening, **more)
        self.add(data, at, f"account-{account}")
        return account

    def close(self, at: date, account: str, product: Any = "demand_deposit") -> Envelope:
        return self.add(customer.AccountClosed(account, self.key, product, at), at, f"account-{account}")

    def post(self, at: date, account: str, amount: int, **more: Any) -> Envelope:
        """A transaction; a negative amount is a debit."""
        identifier = self.new_id("txn")
        initiated_by = more.pop("initiated_by", "customer")
        currency = more.pop("currency", "CNY")
        booking_date = more.pop("booking_date", at)
        data = customer.TransactionPosted(
            transaction_id=identifier,
            account_id=account,
            customer_id=self.key,
            institution_id="ins_1",
            reference=Reference("core", identifier),
            credit_debit_indicator="CRDT" if amount > 0 else "DBIT",
            amount_minor=abs(amount),
            currency=currency,
            base_amount_minor=abs(amount),
            booking_date=booking_date,
            value_date=booking_date,
            initiated_by=initiated_by,
            **more,
        )
        return self.add(data, at, f"transaction-{identifier}")

    def reverse(self, at: date, posted: Envelope) -> Envelope:
        original = customer.OriginalTransaction(posted.occurred_at, posted.data)
        data = customer.TransactionReversed(
            posted.data.transaction_id, posted.data.account_id, self.key, "wrong", original
        )
        return self.add(data, at, posted.stream)

    def contact(self, at: date, channel: Any = "counter", **more: Any) -> Envelope:
        identifier = self.new_id("int")
        settings: dict[str, Any] = {
            "direction": "in",
            "purpose": "service",
            "outcome": "reached",
            "employee_id": "emp_1",
        } | more
        data = interaction.InteractionRecorded(identifier, self.key, "ins_1", channel, **settings)
        return self.add(data, at, f"interaction-{identifier}")

    def correct(self, at: date, recorded: Envelope, on: date, **changes: Any) -> Envelope:
        """The contact was on another day, or otherwise different."""
        import msgspec

        original = _standing(recorded)
        replacement = interaction.OriginalInteraction(noon(on), msgspec.structs.replace(original.data, **changes))
        data = interaction.InteractionCorrected(original.data.interaction_id, self.key, "wrong", original, replacement)
        return self.add(data, at, recorded.stream)

    def void(self, at: date, recorded: Envelope) -> Envelope:
        original = _standing(recorded)
        data = interaction.InteractionVoided(original.data.interaction_id, self.key, "wrong", original)
        return self.add(data, at, recorded.stream)

    def promise(self, made: date, due: date, kept: date | None = None, broken: date | None = None) -> str:
        identifier = self.new_id("prm")
        stream = f"promise-{identifier}"
        self.add(interaction.PromiseMade(identifier, self.key, "ins_1", "emp_1", due), made, stream)
        if broken is not None:
            self.add(interaction.PromiseBroken(identifier, self.key, due), broken, stream)
        if kept is not None:
            self.add(interaction.PromiseKept(identifier, self.key, broken is not None), kept, stream)
        return identifier

    def survey(self, at: date, value: int, method: Any = "csat") -> Envelope:
        identifier = self.new_id("sur")
        return self.add(
            interaction.SurveyAnswered(identifier, self.key, method, value, "ins_1"), at, f"survey-{identifier}"
        )

    def rate(self, at: date, value: int, element: Any = "overall", source: Any = "device") -> Envelope:
        identifier = self.new_id("rtg")
        data = interaction.ServiceElementRated(identifier, element, value, 1, 5, source, "ins_1", self.key)
        return self.add(data, at, f"rating-{identifier}")

    def complain(self, at: date, severity: Any = "major", **more: Any) -> str:
        identifier = self.new_id("cmp")
        data = complaint.ComplaintReceived(
            identifier, "ins_1", "counter", "card", "fee", self.key, severity=severity, **more
        )
        self.add(data, at, f"complaint-{identifier}")
        return identifier

    def step(self, at: date, identifier: str, struct: Any, **more: Any) -> Envelope:
        data = struct(complaint_id=identifier, customer_id=self.key, **more)
        return self.add(data, at, f"complaint-{identifier}")

    def resolve(self, at: date, identifier: str) -> None:
        """Upheld and told to the customer on that day."""
        self.step(at, identifier, complaint.ComplaintDecided, decision="upheld")
        self.step(at, identifier, complaint.ComplaintCommunicated, decision="upheld")

    def referral(self, at: date, converted: date | None = None) -> str:
        identifier = self.new_id("ref")
        self.add(customer.ReferralRecorded(identifier, self.key), at, f"referral-{identifier}")
        if converted is not None:
            self.add(customer.ReferralConverted(identifier, self.key), converted, f"referral-{identifier}")
        return identifier


def _standing(recorded: Envelope) -> interaction.OriginalInteraction:
    if isinstance(recorded.data, interaction.InteractionCorrected):
        return recorded.data.replacement
    return interaction.OriginalInteraction(recorded.occurred_at, recorded.data)


def days_after(start: date, number: int) -> date:
    return start + timedelta(days=number)
