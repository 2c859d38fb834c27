from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from services.customer import contract as c
from services.customer import routing
from services.customer.views import VIEWS, accounts, customers, institutions
from services.customer.views.transactions import BALANCES, TRANSACTIONS
from shared.codec import Codec
from shared.envelope import Envelope, Meta
from shared.projection import View
from shared.tree import subtree
from support.customers import (
    ACCOUNT,
    BRANCH,
    CUSTOMER,
    HEAD,
    OTHER_BRANCH,
    SPOUSE,
    TODAY,
    TRANSACTION,
    account_closed,
    account_opened,
    branch_registered,
    customer_registered,
    head_registered,
    sealed,
    transaction_posted,
)

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
CODEC = Codec([c])


@dataclass
class Folding:
    """A log of these events, folded into one view exactly as a projector does, through bytes."""

    view: View[Any]
    rows: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    position: int = 0

    def fold(self, events: Iterable[Any]) -> "Folding":
        for event in events:
            self._apply(self._envelope(event))
        return self

    def row(self, identity: str) -> Any:
        data = self.rows.get(identity)
        return None if data is None else _decode(self.view, data)

    def _envelope(self, event: Any) -> Envelope:
        (fact,) = routing.facts([event], AT)
        new = CODEC.encode(fact.key, fact.event, AT)
        self.position += 1
        version = self.versions[fact.stream] = self.versions.get(fact.stream, 0) + 1
        data = CODEC.decode_data(new.type, new.schema, new.data)
        return Envelope(
            "customer", self.position, fact.stream, version, fact.key, new.type, 1, "customer", data, Meta(), AT, AT
        )

    def _apply(self, envelope: Envelope) -> None:
        for identity in self.view.ids(envelope):
            row = self.view.evolve(self.row(identity), identity, envelope)
            if row is None:
                self.rows.pop(identity, None)
            else:
                self.rows[identity] = self.view.encode(row)


def _decode(view: View[Any], data: bytes) -> Any:
    return msgspec.msgpack.decode(data, type=view.row)


def test_institutions_keep_the_tree_of_every_day() -> None:
    moved = c.InstitutionMoved(BRANCH, OTHER_BRANCH, date(2026, 4, 1))
    row = Folding(institutions.INSTITUTIONS).fold([head_registered(), branch_registered(), moved]).row(BRANCH)
    assert row.parent_on(date(2026, 3, 31)) == HEAD
    assert row.parent_on(date(2026, 4, 1)) == row.parent_id == OTHER_BRANCH
    assert row.version == 2


def test_an_earlier_dated_move_replaces_a_later_one() -> None:
    later = c.InstitutionMoved(BRANCH, OTHER_BRANCH, date(2026, 4, 1))
    earlier = c.InstitutionMoved(BRANCH, "ins_x", date(2026, 3, 1))
    row = Folding(institutions.INSTITUTIONS).fold([branch_registered(), later, earlier]).row(BRANCH)
    assert row.parent_on(date(2026, 5, 1)) == "ins_x"


def test_renamed_and_closed_institution() -> None:
    events = [branch_registered(), c.InstitutionRenamed(BRANCH, "Quay"), c.InstitutionClosed(BRANCH, TODAY)]
    row = Folding(institutions.INSTITUTIONS).fold(events).row(BRANCH)
    assert (row.name, row.closed, row.version) == ("Quay", TODAY, 3)


def test_subtree_of_an_institution() -> None:
    sub = branch_registered(institution_id="ins_sub", level="sub_branch", parent_id=BRANCH)
    other = branch_registered(institution_id=OTHER_BRANCH)
    view = Folding(institutions.INSTITUTIONS).fold([head_registered(), branch_registered(), other, sub])
    links = [(identity, view.row(identity).parent_id) for identity in view.rows]
    assert subtree(links, BRANCH) == {BRANCH, "ins_sub"}
    assert subtree(links, HEAD) == {HEAD, BRANCH, OTHER_BRANCH, "ins_sub"}
    assert subtree(links, "ins_unknown") == {"ins_unknown"}


