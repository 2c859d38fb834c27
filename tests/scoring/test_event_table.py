"""Every row of the table that says what an event feeds."""

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from services.complaint import contract as complaint
from services.customer import contract as customer
from services.interaction import contract as interaction
from services.scoring.calendar import day_of
from services.scoring.decay import growth
from services.scoring.delta import delta, parts
from services.scoring.delta_interaction import rating_points
from services.scoring.evidence import IDENTITY, Evidence
from services.scoring.policy_document import default_policy
from shared.codec import Unknown
from shared.envelope import Envelope, Sealed
from support.events import CUSTOMER, History, noon

REFOLD = default_policy().refold("Asia/Shanghai")
DAY = date(2026, 3, 2)
NUMBER = day_of(DAY)


def fed(envelope: Envelope) -> Evidence:
    return delta(envelope, REFOLD)


def kinds(evidence: Evidence) -> set[str]:
    assert all(counts == {NUMBER: 1} for counts in evidence.days.values())
    return set(evidence.days)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"channel": "counter", "purpose": "complaint_handling"}, set()),
        ({"channel": "counter", "emotion": "angry"}, set()),
        ({"channel": "visit", "emotion": "angry", "purpose": "cultivation"}, set()),
        ({"channel": "event", "purpose": "cultivation"}, {"learning"}),
        ({"channel": "visit", "purpose": "cultivation"}, {"learning"}),
        ({"channel": "call_centre", "outcome": "not_reached", "direction": "out"}, {"unreached"}),
        ({"channel": "call_centre", "outcome": "not_reached", "direction": "in"}, set()),
        ({"channel": "event", "purpose": "cultivation", "outcome": "not_reached", "direction": "out"}, {"unreached"}),
        ({"channel": "visit", "employee_id": None}, {"visit", "two_way"}),
        ({"channel": "visit", "counterpart": "pty_1"}, {"visit", "two_way", "two_way:pty_1"}),
        ({"channel": "counter"}, {"two_way"}),
        ({"channel": "call_centre"}, {"two_way"}),
        ({"channel": "phone_bank"}, {"two_way"}),
        ({"channel": "event"}, {"two_way"}),
        ({"channel": "counter", "employee_id": None}, set()),
        ({"channel": "email", "direction": "in"}, {"message_in"}),
        ({"channel": "sms", "direction": "out"}, {"message_out"}),
        ({"channel": "letter", "direction": "out"}, {"message_out"}),
        ({"channel": "mobile", "message": True, "direction": "in"}, {"message_in"}),
        ({"channel": "online", "message": True, "direction": "out"}, {"message_out"}),
        ({"channel": "mobile"}, set()),
        ({"channel": "atm"}, set()),
        ({"channel": "counter", "purpose": "emotional_care"}, {"two_way", "care"}),
        ({"channel": "visit", "purpose": "emotional_care"}, {"visit", "two_way", "care"}),
        ({"channel": "sms", "purpose": "emotional_care", "direction": "out"}, {"message_out", "care"}),
        ({"channel": "atm", "purpose": "emotional_care"}, set()),
        (
            {"channel": "sms", "purpose": "emotional_care", "outcome": "not_reached", "direction": "out"},
            {"unreached"},
        ),
    ],
)
def test_a_contact_feeds_what_the_first_rule_that_fits_says(settings: dict[str, Any], expected: set[str]):
    evidence = fed(History().contact(DAY, **settings))
    assert kinds(evidence) == expected
    assert not evidence.sums
    assert not evidence.totals


def test_a_transaction_of_the_customer_feeds_activity_balance_and_external():
    evidence = fed(History().post(DAY, "acc_9", 250, external="in", purchase=True))
    assert kinds(evidence) == {"active", "purchase", "external"}
    assert evidence.totals == {"moved:acc_9": 250}
    assert evidence.sums == {
        "moved:acc_9": {62: 250 * growth(62, NUMBER), 365: 250 * growth(365, NUMBER)},
        "external:CNY": {90: 250 * growth(90, NUMBER), 365: 250 * growth(365, NUMBER)},
    }


