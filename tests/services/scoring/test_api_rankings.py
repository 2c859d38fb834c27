"""Many relationships over HTTP: ranked, page by page, and in one request."""

from typing import Any

import httpx
import pytest

from support.contacts import Bank, post
from support.scored import account, after, ago, eventually, meet, person_at, relationship

TALL = 7


@pytest.fixture
async def ranked(bank: Bank) -> Bank:
    """Seven more customers at the first branch who were met more and more often, one of them a key customer."""
    for number in range(TALL):
        customer = await person_at(bank, bank.branch)
        receipts = [await meet(bank, customer, ago(7 * week + 1)) for week in range(number)]
        if number == 3:
            tiered = {"tier": "key", "occurred_at": ago(50)}
            receipts.append(await post(bank.admin, f"/v1/customers/{customer}/tier", tiered, 200))
            cover = {"role": "relationship_manager", "employee_id": "m7", "occurred_at": ago(50)}
            receipts.append(await post(bank.admin, f"/v1/customers/{customer}/coverage", cover, 200))
        if receipts:
            await relationship(bank, customer, after_newest(receipts))
    return bank


def after_newest(receipts: list[dict[str, Any]]) -> dict[str, Any]:
    newest = {receipt["position"].partition(":")[0]: receipt for receipt in receipts}
    return after(*newest.values())


async def pages(client: httpx.AsyncClient, limit: int, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    given: dict[str, Any] = {"limit": limit, **query}
    while True:
        answer = await client.get("/v1/relationships", params=given)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["fresh_as_of"]
        assert len(page["items"]) <= limit
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        given["cursor"] = page["next_cursor"]


async def test_the_strongest_come_first_and_no_page_repeats_or_leaves_out(ranked: Bank) -> None:
    rows = await pages(ranked.admin, 2)
    ids = [row["customer_id"] for row in rows]
    # The bank registers two more customers, without a past, before it is given to a test.
    assert len(ids) == len(set(ids)) == TALL + 4
    strengths = [row["strength"] for row in rows]
    assert strengths == sorted(strengths, reverse=True)
    assert len(set(strengths)) < len(strengths), "there are ties to be paged through"
    backwards = await pages(ranked.admin, 3, reverse=True)
    assert [row["customer_id"] for row in backwards] == ids[::-1]
    assert [row["customer_id"] for row in await pages(ranked.admin, 100)] == ids


async def test_those_who_fell_most_come_first(ranked: Bank) -> None:
    fallen = ranked.customer
    opening = await account(ranked, fallen, ago(400))
    known = [await meet(ranked, fallen, ago(day)) for day in (40, 47, 54)]
    late = await post(
        ranked.admin,
        "/v1/complaints",
        {
            "customer_id": fallen,
            "channel": "counter",
            "product": "card",
            "issue": "fee",
            "severity": "major",
            "occurred_at": ago(2),
        },
    )
    await relationship(ranked, fallen, opening, known[-1], late)
    wanted = await eventually(
        ranked.admin,
        "/v1/relationships",
        lambda page: page["items"] and page["items"][0]["customer_id"] == fallen and page["items"][0]["change"] < -5,
        order="change",
    )
    changes = [row["change"] for row in wanted["items"]]
    assert changes == sorted(changes)
    assert None not in changes
    risen = await pages(ranked.admin, 2, order="change", reverse=True)
    assert risen[-1]["customer_id"] == fallen
    past = await relationship(ranked, fallen, late, as_of=ago(30))
    assert wanted["items"][0]["change"] == pytest.approx(wanted["items"][0]["strength"] - past["strength"], abs=1e-6)


async def test_filters_leave_the_others_out(ranked: Bank) -> None:
    at_branch = await pages(ranked.admin, 3, institution=ranked.branch)
    assert {row["institution_id"] for row in at_branch} == {ranked.branch}
    assert len(at_branch) == TALL + 2
    key = await pages(ranked.admin, 3, tier="key")
    assert [row["tier"] for row in key] == ["key"]
    managed = await pages(ranked.admin, 3, manager="m7")
    assert [row["customer_id"] for row in managed] == [key[0]["customer_id"]]
    assert managed[0]["relationship_manager"] == "m7"
    assert await pages(ranked.admin, 3, manager="m7", tier="gold") == []
    assert await pages(ranked.admin, 3, institution="ins_" + "0" * 32) == []


async def test_a_ranking_that_makes_no_sense_is_refused(bank: Bank) -> None:
    nonsense: tuple[tuple[dict[str, Any], str], ...] = (
        ({"order": "colour"}, "order"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"tier": "platinum"}, "tier"),
        ({"institution": "nowhere"}, "institution"),
        ({"manager": "m 7"}, "manager"),
        ({"reverse": "perhaps"}, "reverse"),
        ({"cursor": "abc"}, "cursor"),
    )
    for query, pointer in nonsense:
        answer = await bank.admin.get("/v1/relationships", params=query)
        assert answer.status_code == 422, query
        assert answer.json()["errors"][0]["pointer"].endswith(pointer), query


async def test_a_cursor_belongs_to_its_ranking(ranked: Bank) -> None:
    cursor = (await ranked.admin.get("/v1/relationships", params={"limit": 1})).json()["next_cursor"]
    for other in ({"reverse": True}, {"order": "change"}, {"tier": "key"}):
        answer = await ranked.admin.get("/v1/relationships", params={**other, "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
    answer = await ranked.officer.get("/v1/relationships", params={"cursor": cursor})
    assert answer.status_code == 422


async def test_many_are_answered_at_once(ranked: Bank) -> None:
    unknown = [f"cus_{number:032x}" for number in range(998)]
    asked = [ranked.stranger, *unknown, ranked.customer]
    answer = await ranked.admin.post("/v1/relationships/batch", json={"customer_ids": asked})
    assert answer.status_code == 200
    assert [row["customer_id"] for row in answer.json()["items"]] == [ranked.stranger, ranked.customer]
    mine = await ranked.officer.post("/v1/relationships/batch", json={"customer_ids": asked})
    assert [row["customer_id"] for row in mine.json()["items"]] == [ranked.customer]
    twice = await ranked.admin.post("/v1/relationships/batch", json={"customer_ids": [ranked.customer] * 2})
    assert len(twice.json()["items"]) == 1


async def test_a_batch_of_too_many_or_of_nonsense_is_refused(bank: Bank) -> None:
    many = [f"cus_{number:032x}" for number in range(1001)]
    for ids in ([], ["cus_x"], many, None, "cus_x", [1], [None], {}):
        answer = await bank.admin.post("/v1/relationships/batch", json={"customer_ids": ids})
        assert answer.status_code == 422, ids
        assert answer.json()["errors"][0]["pointer"].startswith("/customer_ids"), ids
