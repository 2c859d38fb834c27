from services.customer import customer, referral
from services.customer.contract import CustomerReferred, ReferralConverted, ReferralLapsed, ReferralRecorded
from services.customer.referral import ConvertReferral, LapseReferral, RecordReferral
from support.customers import CUSTOMER, SPOUSE, customer_registered
from support.spec import given

REFERRAL = "ref_" + "6" * 32
ONE = customer_registered()
OTHER = customer_registered(customer_id=SPOUSE)
COMMAND = RecordReferral(REFERRAL, CUSTOMER, SPOUSE)
RECORDED = ReferralRecorded(REFERRAL, CUSTOMER, SPOUSE)
REFERRED = CustomerReferred(SPOUSE, REFERRAL, CUSTOMER)


def test_recorded_under_both_keys() -> None:
    given(referral.decider).and_given(customer.decider, [ONE]).and_given(customer.decider, [OTHER]).when(
        referral.record, COMMAND
    ).then([RECORDED, REFERRED])


def test_recorded_before_the_new_customer_is_known() -> None:
    given(referral.decider).and_given(customer.decider, [ONE]).and_none().when(
        referral.record, RecordReferral(REFERRAL, CUSTOMER)
    ).then([ReferralRecorded(REFERRAL, CUSTOMER)])


def test_recording_again_ignored() -> None:
    given(referral.decider, [RECORDED]).and_given(customer.decider, [ONE]).and_given(
        customer.decider, [OTHER, REFERRED]
    ).when(referral.record, COMMAND).then_nothing()


def test_recording_differently_conflicts() -> None:
    given(referral.decider, [RECORDED]).and_given(customer.decider, [ONE]).and_none().when(
        referral.record, RecordReferral(REFERRAL, CUSTOMER)
    ).then_rejected("already_recorded", kind="conflict")


def test_unknown_referrer_rejected() -> None:
    given(referral.decider).and_given(customer.decider).and_none().when(
        referral.record, RecordReferral(REFERRAL, CUSTOMER)
    ).then_rejected("unknown_customer", pointer="/referrer_id")


def test_nobody_refers_themselves() -> None:
    given(referral.decider).and_given(customer.decider, [ONE]).and_given(customer.decider, [ONE]).when(
        referral.record, RecordReferral(REFERRAL, CUSTOMER, CUSTOMER)
    ).then_rejected("same_customer", pointer="/referred_id")


def test_second_referrer_conflicts() -> None:
    earlier = CustomerReferred(SPOUSE, "ref_earlier", "cus_x")
    given(referral.decider).and_given(customer.decider, [ONE]).and_given(customer.decider, [OTHER, earlier]).when(
        referral.record, COMMAND
    ).then_rejected("already_referred", kind="conflict", pointer="/referred_id")


def test_converted_once() -> None:
    converted = ReferralConverted(REFERRAL, CUSTOMER)
    given(referral.decider, [RECORDED]).when(referral.convert, ConvertReferral()).then([converted])
    given(referral.decider, [RECORDED, converted]).when(referral.convert, ConvertReferral()).then_nothing()


def test_lapsed_once() -> None:
    lapsed = ReferralLapsed(REFERRAL, CUSTOMER)
    given(referral.decider, [RECORDED]).when(referral.lapse, LapseReferral()).then([lapsed])
    given(referral.decider, [RECORDED, lapsed]).when(referral.lapse, LapseReferral()).then_nothing()


def test_another_outcome_conflicts() -> None:
    given(referral.decider, [RECORDED, ReferralLapsed(REFERRAL, CUSTOMER)]).when(
        referral.convert, ConvertReferral()
    ).then_rejected("referral_settled", kind="conflict")


def test_converting_nothing_not_found() -> None:
    given(referral.decider).when(referral.convert, ConvertReferral()).then_rejected("not_found")
