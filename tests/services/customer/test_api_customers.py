from typing import Any

import pytest

PHONE = "+86 21 5555 0199"


async def test_registered_customer_is_read_back_at_once(bank: Any) -> None:
    done = await bank.register(contact={"phone": PHONE, "email": "a@b.cn"}, birth_date="1980-05-06")
    row = await bank.get(f"/v1/customers/{done['id']}", done["position"])
    assert row["personal"] == {
        "name": "Wang Fang",
        "contact": {"phone": PHONE, "email": "a@b.cn"},
        "birth_date": "1980-05-06",
        "identity_number": None,
    }
    assert (row["institution_id"], row["version"], row["kind"]) == (bank.branch, 1, "personal")


async def test_personal_values_are_not_shown_without_the_scope(bank: Any) -> None:
    fact = {"topic": "family", "value": "two children", "purpose": "care"}
    done = await bank.post(f"/v1/customers/{bank.customer}/dossier-facts", fact)
    analyst = bank.client("analyst")
    answer = await analyst.get(f"/v1/customers/{bank.customer}", params={"min_position": done["position"]})
    assert answer.status_code == 200
    assert answer.json()["personal"] is None
    assert answer.json()["dossier"][0]["value"] is None
    assert "two children" not in answer.text
    seen = await bank.get(f"/v1/customers/{bank.customer}")
    assert seen["dossier"][0]["value"] == "two children"


async def test_possible_duplicate_conflicts_unless_overridden(bank: Any) -> None:
    body = {"kind": "personal", "institution_id": bank.branch, "name": "W. Fang"}
    body["contact"] = {"phone": "0086 (21) 5555-0100"}
    answer = await bank.admin.post("/v1/customers", json=body)
    assert answer.status_code == 409
    assert answer.json()["code"] == "possible_duplicate"
    assert answer.json()["candidates"] == [bank.customer]
    assert answer.json()["errors"][0]["pointer"] == "/contact/phone"
    assert "5555" not in answer.text
    await bank.post("/v1/customers", body | {"allow_duplicate": True})


async def test_candidates_of_other_branches_are_not_named(bank: Any) -> None:
    body = {"kind": "personal", "institution_id": bank.other_branch, "name": "W. Fang"}
    body["contact"] = {"phone": "+86 21 5555 0100"}
    answer = await bank.client("teller", bank.other_branch).post("/v1/customers", json=body)
    assert answer.status_code == 409
    assert answer.json()["candidates"] == []
    assert bank.customer not in answer.text


async def test_found_by_phone_identity_number_or_id(bank: Any) -> None:
    done = await bank.register(identity_number="ABC-123", contact={"phone": PHONE})
    for query in (done["id"], "abc123", "+86 21 5555 0199"):
        page = await bank.get("/v1/customers", done["position"], q=query)
        assert [item["id"] for item in page["items"]] == [done["id"]]
    assert (await bank.get("/v1/customers", q="nobody"))["items"] == []


async def test_listed_by_institution_page_by_page(bank: Any) -> None:
    done = [await bank.register(name=f"Customer {number}") for number in range(3)]
    query = {"institution_id": bank.branch, "limit": 2}
    first = await bank.get("/v1/customers", done[-1]["position"], **query)
    last = await bank.get("/v1/customers", **query, cursor=first["next_cursor"])
    assert len({item["id"] for item in first["items"] + last["items"]}) == 4
    assert last["next_cursor"] is None


