"""The bonds, with examples that a banker can check on paper."""

import math
from datetime import date, timedelta

import pytest

from services.complaint.contract import PraiseRecorded
from services.customer import contract as customer
from services.interaction.contract import AttendanceRecorded
from services.scoring.as_of import evidence_as_of
from services.scoring.assess import Assessment, BondAssessment, assess
from services.scoring.calendar import day_of
from services.scoring.evidence import merge
from services.scoring.policy_document import default_policy
from support.events import CUSTOMER, History

POLICY = default_policy()
REFOLD = POLICY.refold("Asia/Shanghai")
MONDAY = date(2026, 1, 5)


def after(days: int) -> date:
    return MONDAY + timedelta(days=days)


def assessed(history: History, day: date, customer_id: str = CUSTOMER) -> Assessment:
    return assess(evidence_as_of(history.envelopes, REFOLD), POLICY, day_of(day), customer_id)


def bond(history: History, name: str, day: date) -> BondAssessment:
    return {found.name: found for found in assessed(history, day).bonds}[name]


def lines(found: BondAssessment) -> dict[str, int]:
    """The points of a bond by kind of line."""
    return {
        kind: sum(line.points for line in found.lines if line.kind == kind) for kind in {x.kind for x in found.lines}
    }


def out(history: History, day: date) -> None:
    history.contact(day, "sms", direction="out", employee_id=None)


def test_one_conversation_is_two_of_eight():
    history = History()
    history.contact(MONDAY)
    found = bond(history, "social", MONDAY)
    assert found.value == pytest.approx(1 - math.exp(-2 / 8))
    assert lines(found)["contact_in"] == pytest.approx(lines(found)["contact_out"], abs=1)
    assert bond(history, "social", after(120)).value == pytest.approx(1 - math.exp(-1 / 8))


def test_a_week_counts_once_and_by_its_last_day():
    once, often = History(), History()
    once.contact(after(4))
    for day in range(5):
        often.contact(after(day))
    assert bond(once, "social", after(9)).value == bond(often, "social", after(9)).value
    often.contact(after(7))
    assert bond(often, "social", after(9)).value > bond(once, "social", after(9)).value


def test_a_visit_counts_as_a_conversation_and_again_as_a_visit():
    history = History()
    history.contact(MONDAY, "visit")
    found = bond(history, "social", MONDAY)
    assert found.value == pytest.approx(1 - math.exp(-4 / 8))
    assert lines(found)["visit"] == pytest.approx(found.points / 2, abs=1)


def test_one_way_contact_is_capped():
    history = History()
    for week in range(20):
        history.contact(after(7 * week), "sms", direction="in")
        history.contact(after(7 * week), "sms", direction="in", purpose="emotional_care")
    found = bond(history, "social", after(140))
    assert found.value == pytest.approx(1 - math.exp(-2 / 8))
    assert set(lines(found)) == {"contact_in", "care"}


def test_unanswered_messages_tire():
    history = History()
    for week in range(40):
        out(history, after(7 * week))
    day = after(7 * 39)
    unanswered = sum(2.0 ** (-7 * week / 120) for week in range(40))
    full = 1 - math.exp(-2 / 8)
    found = bond(history, "social", day)
    assert found.value == pytest.approx(full * 2.0 ** (-(unanswered - 6) / 6))
    assert lines(found)["fatigue"] == pytest.approx(170_000 * (found.value - full), abs=1)


def test_trust_starts_at_a_half_and_a_broken_promise_outweighs_three_kept():
    assert bond(History(), "trust", MONDAY).value == 0.5
    history = History()
    history.promise(after(-9), MONDAY, kept=MONDAY)
    assert bond(history, "trust", MONDAY).value == pytest.approx(3 / 5)
    history.promise(after(-9), MONDAY, broken=MONDAY)
    found = bond(history, "trust", MONDAY)
    assert found.value == pytest.approx(3 / 8)
    assert lines(found) == {"start": 70_000, "kept": 8_750, "broken": -26_250}
    for _ in range(2):
        history.promise(after(-9), MONDAY, kept=MONDAY)
    assert bond(history, "trust", MONDAY).value == pytest.approx(0.5)


def test_a_promise_kept_late_counts_once_broken_and_once_kept():
    history = History()
    history.promise(after(-9), after(-2), broken=after(-2), kept=MONDAY)
    broken = 2.0 ** (-2 / 365)
    assert bond(history, "trust", MONDAY).value == pytest.approx(3 / (5 + 3 * broken))


def test_breadth_counts_families_and_ends_with_the_account():
    history = History()
    history.open(MONDAY, "demand_deposit")
    history.open(MONDAY, "card")
    fund = history.open(MONDAY, "fund")
    found = bond(history, "breadth", MONDAY)
    assert found.value == pytest.approx(1 - math.exp(-1))
    assert sorted(line.points for line in found.lines) == [14_223, 14_223, 28_445]
    history.close(after(9), fund, "fund")
    assert bond(history, "breadth", after(9)).value == pytest.approx(1 - math.exp(-0.5))


