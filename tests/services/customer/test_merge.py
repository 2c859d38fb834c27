from services.customer import customer
from services.customer.contract import CustomerAbsorbed, CustomerMerged, CustomerUnmerged
from services.customer.merge import Merge, Unmerge, merge, unmerge
from support.customers import CUSTOMER, SPOUSE, customer_registered
from support.spec import given

ONE = customer_registered()
OTHER = customer_registered(customer_id=SPOUSE)
MERGED = CustomerMerged(CUSTOMER, SPOUSE)
ABSORBED = CustomerAbsorbed(SPOUSE, CUSTOMER)


def test_merged_under_both_keys() -> None:
    given(customer.decider, [ONE]).and_given(customer.decider, [OTHER]).when(merge, Merge(SPOUSE)).then(
        [MERGED, ABSORBED]
    )


def test_merging_again_ignored() -> None:
    given(customer.decider, [ONE, MERGED]).and_given(customer.decider, [OTHER, ABSORBED]).when(
        merge, Merge(SPOUSE)
    ).then_nothing()


def test_merging_with_oneself_rejected() -> None:
    given(customer.decider, [ONE]).and_given(customer.decider, [ONE]).when(merge, Merge(CUSTOMER)).then_rejected(
        "same_customer", pointer="/absorbed_id"
    )


def test_merging_nobody_rejected() -> None:
    given(customer.decider, [ONE]).and_given(customer.decider).when(merge, Merge(SPOUSE)).then_rejected(
        "unknown_customer", pointer="/absorbed_id"
    )


def test_groups_stay_flat() -> None:
    given(customer.decider, [ONE, CustomerAbsorbed(CUSTOMER, "cus_x")]).and_given(customer.decider, [OTHER]).when(
        merge, Merge(SPOUSE)
    ).then_rejected("already_merged", kind="conflict")
    given(customer.decider, [ONE]).and_given(customer.decider, [OTHER, CustomerMerged(SPOUSE, "cus_x")]).when(
        merge, Merge(SPOUSE)
    ).then_rejected("already_merged", kind="conflict")


def test_unmerged_under_both_keys() -> None:
    given(customer.decider, [ONE, MERGED]).and_given(customer.decider, [OTHER, ABSORBED]).when(
        unmerge, Unmerge(SPOUSE)
    ).then([CustomerUnmerged(CUSTOMER, SPOUSE), CustomerUnmerged(SPOUSE, CUSTOMER)])


def test_unmerging_strangers_ignored() -> None:
    given(customer.decider, [ONE]).and_given(customer.decider, [OTHER]).when(unmerge, Unmerge(SPOUSE)).then_nothing()


def test_merged_again_after_unmerging() -> None:
    one = [ONE, MERGED, CustomerUnmerged(CUSTOMER, SPOUSE)]
    other = [OTHER, ABSORBED, CustomerUnmerged(SPOUSE, CUSTOMER)]
    given(customer.decider, one).and_given(customer.decider, other).when(merge, Merge(SPOUSE)).then([MERGED, ABSORBED])
