from datetime import date

import pytest

from services.customer import coverage, customer, dossier, institution
from services.customer.contract import (
    CoverageAssigned,
    CoverageTransferred,
    CustomerErased,
    CustomerProfileUpdated,
    CustomerTransferred,
    DossierFactAdded,
    DossierFactWithdrawn,
    InstitutionClosed,
    ServiceElementWeighted,
    TierChanged,
)
from services.customer.coverage import Cover
from services.customer.customer import ChangeTier, TransferCustomer, UpdateProfile, WeightElements
from services.customer.dossier import AddFact, WithdrawFact
from support.customers import (
    BRANCH,
    CUSTOMER,
    HEAD,
    OTHER_BRANCH,
    branch_registered,
    customer_registered,
    head_registered,
    register_customer,
    sealed,
)
from support.spec import given

DAY = date(2026, 3, 1)
FACT = "fct_" + "5" * 32
LEARN = AddFact(FACT, "family", sealed("dossier"), "care")
LEARNED = DossierFactAdded(CUSTOMER, FACT, "family", sealed("dossier"), "care")
GOLD = TierChanged(CUSTOMER, "gold", "assigned", "1")


def test_registered() -> None:
    given(customer.decider).and_given(institution.decider, [branch_registered()]).when(
        customer.register, register_customer()
    ).then([customer_registered()])


def test_registering_again_ignored() -> None:
    given(customer.decider, [customer_registered()]).and_given(institution.decider, [branch_registered()]).when(
        customer.register, register_customer(name=sealed("another box"))
    ).then_nothing()


def test_registering_as_another_kind_conflicts() -> None:
    given(customer.decider, [customer_registered()]).and_given(institution.decider, [branch_registered()]).when(
        customer.register, register_customer(kind="enterprise")
    ).then_rejected("already_registered", kind="conflict", pointer="/kind")


def test_unknown_institution_rejected() -> None:
    given(customer.decider).and_given(institution.decider).when(customer.register, register_customer()).then_rejected(
        "unknown_institution", pointer="/institution_id"
    )


def test_closed_institution_rejected() -> None:
    closed = [branch_registered(), InstitutionClosed(BRANCH, DAY)]
    given(customer.decider).and_given(institution.decider, closed).when(
        customer.register, register_customer()
    ).then_rejected("institution_closed", pointer="/institution_id")


def test_registering_an_erased_customer_gone() -> None:
    erased = [customer_registered(), CustomerErased(CUSTOMER)]
    given(customer.decider, erased).and_given(institution.decider, [branch_registered()]).when(
        customer.register, register_customer()
    ).then_rejected("customer_erased", kind="gone")


def test_profile_updated() -> None:
    command = UpdateProfile(contact={"phone": sealed("contact.phone")})
    given(customer.decider, [customer_registered()]).when(customer.update_profile, command).then(
        [CustomerProfileUpdated(CUSTOMER, contact={"phone": sealed("contact.phone")})]
    )


def test_update_with_nothing_ignored() -> None:
    given(customer.decider, [customer_registered()]).when(customer.update_profile, UpdateProfile()).then_nothing()


def test_transferred() -> None:
    other = branch_registered(institution_id=OTHER_BRANCH)
    given(customer.decider, [customer_registered()]).and_given(institution.decider, [other]).when(
        customer.transfer, TransferCustomer(OTHER_BRANCH, DAY)
    ).then([CustomerTransferred(CUSTOMER, OTHER_BRANCH, DAY)])


def test_transfer_to_the_home_institution_ignored() -> None:
    given(customer.decider, [customer_registered()]).and_given(institution.decider, [branch_registered()]).when(
        customer.transfer, TransferCustomer(BRANCH, DAY)
    ).then_nothing()


def test_transfer_nowhere_rejected() -> None:
    given(customer.decider, [customer_registered()]).and_given(institution.decider).when(
        customer.transfer, TransferCustomer(HEAD, DAY)
    ).then_rejected("unknown_institution", pointer="/institution_id")