def test_customer_row_tells_profile_people_and_holdings() -> None:
    events = [
        customer_registered(contact={"phone": sealed("phone"), "email": sealed("email")}),
        c.CustomerProfileUpdated(CUSTOMER, contact={"phone": sealed("new phone")}),
        c.TierChanged(CUSTOMER, "gold", "assigned", "1"),
        c.CoverageAssigned(CUSTOMER, "relationship_manager", "e1"),
        c.CoverageTransferred(CUSTOMER, "relationship_manager", "e2", "e1"),
        c.ServiceElementWeighted(CUSTOMER, {"empathy": 2}),
        account_opened(),
        account_closed(),
        c.CustomerTransferred(CUSTOMER, OTHER_BRANCH, TODAY),
    ]
    row = Folding(customers.CUSTOMERS).fold(events).row(CUSTOMER)
    assert (row.contact["phone"].field, row.contact["email"].field) == ("new phone", "email")
    assert (row.tier, row.coverage, row.element_weights) == ("gold", {"relationship_manager": "e2"}, {"empathy": 2})
    held = customers.Holding("demand_deposit", "primary", date(2026, 1, 1), TODAY)
    assert row.holdings == {ACCOUNT: held}
    assert row.institution_id == OTHER_BRANCH
    assert row.version == 7, "events of the account's stream do not count for the customer's version"


def test_co_holder_sees_the_account_until_removed() -> None:
    spouse = customer_registered(customer_id=SPOUSE)
    added = c.AccountHolderAdded(ACCOUNT, SPOUSE, "demand_deposit", date(2026, 2, 1))
    view = Folding(customers.CUSTOMERS).fold([customer_registered(), spouse, account_opened(), added])
    assert view.row(SPOUSE).holdings[ACCOUNT].role == "co_holder"
    view.fold([c.AccountHolderRemoved(ACCOUNT, SPOUSE, "demand_deposit", TODAY)])
    assert view.row(SPOUSE).holdings[ACCOUNT].until == TODAY
    assert view.row(CUSTOMER).holdings[ACCOUNT].until is None


def test_withdrawn_fact_leaves_the_dossier() -> None:
    learned = c.DossierFactAdded(CUSTOMER, "fct_1", "family", sealed("fact"), "care")
    view = Folding(customers.CUSTOMERS).fold([customer_registered(), learned])
    assert view.row(CUSTOMER).facts["fct_1"].topic == "family"
    assert view.fold([c.DossierFactWithdrawn(CUSTOMER, "fct_1")]).row(CUSTOMER).facts == {}


def test_merge_and_unmerge_show_on_both_rows() -> None:
    spouse = customer_registered(customer_id=SPOUSE)
    merged = [c.CustomerMerged(CUSTOMER, SPOUSE), c.CustomerAbsorbed(SPOUSE, CUSTOMER)]
    view = Folding(customers.CUSTOMERS).fold([customer_registered(), spouse, *merged])
    assert (view.row(CUSTOMER).absorbed, view.row(SPOUSE).survivor_id) == ((SPOUSE,), CUSTOMER)
    view.fold([c.CustomerUnmerged(CUSTOMER, SPOUSE), c.CustomerUnmerged(SPOUSE, CUSTOMER)])
    assert (view.row(CUSTOMER).absorbed, view.row(SPOUSE).survivor_id) == ((), None)


def test_referral_shows_on_both_rows() -> None:
    spouse = customer_registered(customer_id=SPOUSE)
    recorded = [c.ReferralRecorded("ref_1", CUSTOMER, SPOUSE), c.CustomerReferred(SPOUSE, "ref_1", CUSTOMER)]
    view = Folding(customers.CUSTOMERS).fold([customer_registered(), spouse, *recorded])
    assert view.row(SPOUSE).referrer_id == CUSTOMER
    view.fold([c.ReferralConverted("ref_1", CUSTOMER)])
    assert view.row(CUSTOMER).referrals["ref_1"] == customers.ReferralRow(SPOUSE, "converted")


def test_erased_customer_keeps_no_box() -> None:
    learned = c.DossierFactAdded(CUSTOMER, "fct_1", "family", sealed("fact"), "care")
    row = Folding(customers.CUSTOMERS).fold([customer_registered(), learned, c.CustomerErased(CUSTOMER)]).row(CUSTOMER)
    assert row.erased
    assert (row.name, row.contact, row.facts["fct_1"].value) == (None, {}, None)


def test_events_of_nobody_known_make_no_row() -> None:
    for view in (customers.CUSTOMERS, accounts.ACCOUNTS, institutions.INSTITUTIONS, TRANSACTIONS):
        orphans = [
            c.TierChanged(CUSTOMER, "gold", "assigned", "1"),
            c.InstitutionRenamed(BRANCH, "Quay"),
            account_closed(),
            c.TransactionReversed(TRANSACTION, ACCOUNT, CUSTOMER, "x", c.OriginalTransaction(AT, transaction_posted())),
        ]
        assert Folding(view).fold(orphans).rows == {}


