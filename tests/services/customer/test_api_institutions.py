from typing import Any

ACCOUNT = {"product": "fund", "currency": "CNY", "since": "2026-01-01"}


async def test_tree_listed_and_read(bank: Any) -> None:
    page = await bank.get("/v1/institutions", parent_id=bank.head)
    assert {item["name"] for item in page["items"]} == {"Harbour", "Hill"}
    row = await bank.get(f"/v1/institutions/{bank.branch}")
    assert (row["level"], row["parent_id"], row["closed"]) == ("branch", bank.head, None)


async def test_renamed_and_moved_on_a_day(bank: Any) -> None:
    second_head = (await bank.post("/v1/institutions", {"name": "Second", "level": "head_office"}))["id"]
    await bank.post(f"/v1/institutions/{bank.branch}/name", {"name": "Quay"}, 200)
    move = {"parent_id": second_head, "effective": "2027-01-01"}
    done = await bank.post(f"/v1/institutions/{bank.branch}/moves", move, 200)
    row = await bank.get(f"/v1/institutions/{bank.branch}", done["position"])
    assert (row["name"], row["version"]) == ("Quay", 3)
    assert row["places"] == [
        {"parent_id": bank.head, "since": None},
        {"parent_id": second_head, "since": "2027-01-01"},
    ]


async def test_closed_only_when_nothing_is_left(bank: Any) -> None:
    closure = {"effective": "2026-04-01"}
    refused = await bank.admin.post(f"/v1/institutions/{bank.branch}/closure", json=closure)
    assert (refused.status_code, refused.json()["code"]) == (409, "institution_not_empty")
    move = {"institution_id": bank.other_branch, "effective": "2026-03-01"}
    await bank.post(f"/v1/customers/{bank.customer}/transfers", move, 200)
    refused = await bank.admin.post(f"/v1/institutions/{bank.branch}/closure", json=closure)
    assert refused.status_code == 409, "its account is still kept there"
    await bank.post(f"/v1/accounts/{bank.account}/closure", {"effective": "2026-03-01"}, 200)
    await bank.post(f"/v1/institutions/{bank.branch}/closure", closure, 200)
    refused = await bank.admin.post(
        "/v1/customers", json={"kind": "personal", "institution_id": bank.branch, "name": "Late"}
    )
    assert refused.json()["errors"][0]["code"] == "institution_closed"
    refused = await bank.admin.post(f"/v1/institutions/{bank.head}/closure", json=closure)
    assert refused.status_code == 409, "an open branch stands below it"


async def test_branch_sees_and_extends_only_its_own_tree(bank: Any) -> None:
    mine = bank.client("admin", bank.branch)
    assert [item["id"] for item in (await mine.get("/v1/institutions")).json()["items"]] == [bank.branch]
    assert (await mine.get(f"/v1/institutions/{bank.other_branch}")).status_code == 404
    assert (await mine.post(f"/v1/institutions/{bank.head}/name", json={"name": "x"})).status_code == 404
    sub = {"name": "Pier", "level": "sub_branch", "parent_id": bank.branch}
    assert (await mine.post("/v1/institutions", json=sub)).status_code == 201
    elsewhere = await mine.post("/v1/institutions", json=sub | {"parent_id": bank.other_branch})
    assert elsewhere.json()["errors"][0]["code"] == "unknown_institution"
    root = await mine.post("/v1/institutions", json={"name": "Mine", "level": "head_office"})
    assert root.json()["errors"][0]["code"] == "parent_required"