def test_transfer_before_all_records_rejected() -> None:
    given(customer.decider, [customer_registered()]).and_given(institution.decider, [head_registered()]).when(
        customer.transfer, TransferCustomer(HEAD, date(1899, 12, 31))
    ).then_rejected("date_out_of_range", pointer="/effective")


def test_tier_changed() -> None:
    given(customer.decider, [customer_registered()]).when(
        customer.change_tier, ChangeTier("gold", "assigned", "1")
    ).then([GOLD])


def test_same_tier_ignored() -> None:
    given(customer.decider, [customer_registered(), GOLD]).when(
        customer.change_tier, ChangeTier("gold", "assigned", "2")
    ).then_nothing()


def test_elements_weighted() -> None:
    weights = {"empathy": 3, "reliability": 1}
    given(customer.decider, [customer_registered()]).when(customer.weight_elements, WeightElements(weights)).then(
        [ServiceElementWeighted(CUSTOMER, weights)]
    )


@pytest.mark.parametrize("weights", [{}, {"empathy": 0}, {"empathy": -1, "reliability": 2}])
def test_weights_that_weigh_nothing_rejected(weights: dict[str, int]) -> None:
    given(customer.decider, [customer_registered()]).when(
        customer.weight_elements, WeightElements(weights)
    ).then_rejected("bad_weights", pointer="/weights")


def test_same_weights_ignored() -> None:
    weighted = ServiceElementWeighted(CUSTOMER, {"empathy": 3})
    given(customer.decider, [customer_registered(), weighted]).when(
        customer.weight_elements, WeightElements({"empathy": 3})
    ).then_nothing()


def test_fact_added() -> None:
    given(customer.decider, [customer_registered()]).when(dossier.add, LEARN).then([LEARNED])


def test_known_fact_ignored() -> None:
    given(customer.decider, [customer_registered(), LEARNED]).when(dossier.add, LEARN).then_nothing()


def test_fact_withdrawn() -> None:
    given(customer.decider, [customer_registered(), LEARNED]).when(dossier.withdraw, WithdrawFact(FACT)).then(
        [DossierFactWithdrawn(CUSTOMER, FACT)]
    )


def test_withdrawing_twice_ignored() -> None:
    withdrawn = [customer_registered(), LEARNED, DossierFactWithdrawn(CUSTOMER, FACT)]
    given(customer.decider, withdrawn).when(dossier.withdraw, WithdrawFact(FACT)).then_nothing()


def test_withdrawing_an_unknown_fact_not_found() -> None:
    given(customer.decider, [customer_registered()]).when(dossier.withdraw, WithdrawFact(FACT)).then_rejected(
        "not_found", kind="not_found"
    )


def test_coverage_assigned_then_transferred() -> None:
    manager = CoverageAssigned(CUSTOMER, "relationship_manager", "e1")
    given(customer.decider, [customer_registered()]).when(coverage.cover, Cover("relationship_manager", "e1")).then(
        [manager]
    )
    given(customer.decider, [customer_registered(), manager]).when(
        coverage.cover, Cover("relationship_manager", "e2")
    ).then([CoverageTransferred(CUSTOMER, "relationship_manager", "e2", "e1")])


def test_same_coverage_ignored() -> None:
    manager = CoverageAssigned(CUSTOMER, "relationship_manager", "e1")
    given(customer.decider, [customer_registered(), manager]).when(
        coverage.cover, Cover("relationship_manager", "e1")
    ).then_nothing()


@pytest.mark.parametrize(
    ("decide", "command"),
    [
        (customer.update_profile, UpdateProfile(name=sealed("name"))),
        (customer.change_tier, ChangeTier("gold", "assigned", "1")),
        (customer.weight_elements, WeightElements({"empathy": 1})),
        (dossier.add, LEARN),
        (coverage.cover, Cover("risk_manager", "e1")),
    ],
)
def test_nobody_there_not_found_and_erased_gone(decide: object, command: object) -> None:
    given(customer.decider).when(decide, command).then_rejected("not_found", kind="not_found")
    given(customer.decider, [customer_registered(), CustomerErased(CUSTOMER)]).when(decide, command).then_rejected(
        "customer_erased", kind="gone"
    )