@pytest.mark.parametrize("initiator", ["bank", "standing_order"])
def test_a_transaction_of_the_bank_feeds_balance_and_external_only(initiator: str):
    evidence = fed(History().post(DAY, "acc_9", -250, external="out", purchase=True, initiated_by=initiator))
    assert kinds(evidence) == {"external"}
    assert evidence.totals == {"moved:acc_9": -250}
    assert evidence.sums["external:CNY"][90] == -250 * growth(90, NUMBER)


def test_a_transaction_beside_recorded_balances_moves_no_balance():
    evidence = fed(History().post(DAY, "acc_9", 250, feeds_balance=False))
    assert evidence.totals == {}
    assert evidence.sums == {}


def test_a_balance_counts_from_its_booking_date():
    envelope = History().post(DAY, "acc_9", 250, booking_date=date(2026, 2, 27))
    assert {part.moment for part in parts(envelope, REFOLD)} == {noon(DAY), day_of(date(2026, 2, 27))}


def test_a_reversal_takes_everything_back_at_the_original_dates():
    history = History()
    posted = history.post(DAY, "acc_9", 250, external="in")
    reversal = history.reverse(date(2026, 4, 1), posted)
    assert {part.moment for part in parts(reversal, REFOLD)} == {posted.occurred_at, NUMBER}
    assert fed(reversal).totals == {"moved:acc_9": -250}
    assert fed(reversal).days == {"active": {NUMBER: -1}, "external": {NUMBER: -1}}


def test_a_correction_moves_a_contact_to_its_own_date_and_kind():
    history = History()
    corrected = history.correct(date(2026, 4, 1), history.contact(DAY), date(2026, 2, 23), channel="visit")
    earlier = day_of(date(2026, 2, 23))
    assert fed(corrected).days == {"two_way": {NUMBER: -1, earlier: 1}, "visit": {earlier: 1}}


def test_an_opening_dates_its_balance_at_since_and_is_a_purchase_for_savings_products():
    history = History()
    history.open(DAY, "fund", 900, since=date(2024, 3, 4))
    evidence = fed(history.envelopes[0])
    since = day_of(date(2024, 3, 4))
    assert evidence.days == {"purchase": {since: 1}}
    assert evidence.totals == {"balance:acc_1": 900}
    assert evidence.sums["balance:acc_1"][62] == 900 * growth(62, since)
    assert "opened" in evidence.facts["acc_1"]
    history.open(DAY, "demand_deposit")
    assert fed(history.envelopes[1]).days == {}


def test_an_account_announced_early_puts_nothing_into_the_future():
    history = History()
    history.open(DAY, "fund", 900, since=date(2026, 12, 1))
    assert {part.moment for part in parts(history.envelopes[0], REFOLD)} == {noon(DAY), NUMBER}


def test_recorded_balances_feed_their_effects():
    effects = (customer.BalanceEffect(DAY, 500), customer.BalanceEffect(date(2026, 3, 9), -500))
    data = customer.BalanceRecorded("acc_9", CUSTOMER, DAY, 700, "CNY", effects)
    evidence = fed(History().add(data, date(2026, 3, 10), "account-balance-acc_9"))
    assert evidence.totals == {}
    later = day_of(date(2026, 3, 9))
    assert evidence.sums["balance:acc_9"][62] == 500 * (growth(62, NUMBER) - growth(62, later))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (interaction.RecognitionGiven("rec_1", CUSTOMER, "greeting"), {"care"}),
        (interaction.RecognitionGiven("rec_1", CUSTOMER, "gift"), set()),
        (interaction.InvitationSent("cam_1", CUSTOMER), {"message_out"}),
        (interaction.InvitationAnswered("cam_1", CUSTOMER, False), {"message_in"}),
        (interaction.AttendanceRecorded("cam_1", CUSTOMER), {"learning"}),
        (interaction.SurveyAnswered("sur_1", CUSTOMER, "csat", 3, "ins_1"), {"rating"}),
        (interaction.SurveyAnswered("sur_1", CUSTOMER, "csat", 2, "ins_1"), {"rating", "rating_bad:survey"}),
        (interaction.SurveyAnswered("sur_1", CUSTOMER, "nps", 6, "ins_1"), {"rating", "rating_good:survey"}),
    ],
)
def test_what_counts_by_day(data: Any, expected: set[str]):
    assert kinds(fed(History().add(data, DAY, "some-stream"))) == expected


