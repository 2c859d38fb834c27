"""Law 5 for the customer service: evolve never raises on reachable states, and deciding twice decides nothing more."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from services.customer import account, balance, coverage, customer, dossier, institution, routing
from services.customer import contract as c
from shared.decider import Decider, Rejected
from support.customers import (
    ACCOUNT,
    BRANCH,
    CUSTOMER,
    HEAD,
    OTHER_BRANCH,
    SPOUSE,
    TODAY,
    branch_registered,
    customer_registered,
    head_registered,
    open_account,
    register_customer,
    sealed,
)
from support.spec import state_of

DAYS = some.dates(date(2025, 12, 1), TODAY + timedelta(days=30))
BRANCH_STATE = state_of(institution.decider, [branch_registered()])
HEAD_STATE = state_of(institution.decider, [head_registered()])
CUSTOMER_STATE = state_of(customer.decider, [customer_registered()])
SPOUSE_STATE = state_of(customer.decider, [customer_registered(customer_id=SPOUSE)])
ACCOUNT_STATE = state_of(account.decider, [c.AccountOpened(ACCOUNT, CUSTOMER, "fund", "CNY", BRANCH, date(2026, 1, 1))])

LEVELS: list[c.InstitutionLevel] = ["branch", "sub_branch"]
TIERS: list[c.Tier] = ["gold", "key", "marginal"]

Step = Callable[[Any], list[Any]]

INSTITUTION_STEPS = some.one_of(
    some.sampled_from(LEVELS).map(
        lambda level: (
            lambda state: institution.register(
                state, HEAD_STATE, institution.RegisterInstitution(BRANCH, "Harbour", level, HEAD)
            )
        )
    ),
    some.text(max_size=3).map(
        lambda name: lambda state: institution.rename(state, institution.RenameInstitution(name))
    ),
    DAYS.map(lambda day: lambda state: institution.move(state, HEAD_STATE, institution.MoveInstitution(HEAD, day))),
    some.tuples(DAYS, some.booleans()).map(
        lambda given: lambda state: institution.close(state, institution.CloseInstitution(*given))
    ),
)
CUSTOMER_STEPS = some.one_of(
    some.sampled_from(["personal", "enterprise"]).map(
        lambda kind: lambda state: customer.register(state, BRANCH_STATE, register_customer(kind=kind))
    ),
    DAYS.map(
        lambda day: lambda state: customer.transfer(state, BRANCH_STATE, customer.TransferCustomer(OTHER_BRANCH, day))
    ),
    some.sampled_from(TIERS).map(
        lambda tier: lambda state: customer.change_tier(state, customer.ChangeTier(tier, "assigned", "1"))
    ),
    some.dictionaries(some.sampled_from(["empathy", "assurance"]), some.integers(-1, 3)).map(
        lambda weights: lambda state: customer.weight_elements(state, customer.WeightElements(weights))
    ),
    some.sampled_from(["fct_1", "fct_2"]).map(
        lambda fact: lambda state: dossier.add(state, dossier.AddFact(fact, "t", sealed("v"), "p"))
    ),
    some.sampled_from(["fct_1", "fct_2"]).map(
        lambda fact: lambda state: dossier.withdraw(state, dossier.WithdrawFact(fact))
    ),
    some.sampled_from(["e1", "e2"]).map(
        lambda who: lambda state: coverage.cover(state, coverage.Cover("risk_manager", who))
    ),
)
ACCOUNT_STEPS = some.one_of(
    DAYS.map(lambda day: lambda state: account.open_account(state, CUSTOMER_STATE, None, open_account(since=day))),
    DAYS.map(lambda day: lambda state: account.close(state, account.CloseAccount(day, TODAY))),
    DAYS.map(lambda day: lambda state: account.add_holder(state, SPOUSE_STATE, account.AddHolder(SPOUSE, day, TODAY))),
    DAYS.map(lambda day: lambda state: account.remove_holder(state, account.RemoveHolder(SPOUSE, day, TODAY))),
    some.integers(-1, 3).map(
        lambda minor: lambda state: account.set_standing_order(state, account.SetStandingOrder("sto_1", minor, "CNY"))
    ),
)
BALANCE_STEPS = some.tuples(DAYS, some.integers(-5, 5)).map(
    lambda given: (
        lambda state: balance.record(state, ACCOUNT_STATE, balance.RecordBalance(given[0], given[1], "CNY", TODAY))
    )
)


def run(decider: Decider[Any], steps: list[Step]) -> None:
    """Decide, fold, decide the same again: nothing may follow the second time, and only `Rejected` is raised."""
    state = decider.initial
    for step in steps:
        try:
            events = step(state)
        except Rejected:
            continue
        for event in events:
            assert type(event) in routing.ROUTES
            state = decider.evolve(state, event)
        assert step(state) == []


@settings(max_examples=60)
@given(some.lists(INSTITUTION_STEPS, max_size=12))
def test_institution(steps: list[Step]) -> None:
    run(institution.decider, steps)


@settings(max_examples=60)
@given(some.lists(CUSTOMER_STEPS, max_size=12))
def test_customer(steps: list[Step]) -> None:
    run(customer.decider, steps)


@settings(max_examples=60)
@given(some.lists(ACCOUNT_STEPS, max_size=12))
def test_account(steps: list[Step]) -> None:
    run(account.decider, steps)


@settings(max_examples=60)
@given(some.lists(BALANCE_STEPS, max_size=12))
def test_balance(steps: list[Step]) -> None:
    run(balance.decider, steps)


def test_every_event_of_the_language_has_a_route() -> None:
    assert set(routing.ROUTES) == {struct for _, _, struct, _ in c.EVENTS}
