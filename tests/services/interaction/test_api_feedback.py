"""Ratings, survey answers and recognitions over HTTP."""

from typing import Any

from support.contacts import Bank, get, post, refused
from support.hosted import ndjson, send_lines

PATH = "/v1/ratings"


def rated(**given: Any) -> dict[str, Any]:
    return {"element": "overall", "value": 5, "scale_min": 1, "scale_max": 5, "source": "device"} | given


async def test_a_rating_is_recorded_once_and_read_back(bank: Bank) -> None:
    body = rated(customer_id=bank.customer, reference={"system": "device-7", "id": "1"})
    receipt = await post(bank.officer, PATH, body)
    assert (await bank.officer.post(PATH, json=body)).json() == receipt
    shown = await get(bank.officer, f"{PATH}/{receipt['id']}", receipt)
    assert (shown["value"], shown["institution_id"]) == (5, bank.branch)
    assert (await get(bank.officer, PATH, receipt, customer_id=bank.customer))["items"] == [shown]
    await get(bank.other, f"{PATH}/{receipt['id']}", receipt, 404)


async def test_a_mystery_visit_rates_an_institution(bank: Bank) -> None:
    visit = rated(source="mystery_visit", element="tangibles", value=80, scale_min=0, scale_max=100)
    await refused(bank.admin, PATH, visit, 422, "institution_required")
    receipt = await post(bank.admin, PATH, visit | {"institution_id": bank.branch})
    assert (await get(bank.officer, f"{PATH}/{receipt['id']}", receipt))["customer_id"] is None
    await refused(bank.admin, PATH, visit | {"customer_id": bank.customer}, 422, "customer_not_allowed")


async def test_bulk_refuses_values_off_their_scale(bank: Bank) -> None:
    lines = [rated(customer_id=bank.customer, value=value) for value in (5, 6, 1)]
    verdicts, summary = await send_lines(bank.admin, f"{PATH}/bulk", ndjson(lines))
    assert [verdict["status"] for verdict in verdicts] == ["accepted", "rejected", "accepted"]
    assert verdicts[1]["problem"]["code"] == "value_off_scale"
    assert summary["accepted"] == 2


async def test_survey_answers_and_recognitions_are_recorded(bank: Bank) -> None:
    answer = {"customer_id": bank.customer, "method": "nps", "value": 9}
    assert (await post(bank.officer, "/v1/surveys/answers", answer))["version"] == 1
    await refused(bank.officer, "/v1/surveys/answers", answer | {"value": 11}, 422, "value_off_scale")
    greeting = {"customer_id": bank.customer, "kind": "greeting"}
    assert (await post(bank.officer, "/v1/recognitions", greeting))["version"] == 1
    await refused(bank.other, "/v1/recognitions", greeting, 422, "unknown_customer")
