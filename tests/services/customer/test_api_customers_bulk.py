from datetime import timedelta
from typing import Any

from services.customer.reaper import IndexReaper
from support.hosted import ndjson, send_lines

PATH = "/v1/customers/bulk"
PHONE = "+86 21 5555 0177"


def body(bank: Any, **given: Any) -> dict[str, Any]:
    return {"kind": "personal", "institution_id": bank.branch, "name": "Zhao Min"} | given


def reference(number: int) -> dict[str, Any]:
    return {"reference": {"system": "core", "id": f"c{number}"}}


async def test_every_line_has_its_own_verdict(bank: Any) -> None:
    lines = [
        (body(bank, **reference(1), contact={"phone": PHONE}), "accepted", ""),
        (body(bank, **reference(2), contact={"phone": PHONE}), "rejected", "possible_duplicate"),
        (body(bank, **reference(3), contact={"phone": PHONE}, allow_duplicate=True), "accepted", ""),
        (body(bank, **reference(1), contact={"phone": PHONE}), "replayed", ""),
        (body(bank, **reference(1), name="Another"), "rejected", "idempotency_key_reused"),
        (body(bank, institution_id="ins_" + "0" * 32), "rejected", "unknown_institution"),
        (body(bank, kind="martian"), "rejected", "invalid_request"),
        (body(bank), "accepted", ""),
        (body(bank), "accepted", ""),
    ]
    verdicts, summary = await send_lines(bank.admin, PATH, ndjson(line for line, _, _ in lines))
    answered = [(verdict["status"], verdict.get("problem", {}).get("code", "")) for verdict in verdicts]
    assert answered == [(status, code) for _, status, code in lines]
    assert summary == {"accepted": 4, "replayed": 1, "rejected": 4, "limit": 0}
    assert verdicts[1]["problem"]["errors"][0]["pointer"] == "/contact/phone"
    assert verdicts[0]["id"] in verdicts[1]["problem"]["detail"]
    assert verdicts[7]["id"] != verdicts[8]["id"], "nothing says that these two are one person"


async def test_each_line_keeps_its_own_values(bank: Any) -> None:
    """Lines with one reference are the same customer, whose first line counts."""
    lines = [body(bank, **reference(1), name="First"), body(bank, **reference(1), name="Second")]
    verdicts, _ = await send_lines(bank.admin, PATH, ndjson(lines))
    row = await bank.get(f"/v1/customers/{verdicts[0]['id']}", verdicts[0]["position"])
    assert row["personal"]["name"] == "First"


async def test_sent_again_under_one_key_replayed(bank: Any) -> None:
    content = ndjson([body(bank, contact={"phone": PHONE}), body(bank, name="Qian")])
    headers = {"Idempotency-Key": "import-1", "content-type": "application/x-ndjson"}
    first = await bank.admin.post(PATH, content=content, headers=headers)
    again = await bank.admin.post(PATH, content=content, headers=headers)
    assert '"accepted":2' in first.text
    assert '"replayed":2' in again.text


async def test_claim_without_a_registration_is_reaped(bank: Any) -> None:
    done = await bank.register(contact={"phone": PHONE})
    service = bank.hosted.app.state.services["customer"]
    await service.vault.index.claim([("phone", "+1 555 0100", "cus_never")])
    reaper = IndexReaper(service.vault.index, service.views, service.log)
    assert await reaper.once(older=timedelta(0)) == 1
    assert await service.vault.index.find("phone", "+1 555 0100") is None
    assert await service.vault.index.find("phone", PHONE) == done["id"]
