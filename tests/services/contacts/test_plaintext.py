"""Marked personal texts go in; then every file of the installation is searched for them."""

from pathlib import Path

from services.complaint import app as complaint
from services.customer import app as customer
from services.interaction import app as interaction
from support.contacts import get, opened, post
from support.hosted import hosted, ndjson, send_lines

NOTES, PROMISE, NARRATIVE, FOUND, BULK = (f"zyxwv marked text {number}" for number in range(5))
CONTACT = {"channel": "counter", "direction": "in", "purpose": "service", "outcome": "resolved"}
COMPLAINT = {"channel": "counter", "product": "card", "issue": "fee", "severity": "minor", "narrative": NARRATIVE}


async def test_no_personal_text_is_kept_in_clear(tmp_path: Path) -> None:
    async with hosted([customer.compose, interaction.compose, complaint.compose], tmp_path) as app:
        bank = await opened(app)
        named = {"customer_id": bank.customer}
        contact = await post(bank.officer, "/v1/interactions", CONTACT | named | {"notes": NOTES})
        corrected = CONTACT | named | {"reason": "typing mistake", "channel": "visit"}
        await post(bank.officer, f"/v1/interactions/{contact['id']}/correction", corrected, 200)
        await post(bank.officer, f"/v1/interactions/{contact['id']}/voiding", {"reason": "twice"}, 200)
        await send_lines(bank.officer, "/v1/interactions/bulk", ndjson([CONTACT | named | {"notes": BULK}]))
        promised = {"owner_id": "e1", "due": "2199-01-01", "text": PROMISE}
        promise = await post(bank.officer, "/v1/promises", promised | named)
        received = await post(bank.officer, "/v1/complaints", COMPLAINT | named)
        path = f"/v1/complaints/{received['id']}"
        noted = await post(bank.officer, f"{path}/investigation-notes", {"note": FOUND}, 200)
        shown = await get(bank.officer, path, noted)
        assert (shown["narrative"], shown["notes"][0]["note"]) == (NARRATIVE, FOUND), "the texts did go in"
        assert (await get(bank.officer, f"/v1/promises/{promise['id']}", promise))["text"] == PROMISE
        assert (await get(bank.officer, f"/v1/interactions/{contact['id']}", promise))["notes"] == NOTES
    files = contents(tmp_path)
    assert {"interaction.db", "complaint.db", "vault.db"} <= files.keys()
    texts = [text.encode() for text in (NOTES, PROMISE, NARRATIVE, FOUND, BULK)]
    found = {name: [text for text in texts if text in content] for name, content in files.items()}
    assert not any(found.values()), found


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