def test_a_closing_decided_for_a_later_day_counts_from_that_day():
    history = History()
    account = history.open(MONDAY, "fund")
    data = customer.AccountClosed(account, CUSTOMER, "fund", after(20))
    history.add(data, after(9), f"account-{account}")
    assert bond(history, "breadth", after(19)).value > 0
    assert bond(history, "breadth", after(20)).value == 0


def test_a_co_holder_has_breadth_and_tenure_but_no_money():
    history = History()
    history.add(customer.AccountHolderAdded("acc_9", CUSTOMER, "fund", after(-400)), MONDAY, "account-acc_9")
    assert bond(history, "breadth", MONDAY).value == pytest.approx(1 - math.exp(-0.5))
    assert bond(history, "tenure", MONDAY).value == pytest.approx(math.log1p(400 / 365.25) / math.log(21))
    assert not bond(history, "depth", MONDAY).known
    history.add(customer.AccountHolderRemoved("acc_9", CUSTOMER, "fund", after(5)), after(5), "account-acc_9")
    assert bond(history, "breadth", after(5)).value == 0
    assert bond(history, "tenure", after(5)).value > 0
    history.add(customer.AccountHolderAdded("acc_9", CUSTOMER, "fund", after(9)), after(9), "account-acc_9")
    assert bond(history, "breadth", after(9)).value > 0
    assert bond(history, "tenure", after(9)).value == pytest.approx(math.log1p(409 / 365.25) / math.log(21))


def test_depth_reads_one_tenth_and_nine_tenths_at_its_marks():
    for balance, expected in ((2_000, 0.1), (math.sqrt(2_000 * 500_000), 0.5), (500_000, 0.9)):
        history = History()
        history.register(MONDAY)
        history.open(MONDAY, opening=round(balance * 100), since=date(1990, 1, 1))
        assert bond(history, "depth", MONDAY).value == pytest.approx(expected, abs=1e-4)


def test_depth_is_the_ninety_day_average_balance():
    history = History()
    history.open(MONDAY, opening=1_000_000)
    assert bond(history, "depth", MONDAY).value == 0
    low, high = 2_000, 500_000
    average = 10_000 * 0.5
    steepness = 2 * math.log(9) / math.log(high / low)
    full = 1 / (1 + (math.sqrt(low * high) / average) ** steepness)
    assert bond(history, "depth", after(62)).value == pytest.approx(full)


def test_money_that_left_is_shown_apart():
    history = History()
    account = history.open(MONDAY, opening=10_000_000, since=date(1990, 1, 1))
    history.post(MONDAY, account, -8_000_000)
    found = bond(history, "depth", after(62))
    recent = 20_000 + 80_000 * 0.5
    usual = 20_000 + 80_000 * 2.0 ** (-62 / 365)
    full = lines(found)["balance"]
    assert lines(found)["money_left"] == pytest.approx(-full * (1 - (recent + 2_000) / (usual + 2_000)), rel=1e-3)


def test_repaying_a_loan_lowers_depth_but_is_not_leaving():
    history = History()
    loan = history.open(MONDAY, "consumer_loan", 10_000_000, since=date(1990, 1, 1))
    history.post(MONDAY, loan, 8_000_000)
    found = bond(history, "depth", after(62))
    assert set(lines(found)) == {"balance"}
    assert found.value < bond(history, "depth", MONDAY).value


def test_an_overdraft_counts_nothing_and_does_not_eat_the_savings():
    history = History()
    history.open(MONDAY, "term_deposit", 5_000_000, since=date(1990, 1, 1))
    alone = bond(history, "depth", MONDAY).value
    history.open(MONDAY, "demand_deposit", -5_000_000, since=date(1990, 1, 1))
    assert bond(history, "depth", MONDAY).value == alone


def test_a_closed_account_holds_nothing_even_where_nobody_booked_it_out():
    booked, unbooked = History(), History()
    for history in (booked, unbooked):
        account = history.open(MONDAY, "term_deposit", 5_000_000, since=date(1990, 1, 1))
        if history is booked:
            history.post(after(9), account, -5_000_000, initiated_by="bank")
        history.close(after(9), account, "term_deposit")
    found = [bond(history, "depth", after(40)).value for history in (booked, unbooked)]
    assert found[0] == pytest.approx(found[1])


def test_other_currencies_are_converted_when_read():
    foreign, domestic = History(), History()
    foreign.open(MONDAY, opening=1_000_000, currency="USD", since=date(1990, 1, 1))
    domestic.open(MONDAY, opening=7_100_000, since=date(1990, 1, 1))
    assert bond(foreign, "depth", MONDAY).value == pytest.approx(bond(domestic, "depth", MONDAY).value)