async def test_profile_changed_with_the_version_that_was_read(bank: Any) -> None:
    path = f"/v1/customers/{bank.customer}"
    change = {"name": "Wang Fangfang", "contact": {"email": "f@w.cn"}}
    assert (await bank.admin.patch(path, json=change)).status_code == 428
    assert (await bank.admin.patch(path, json=change, headers={"If-Match": '"7"'})).status_code == 412
    answer = await bank.admin.patch(path, json=change, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert answer.json()["version"] == 2
    row = await bank.get(path, answer.json()["position"])
    assert row["personal"]["name"] == "Wang Fangfang"
    assert row["personal"]["contact"] == {"phone": "+86 21 5555 0100", "email": "f@w.cn"}
    assert (await bank.admin.patch(path, json={}, headers={"If-Match": '"2"'})).json()["errors"][0]["code"] == (
        "nothing_to_change"
    )


async def test_relations_show_on_the_customer(bank: Any) -> None:
    path = f"/v1/customers/{bank.customer}"
    await bank.post(f"{path}/coverage", {"role": "relationship_manager", "employee_id": "e1"}, 200)
    await bank.post(f"{path}/coverage", {"role": "relationship_manager", "employee_id": "e2"}, 200)
    await bank.post(f"{path}/element-weights", {"weights": {"empathy": 3}}, 200)
    await bank.post(f"{path}/tier", {"tier": "gold", "inputs": {"deposits": 7_000_000}}, 200)
    done = await bank.post(f"{path}/transfers", {"institution_id": bank.other_branch, "effective": "2026-03-01"}, 200)
    row = await bank.get(path, done["position"])
    assert row["coverage"] == {"relationship_manager": "e2"}
    assert (row["element_weights"], row["tier"]) == ({"empathy": 3}, "gold")
    assert row["institution_id"] == bank.other_branch


async def test_asking_for_what_holds_already_changes_nothing(bank: Any) -> None:
    body = {"role": "risk_manager", "employee_id": "e1"}
    first = await bank.post(f"/v1/customers/{bank.customer}/coverage", body, 200)
    again = await bank.post(f"/v1/customers/{bank.customer}/coverage", body, 200)
    assert again == first


async def test_dossier_fact_withdrawn(bank: Any) -> None:
    path = f"/v1/customers/{bank.customer}/dossier-facts"
    fact = {"topic": "family", "value": "two children", "purpose": "care"}
    added = await bank.post(path, fact)
    assert added["id"].startswith("fct_")
    done = await bank.post(f"{path}/{added['id']}/withdrawal", {}, 200)
    assert (await bank.get(f"/v1/customers/{bank.customer}", done["position"]))["dossier"] == []


async def test_merged_and_unmerged(bank: Any) -> None:
    other = (await bank.register())["id"]
    path = f"/v1/customers/{bank.customer}/merges"
    done = await bank.post(path, {"absorbed_id": other}, 200)
    assert (await bank.get(f"/v1/customers/{bank.customer}", done["position"]))["absorbed_ids"] == [other]
    assert (await bank.get(f"/v1/customers/{other}"))["survivor_id"] == bank.customer
    done = await bank.post(f"{path}/{other}/withdrawal", {}, 200)
    assert (await bank.get(f"/v1/customers/{bank.customer}", done["position"]))["absorbed_ids"] == []


async def test_referral_recorded_and_converted(bank: Any) -> None:
    friend = (await bank.register())["id"]
    body = {"referrer_id": bank.customer, "referred_id": friend}
    referral = (await bank.post("/v1/referrals", body))["id"]
    done = await bank.post(f"/v1/referrals/{referral}/conversion", {}, 200)
    row = await bank.get(f"/v1/customers/{bank.customer}", done["position"])
    assert row["referrals"] == [{"id": referral, "referred_id": friend, "outcome": "converted"}]
    assert (await bank.get(f"/v1/customers/{friend}"))["referrer_id"] == bank.customer


async def test_repetition_under_one_key_is_replayed(bank: Any) -> None:
    body = {"kind": "personal", "institution_id": bank.branch, "name": "Li Na", "contact": {"phone": PHONE}}
    first = await bank.admin.post("/v1/customers", json=body, headers={"Idempotency-Key": "k1"})
    again = await bank.admin.post("/v1/customers", json=body, headers={"Idempotency-Key": "k1"})
    assert (first.json(), again.headers["Idempotency-Replayed"]) == (again.json(), "true")
    other = await bank.admin.post("/v1/customers", json=body | {"name": "X"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_same_reference_is_the_same_customer(bank: Any) -> None:
    body = {"kind": "enterprise", "institution_id": bank.branch, "name": "Ltd", "reference": {"system": "c", "id": "9"}}
    assert await bank.post("/v1/customers", body) == await bank.post("/v1/customers", body)
    answer = await bank.admin.post("/v1/customers", json=body | {"name": "Inc"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"kind": "martian"}, "/kind", "not_one_of"),
        ({"name": ""}, "/name", "too_short"),
        ({"name": 7}, "/name", "wrong_type"),
        ({"name": "x" * 201}, "/name", "too_long"),
        ({"unknown": 1}, "", "unknown_field"),
        ({"birth_date": "06.05.1980"}, "/birth_date", "invalid_date"),
        ({"birth_date": "1799-01-01"}, "/birth_date", "date_out_of_range"),
        ({"contact": {"phone": "call me"}}, "/contact/phone", "invalid_format"),
        ({"institution_id": "ins_1"}, "/institution_id", "invalid_format"),
        ({"institution_id": "ins_" + "0" * 32}, "/institution_id", "unknown_institution"),
        ({"occurred_at": "2999-01-01"}, "/occurred_at", "date_out_of_range"),
        ({"occurred_at": "2126-01-01"}, "/occurred_at", "occurred_in_future"),
    ],
)
async def test_bad_input_has_a_code_and_a_pointer(bank: Any, change: dict[str, Any], pointer: str, code: str) -> None:
    body = {"kind": "personal", "institution_id": bank.branch, "name": "Secret Name"} | change
    answer = await bank.admin.post("/v1/customers", json=body)
    assert answer.status_code == 422, answer.text
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (pointer, code)
    assert "Secret Name" not in answer.text
    assert "martian" not in answer.text


async def test_other_branch_sees_nothing(bank: Any) -> None:
    teller = bank.client("teller", bank.other_branch)
    customer = f"/v1/customers/{bank.customer}"
    assert (await teller.get(customer)).status_code == 404
    assert (await teller.get(f"{customer}/accounts")).status_code == 404
    assert (await teller.get("/v1/customers")).json()["items"] == []
    assert (await teller.get("/v1/customers", params={"q": "+86 21 5555 0100"})).json()["items"] == []
    for path, body in (
        ("coverage", {"role": "risk_manager", "employee_id": "e"}),
        ("tier", {"tier": "gold"}),
        ("dossier-facts", {"topic": "t", "value": "v", "purpose": "p"}),
        ("element-weights", {"weights": {"empathy": 1}}),
        ("transfers", {"institution_id": bank.other_branch, "effective": "2026-01-01"}),
        ("merges", {"absorbed_id": bank.customer}),
    ):
        answer = await teller.post(f"{customer}/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = await teller.patch(customer, json={"name": "Mine"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 404


async def test_head_of_the_subtree_sees_its_branches(bank: Any) -> None:
    answer = await bank.client("branch_manager", bank.head).get(f"/v1/customers/{bank.customer}")
    assert answer.status_code == 200


async def test_strangers_and_wrong_roles_are_refused(bank: Any) -> None:
    path = f"/v1/customers/{bank.customer}"
    assert (await bank.hosted.stranger().get(path)).status_code == 401
    assert (await bank.client("analyst").post(f"{path}/tier", json={"tier": "gold"})).status_code == 403


async def test_a_refused_registration_is_no_duplicate_of_the_corrected_one(bank: Any) -> None:
    nowhere = f"ins_{'0' * 32}"
    body = {"kind": "personal", "institution_id": nowhere, "name": "Li Na", "contact": {"phone": "+86 21 5555 0777"}}
    assert (await bank.admin.post("/v1/customers", json=body)).json()["code"] == "unknown_institution"
    await bank.post("/v1/customers", body | {"institution_id": bank.branch})


async def test_a_possible_duplicate_claims_nothing(bank: Any) -> None:
    body = {"kind": "personal", "institution_id": bank.branch, "name": "Li Na", "identity_number": "DUP-1"}
    taken = body | {"contact": {"phone": "+86 21 5555 0100"}}
    assert (await bank.admin.post("/v1/customers", json=taken)).json()["code"] == "possible_duplicate"
    done = await bank.post("/v1/customers", taken | {"allow_duplicate": True})
    page = await bank.get("/v1/customers", done["position"], q="DUP-1")
    assert [item["id"] for item in page["items"]] == [done["id"]]


@pytest.mark.parametrize("outcome", ["conversion", "lapse"])
async def test_a_referral_of_another_branch_does_not_exist(bank: Any, outcome: str) -> None:
    referral = (await bank.post("/v1/referrals", {"referrer_id": bank.customer}))["id"]
    path = f"/v1/referrals/{referral}/{outcome}"
    assert (await bank.client("branch_manager", bank.other_branch).post(path, json={})).status_code == 404
    assert (await bank.client("branch_manager", bank.branch).post(path, json={})).status_code == 200
    assert (await bank.client("branch_manager", bank.branch).post(path, json={})).status_code == 200
