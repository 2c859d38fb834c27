"""What moves a score, and which way: promises, complaints, recoveries."""

from typing import Any

from support.contacts import Bank, post
from support.scored import ago, complain, eventually, rate, relationship


async def bond(bank: Bank, name: str, *receipts: dict[str, Any]) -> float:
    shown = await relationship(bank, bank.customer, *receipts)
    return next(each["points"] for each in shown["bonds"] if each["name"] == name)


async def test_a_promise_broken_by_the_clock_costs_trust(bank: Bank) -> None:
    # The sweep leaves alone what was recorded within the last seconds, so this one is waited for.
    promise = {"customer_id": bank.customer, "owner_id": "e1", "due": ago(5), "occurred_at": ago(20)}
    made = await post(bank.admin, "/v1/promises", promise)
    before = await bond(bank, "trust", made)
    path = f"/v1/promises/{made['id']}"
    broken = await eventually(bank.admin, path, lambda shown: shown["status"] == "broken", seconds=30)
    assert broken["derivation"]

    def told(page: dict[str, Any]) -> bool:
        return any(event["type"] == "promise.broken" for event in page["items"])

    timeline = f"/v1/relationships/{bank.customer}/timeline"
    page = await eventually(bank.admin, timeline, told)
    event = next(event for event in page["items"] if event["type"] == "promise.broken")
    assert event["occurred_at"] > ago(6)
    position = {"position": f"interaction/interaction:{event['id'].partition(':')[2]}"}
    after_it = await bond(bank, "trust", position)
    assert after_it < before - 2
    explained = (await bank.admin.get(f"/v1/relationships/{bank.customer}/explanation")).json()
    trust = next(each for each in explained["bonds"] if each["name"] == "trust")
    lines = {event["event"]: line["points"] for line in trust["lines"] for event in line["events"]}
    assert lines[event["id"]] < 0


async def test_a_complaint_costs_satisfaction_and_its_resolution_gives_it_back(bank: Bank) -> None:
    rated = await rate(bank, bank.customer, ago(30), 4)
    content = (await relationship(bank, bank.customer, rated))["satisfaction"]["score"]
    received = await complain(bank, bank.customer, ago(6))
    open_ = await relationship(bank, bank.customer, received)
    assert open_["satisfaction"]["score"] < content * 0.3
    assert open_["satisfaction"]["episodes"][0]["outcome"] == "unresolved"
    assert open_["satisfaction"]["score"] <= open_["service_quality"]["score"]
    path = f"/v1/complaints/{received['id']}"
    await post(bank.admin, f"{path}/acknowledgements", {"occurred_at": ago(5)}, 200)
    severe = {"severity": "major", "complexity": "simple", "occurred_at": ago(5)}
    await post(bank.admin, f"{path}/assessments", severe, 200)
    await post(bank.admin, f"{path}/investigation-notes", {"occurred_at": ago(4)}, 200)
    await post(bank.admin, f"{path}/decisions", {"decision": "upheld", "occurred_at": ago(4)}, 200)
    told = await post(bank.admin, f"{path}/communications", {"decision": "upheld", "occurred_at": ago(3)}, 200)
    closed = await relationship(bank, bank.customer, told)
    episode = closed["satisfaction"]["episodes"][0]
    assert (episode["outcome"], episode["complaint_id"]) == ("quick", received["id"])
    assert open_["satisfaction"]["score"] < closed["satisfaction"]["score"] <= closed["service_quality"]["score"]
    unhappy = await post(bank.admin, f"{path}/confirmations", {"answer": "not_satisfied", "occurred_at": ago(1)}, 200)
    again = await relationship(bank, bank.customer, unhappy)
    assert again["satisfaction"]["episodes"][0]["outcome"] == "unresolved"
    assert again["satisfaction"]["score"] < closed["satisfaction"]["score"]
    assert again["strength"] < closed["strength"]


async def test_a_withdrawn_complaint_leaves_no_trace_in_satisfaction(bank: Bank) -> None:
    rated = await rate(bank, bank.customer, ago(30), 4)
    content = await relationship(bank, bank.customer, rated)
    received = await complain(bank, bank.customer, ago(6))
    withdrawn = await post(bank.admin, f"/v1/complaints/{received['id']}/withdrawal", {"occurred_at": ago(2)}, 200)
    after_it = await relationship(bank, bank.customer, withdrawn)
    assert after_it["satisfaction"]["score"] == content["satisfaction"]["score"]
    assert after_it["satisfaction"]["episodes"] == []
