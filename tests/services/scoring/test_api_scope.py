"""Branch A cannot see branch B: in no route, not even that somebody is there."""

from typing import Any

import pytest

from support.contacts import Bank, post
from support.scored import ago, complain, meet, person_at, relationship


@pytest.mark.parametrize("path", ["", "/explanation", "/timeline"])
async def test_a_customer_of_another_branch_does_not_exist(bank: Bank, path: str) -> None:
    await meet(bank, bank.customer, ago(1))
    await meet(bank, bank.stranger, ago(1))
    for client, mine, theirs in (
        (bank.officer, bank.customer, bank.stranger),
        (bank.other, bank.stranger, bank.customer),
    ):
        assert (await client.get(f"/v1/relationships/{mine}{path}")).status_code == 200
        hidden = await client.get(f"/v1/relationships/{theirs}{path}")
        nobody = await client.get(f"/v1/relationships/cus_{'0' * 32}{path}")
        assert hidden.status_code == nobody.status_code == 404
        assert {**hidden.json(), "trace_id": ""} == {**nobody.json(), "trace_id": ""}
        past = await client.get(f"/v1/relationships/{theirs}{path}", params={"as_of": ago(2), "known_at": ago(0)})
        assert past.status_code == (422 if path == "/timeline" else 404), past.text


async def test_rankings_and_batches_show_the_own_branch_alone(bank: Bank) -> None:
    for client, mine, theirs, branch in (
        (bank.officer, bank.customer, bank.stranger, bank.elsewhere),
        (bank.other, bank.stranger, bank.customer, bank.branch),
    ):
        for order in ("strength", "change"):
            rows = (await client.get("/v1/relationships", params={"order": order})).json()["items"]
            assert theirs not in {row["customer_id"] for row in rows}
        rows = (await client.get("/v1/relationships", params={"institution": branch})).json()["items"]
        assert rows == []
        batch = await client.post("/v1/relationships/batch", json={"customer_ids": [mine, theirs]})
        assert [row["customer_id"] for row in batch.json()["items"]] == [mine]


async def test_the_head_office_sees_its_whole_tree(bank: Bank) -> None:
    head = bank.app.client("branch_manager", bank.head)
    for customer in (bank.customer, bank.stranger):
        assert (await head.get(f"/v1/relationships/{customer}")).status_code == 200


async def test_a_customer_who_moves_takes_the_history_along(bank: Bank) -> None:
    await meet(bank, bank.customer, ago(20))
    moved = await post(
        bank.admin,
        f"/v1/customers/{bank.customer}/transfers",
        {"institution_id": bank.elsewhere, "effective": ago(0)},
        200,
    )
    await relationship(bank, bank.customer, moved)
    assert (await bank.officer.get(f"/v1/relationships/{bank.customer}")).status_code == 404
    for path in ("", "/explanation", "/timeline"):
        assert (await bank.other.get(f"/v1/relationships/{bank.customer}{path}")).status_code == 200


ROUTES = (
    ("GET", "/v1/relationships"),
    ("GET", "/v1/relationships/stream"),
    ("POST", "/v1/relationships/batch"),
    ("GET", "/v1/relationships/{customer}"),
    ("GET", "/v1/relationships/{customer}/explanation"),
    ("GET", "/v1/relationships/{customer}/timeline"),
)


async def test_who_may_not_read_scores_reads_none(bank: Bank) -> None:
    for method, path in ROUTES:
        address = path.format(customer=bank.customer)
        body: dict[str, Any] = {"json": {"customer_ids": [bank.customer]}} if method == "POST" else {}
        refused = await bank.app.client("service").request(method, address, **body)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope"), address
        nobody = await bank.app.stranger().request(method, address, **body)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated"), address


async def test_the_inside_is_for_services_alone(bank: Bank) -> None:
    for path in ("/internal/v1/logs/relationship", "/internal/v1/projections/evidence/states"):
        assert (await bank.officer.get(path)).status_code == 403
        assert (await bank.app.client("service").get(path)).status_code == 200


async def test_a_merged_customer_answers_like_its_group_until_it_is_parted(bank: Bank) -> None:
    absorbed = await person_at(bank, bank.elsewhere)
    own = await meet(bank, absorbed, ago(3))
    lone = await relationship(bank, absorbed, own)
    met = await meet(bank, bank.customer, ago(12))
    before = await relationship(bank, bank.customer, met)
    merged = await post(bank.admin, f"/v1/customers/{bank.customer}/merges", {"absorbed_id": absorbed}, 200)
    together = await relationship(bank, bank.customer, merged)
    assert together["members"] == sorted([bank.customer, absorbed])
    assert together["strength"] > before["strength"]
    same = await bank.admin.get(f"/v1/relationships/{absorbed}")
    assert same.json()["strength"] == together["strength"]
    assert same.json()["customer_id"] == bank.customer
    later = await complain(bank, absorbed, ago(1))
    one = await relationship(bank, absorbed, later)
    assert one["satisfaction"]["episodes"]
    other = await bank.admin.get(f"/v1/relationships/{bank.customer}")
    assert other.json()["strength"] == one["strength"]
    tag = other.headers["ETag"]
    told = (await bank.officer.get(f"/v1/relationships/{bank.customer}/explanation")).json()
    assert told["strength"] == one["strength"], "the other member's events count, though they are of another branch"
    parted = await post(bank.admin, f"/v1/customers/{bank.customer}/merges/{absorbed}/withdrawal", {}, 200)
    alone = await relationship(bank, bank.customer, parted)
    assert alone["members"] == [bank.customer]
    assert alone["strength"] == before["strength"]
    again = await bank.admin.get(f"/v1/relationships/{bank.customer}", headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert lone["members"] == [absorbed]