def active(history: History, account: str, first: int, last: int, every: int) -> None:
    for number in range(first, last, every):
        history.post(after(number), account, 100)


def test_behaviour_is_measured_against_the_customers_own_usual():
    history = History()
    account = history.open(MONDAY)
    active(history, account, 0, 400, 3)
    assert bond(history, "behavioural", after(400)).value == 1
    quiet = bond(history, "behavioural", after(430))
    rate = (122 + 30 * 0.13) / (365 + 30)
    assert quiet.value == pytest.approx(1 / (0.75 * rate * 30 + 1), rel=0.02)
    assert [line.kind for line in quiet.lines] == ["start"]


def test_active_days_share_the_bond_equally():
    history = History()
    account = history.open(MONDAY)
    active(history, account, 0, 10, 2)
    found = bond(history, "behavioural", after(9))
    assert len(found.lines) == 5
    assert max(x.points for x in found.lines) - min(x.points for x in found.lines) <= 1


def test_knowledge_and_advocacy():
    history = History()
    history.add(AttendanceRecorded("cam_1", CUSTOMER), MONDAY, "campaign-cam_1")
    history.referral(MONDAY, converted=MONDAY)
    history.add(PraiseRecorded("pra_1", "ins_1", CUSTOMER), MONDAY, "praise-pra_1")
    assert bond(history, "knowledge", MONDAY).value == pytest.approx(1 - math.exp(-0.5))
    found = bond(history, "advocacy", MONDAY)
    assert found.value == pytest.approx(1 - math.exp(-3.5 / 2))
    assert lines(found)["converted"] == pytest.approx(4 * lines(found)["recorded"], abs=4)
    for _ in range(9):
        history.referral(MONDAY)
    assert bond(history, "advocacy", MONDAY).value == pytest.approx(1 - math.exp(-4 / 2))


def test_tenure_is_full_after_twenty_years():
    for years, expected in ((1, 0.23), (5, 0.59), (10, 0.79), (20, 1.0), (30, 1.0)):
        history = History()
        history.open(MONDAY, since=MONDAY - timedelta(days=round(years * 365.25)))
        assert bond(history, "tenure", MONDAY).value == pytest.approx(expected, abs=0.005)


def test_known_is_the_weight_of_what_rests_on_evidence():
    history = History()
    history.register(MONDAY)
    assert assessed(history, MONDAY).known == 0
    history.contact(MONDAY)
    assert assessed(history, MONDAY).known == pytest.approx(0.17)
    history.survey(MONDAY, 4)
    assert assessed(history, MONDAY).known == pytest.approx(0.32)


def test_the_profile_is_what_was_last_said():
    history = History()
    history.register(MONDAY, "enterprise", "ins_1")
    stream = f"customer-{CUSTOMER}"
    history.add(customer.CustomerTransferred(CUSTOMER, "ins_2", after(9)), MONDAY, stream)
    history.add(customer.TierChanged(CUSTOMER, "key", "default", "1"), MONDAY, stream)
    history.add(customer.CoverageAssigned(CUSTOMER, "relationship_manager", "emp_1"), MONDAY, stream)
    history.add(customer.CoverageTransferred(CUSTOMER, "relationship_manager", "emp_2", "emp_1"), MONDAY, stream)
    profile = assessed(history, MONDAY).profile
    assert (profile.kind, profile.tier, profile.institution) == ("enterprise", "key", "ins_1")
    assert profile.managers == {"relationship_manager": "emp_2"}
    assert assessed(history, after(9)).profile.institution == "ins_2"


def test_a_merged_customer_is_assessed_with_its_survivor_until_unmerged():
    survivor, absorbed = History("cus_1"), History("cus_2")
    survivor.register(MONDAY, "enterprise")
    absorbed.register(MONDAY, "personal")
    absorbed.contact(MONDAY)
    alone = assessed(absorbed, after(30), "cus_2")
    survivor.add(customer.CustomerMerged("cus_1", "cus_2"), after(1), "customer-cus_1")
    absorbed.add(customer.CustomerAbsorbed("cus_2", "cus_1"), after(1), "customer-cus_2")
    both = [evidence_as_of(history.envelopes, REFOLD) for history in (survivor, absorbed)]
    group = assess(merge(*both), POLICY, day_of(after(30)), "cus_1")
    assert group.profile.kind == "enterprise"
    assert group.profile.absorbed == ("cus_2",)
    assert {found.name: found for found in group.bonds}["social"].value > 0
    assert assessed(absorbed, after(30), "cus_2").profile.survivors == ("cus_1",)
    for history, other in ((survivor, "cus_2"), (absorbed, "cus_1")):
        history.add(customer.CustomerUnmerged(history.key, other), after(9), f"customer-{history.key}")
    assert assessed(survivor, after(30)).profile.absorbed == ()
    assert assessed(absorbed, after(30), "cus_2") == alone