@pytest.mark.parametrize(
    ("data", "measure"),
    [
        (interaction.PromiseKept("prm_1", CUSTOMER), "promise_kept"),
        (interaction.PromiseKept("prm_1", CUSTOMER, late=True), "promise_kept"),
        (interaction.PromiseBroken("prm_1", CUSTOMER, DAY), "promise_broken"),
        (customer.ReferralRecorded("ref_1", CUSTOMER), "referral_recorded"),
        (customer.ReferralConverted("ref_1", CUSTOMER), "referral_converted"),
        (complaint.PraiseRecorded("pra_1", "ins_1", CUSTOMER), "praise"),
    ],
)
def test_what_counts_as_a_decayed_sum(data: Any, measure: str):
    evidence = fed(History().add(data, DAY, "some-stream"))
    assert evidence.sums == {measure: {365: growth(365, NUMBER)}}
    assert evidence.days == {}


def test_a_survey_feeds_the_element_it_measures():
    evidence = fed(History().survey(DAY, 7, "ces"))
    assert evidence.sums == {
        "rating_count:responsiveness:survey": {180: growth(180, NUMBER)},
        "rating_points:responsiveness:survey": {180: 10_000 * growth(180, NUMBER)},
    }


def test_ratings_are_hundredths_rounded_half_up():
    assert rating_points(4, 1, 5) == 7_500
    assert rating_points(4, 1, 5, reverse=True) == 2_500
    assert rating_points(2, 1, 4) == 3_333
    assert rating_points(3, 1, 4) == 6_667
    assert rating_points(9, 1, 5) == 10_000
    assert rating_points(1, 5, 5) is None
    assert rating_points(1, 0, 32) == 313


def test_a_complaint_feeds_its_day_and_its_facts():
    history = History()
    identifier = history.complain(DAY, "minor")
    evidence = fed(history.envelopes[0])
    assert evidence.days == {"complaint": {NUMBER: 1}}
    assert set(evidence.facts) == {identifier}


@pytest.mark.parametrize(
    "record",
    [
        lambda h: h.add(complaint.ComplaintReceived("cmp_1", "ins_1", "web", "card", "fee"), DAY, "c", key="cmp_1"),
        lambda h: h.add(complaint.ComplaintDecided("cmp_1", "upheld"), DAY, "c", key="cmp_1"),
        lambda h: h.add(complaint.ComplaintAcknowledged("cmp_1", CUSTOMER), DAY, "c"),
        lambda h: h.add(complaint.PraiseRecorded("pra_1", "ins_1"), DAY, "p", key="pra_1"),
        lambda h: h.add(
            interaction.ServiceElementRated("rtg_1", "empathy", 2, 1, 5, "mystery_visit", "ins_1"),
            DAY,
            "r",
            key="rtg_1",
        ),
        lambda h: h.add(customer.InstitutionRegistered("ins_1", "Main", "branch"), DAY, "i", key="ins_1"),
        lambda h: h.add(customer.DossierFactAdded(CUSTOMER, "fct_1", "hobby", Sealed("s", "f", "b"), "care"), DAY, "d"),
        lambda h: h.add(customer.CustomerReferred(CUSTOMER, "ref_1", "cus_2"), DAY, "f"),
        lambda h: h.add(customer.ReferralLapsed("ref_1", CUSTOMER), DAY, "f"),
    ],
)
def test_what_feeds_nothing(record: Callable[[History], Envelope]):
    assert fed(record(History())) == IDENTITY


def test_an_unknown_event_feeds_nothing():
    envelope = History().contact(DAY)
    unknown = Unknown(msgspec.Raw(b"{}"))
    assert fed(msgspec.structs.replace(envelope, data=unknown)) == IDENTITY
