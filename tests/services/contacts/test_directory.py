"""What interaction and complaint know of customers: home, merged, erased; and the institution tree."""

from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.complaint import app as complaint
from services.customer import app as customer
from services.customer import contract as c
from services.directory.views import CustomerEntry, InstitutionEntry, evolve_customer, evolve_institution
from services.interaction import app as interaction
from shared.envelope import Sealed
from shared.tree import subtree
from support.contacts import get, opened, post, refused
from support.events import History
from support.hosted import hosted

REGISTERED = c.CustomerRegistered("cus_1", "personal", "ins_1", Sealed("cus_1", "name", "box"))
CONTACT = {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "resolved"}


def known(*events: Any) -> CustomerEntry | None:
    history, row = History("cus_1"), None
    for event in events:
        row = evolve_customer(row, "cus_1", history.add(event, date(2026, 3, 2), "customer-cus_1"))
    return row


def test_a_customer_moves_merges_and_is_erased() -> None:
    assert known(REGISTERED) == CustomerEntry("cus_1", "ins_1")
    moved = c.CustomerTransferred("cus_1", "ins_2", date(2026, 3, 2))
    assert known(REGISTERED, moved) == CustomerEntry("cus_1", "ins_2")
    absorbed, undone = c.CustomerAbsorbed("cus_1", "cus_2"), c.CustomerUnmerged("cus_1", "cus_2")
    assert known(REGISTERED, absorbed) == CustomerEntry("cus_1", "ins_1", survivor_id="cus_2")
    assert known(REGISTERED, absorbed, undone) == CustomerEntry("cus_1", "ins_1")
    assert known(REGISTERED, c.CustomerErasureRequested("cus_1")) == CustomerEntry("cus_1", "ins_1", erased=True)
    assert known(moved) is None


def test_an_institution_moves_and_closes() -> None:
    history, row = History("ins_1"), None
    for event in (
        c.InstitutionRegistered("ins_1", "Harbour", "branch", "ins_0"),
        c.InstitutionMoved("ins_1", "ins_9", date(2026, 3, 2)),
        c.InstitutionClosed("ins_1", date(2026, 3, 2)),
    ):
        row = evolve_institution(row, "ins_1", history.add(event, date(2026, 3, 2), "institution-ins_1"))
    assert row == InstitutionEntry("ins_1", "ins_9", closed=True)


@given(st.dictionaries(st.integers(0, 8).map(str), st.none() | st.integers(0, 8).map(str)), st.integers(0, 8).map(str))
def test_a_subtree_is_whoever_has_the_root_above(parents: dict[str, str | None], root: str) -> None:
    def below(node: str | None, left: int) -> bool:
        return node == root or (node is not None and left > 0 and below(parents.get(node), left - 1))

    assert subtree(parents.items(), root) == {root} | {node for node in parents if below(node, len(parents))}


async def test_what_happens_to_a_customer_is_known_to_the_other_services(tmp_path: Path) -> None:
    async with hosted([customer.compose, interaction.compose, complaint.compose], tmp_path) as app:
        bank = await opened(app)
        contact = CONTACT | {"customer_id": bank.customer}
        await post(bank.officer, "/v1/interactions", contact)
        other = {"kind": "personal", "institution_id": bank.branch, "name": "Eve"}
        absorbed = (await post(bank.admin, "/v1/customers", other))["id"]
        await post(bank.admin, f"/v1/customers/{bank.customer}/merges", {"absorbed_id": absorbed}, 200)
        own = await post(bank.officer, "/v1/interactions", CONTACT | {"customer_id": absorbed})
        shown = await get(bank.officer, f"/v1/interactions/{own['id']}", own)
        assert shown["customer_id"] == absorbed
        closed = await post(bank.admin, "/v1/institutions", {"name": "Old", "level": "branch", "parent_id": bank.head})
        path = f"/v1/institutions/{closed['id']}/closure"
        await post(bank.admin, path, {"effective": "2026-03-02"}, 200)
        placed = contact | {"institution_id": closed["id"]}
        while (answer := await bank.admin.post("/v1/interactions", json=placed)).status_code == 201:
            pass
        assert answer.json()["code"] == "institution_closed"
        unknown = contact | {"institution_id": "ins_" + "0" * 32}
        await refused(bank.admin, "/v1/interactions", unknown, 422, "unknown_institution")