def test_account_row_adds_up_its_transactions() -> None:
    original = transaction_posted(credit_debit_indicator="DBIT", amount_minor=30)
    events = [
        account_opened(opening_balance_minor=100),
        transaction_posted(transaction_id="txn_2", amount_minor=50),
        original,
        c.TransactionReversed(TRANSACTION, ACCOUNT, CUSTOMER, "x", c.OriginalTransaction(AT, original)),
    ]
    view = Folding(accounts.ACCOUNTS).fold(events[:3])
    assert (view.row(ACCOUNT).running_minor, view.row(ACCOUNT).transactions) == (120, 2)
    assert (view.fold(events[3:]).row(ACCOUNT).running_minor, view.row(ACCOUNT).transactions) == (150, 1)
    assert view.row(ACCOUNT).balance_minor == 150


def test_debit_raises_what_is_owed() -> None:
    loan = account_opened(product="consumer_loan", opening_balance_minor=1_000)
    paid = transaction_posted(amount_minor=400)
    drawn = transaction_posted(transaction_id="txn_2", credit_debit_indicator="DBIT", amount_minor=50)
    assert Folding(accounts.ACCOUNTS).fold([loan, paid, drawn]).row(ACCOUNT).running_minor == 650


def test_latest_reported_balance_is_kept_and_counts_where_it_is_the_source() -> None:
    opened = account_opened(balance_source="recorded", opening_balance_minor=7)
    late = c.BalanceRecorded(ACCOUNT, CUSTOMER, date(2026, 1, 10), 5, "CNY")
    last = c.BalanceRecorded(ACCOUNT, CUSTOMER, date(2026, 1, 20), 9, "CNY")
    view = Folding(accounts.ACCOUNTS).fold([opened])
    assert view.row(ACCOUNT).balance_minor == 7
    row = view.fold([last, late]).row(ACCOUNT)
    assert row.reported == accounts.Reported(date(2026, 1, 20), 9)
    assert row.balance_minor == 9
    assert view.fold([account_closed()]).row(ACCOUNT).balance_minor == 0


def test_open_accounts_are_listed_before_closed_ones() -> None:
    view = Folding(accounts.ACCOUNTS).fold([account_opened()])
    before = accounts.ACCOUNTS.index(view.row(ACCOUNT))
    after = accounts.ACCOUNTS.index(view.fold([account_closed()]).row(ACCOUNT))
    assert before.rank < after.rank
    assert (after.owner, after.institution) == (CUSTOMER, BRANCH)


def test_account_row_tells_holders_and_standing_orders() -> None:
    order = c.StandingOrderSet("sto_1", ACCOUNT, CUSTOMER, 900, "CNY")
    added = c.AccountHolderAdded(ACCOUNT, SPOUSE, "demand_deposit", TODAY)
    row = Folding(accounts.ACCOUNTS).fold([account_opened(), added, order]).row(ACCOUNT)
    assert (row.holders, row.standing_orders, row.version) == ({SPOUSE: TODAY}, {"sto_1": order}, 3)


def test_transaction_row_tells_that_it_was_reversed() -> None:
    posted = transaction_posted()
    view = Folding(TRANSACTIONS).fold([posted])
    assert view.row(TRANSACTION).reversed_because is None
    taken_back = c.TransactionReversed(TRANSACTION, ACCOUNT, CUSTOMER, "twice", c.OriginalTransaction(AT, posted))
    row = view.fold([taken_back]).row(TRANSACTION)
    assert (row.reversed_because, row.posted, row.version) == ("twice", posted, 2)
    assert TRANSACTIONS.index(row).owner == ACCOUNT


def test_corrected_balance_replaces_that_day() -> None:
    first = c.BalanceRecorded(ACCOUNT, CUSTOMER, TODAY, 5, "CNY")
    view = Folding(BALANCES).fold([first, c.BalanceRecorded(ACCOUNT, CUSTOMER, TODAY, 6, "CNY")])
    assert [view.row(identity).balance_minor for identity in view.rows] == [6]


def test_names_of_views_are_unique() -> None:
    names = [view.name for view in VIEWS.views]
    assert len(set(names)) == len(names)
