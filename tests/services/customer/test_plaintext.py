"""Marked personal values go in; then every file of the installation is searched for them."""

from pathlib import Path
from typing import Any

MARKED = {
    "name": "Zyxwv Marked",
    "identity_number": "ZYX999888777",
    "birth_date": "1961-07-23",
}
PHONE, EMAIL, STREET = "+86 9988776655", "zyxwv@marked.example", "Marked Street 998877"
FACT, COUNTERPARTY, NAME_AFTER = "zyxwv likes orchids", "Zyxwv Shop 998877", "Zyxwv Renamed"


async def test_no_personal_value_is_kept_in_clear(bank: Any, tmp_path: Path) -> None:
    contact = {"phone": PHONE, "email": EMAIL, "address": STREET}
    customer = (await bank.register(**MARKED, contact=contact))["id"]
    path = f"/v1/customers/{customer}"
    await bank.post(f"{path}/dossier-facts", {"topic": "hobby", "value": FACT, "purpose": "care"})
    change = await bank.admin.patch(path, json={"name": NAME_AFTER}, headers={"If-Match": "*"})
    assert change.status_code == 200
    order = {"amount": {"amount": "1.00", "currency": "CNY"}, "counterparty": COUNTERPARTY}
    await bank.post(f"/v1/accounts/{bank.account}/standing-orders", order, 200)
    done = await bank.post("/v1/transactions", bank.transaction("t1", counterparty=COUNTERPARTY))
    (shown,) = (await bank.get("/v1/customers", done["position"], q=PHONE))["items"]
    assert shown["personal"]["name"] == NAME_AFTER, "the values did go in"
    files = contents(tmp_path)
    assert {"customer.db", "vault.db"} <= files.keys()
    values = [*MARKED.values(), PHONE, EMAIL, STREET, FACT, COUNTERPARTY, NAME_AFTER, "9988776655"]
    found = {name: [value for value in values if value.encode() in content] for name, content in files.items()}
    assert not any(found.values()), found


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
