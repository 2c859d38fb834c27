"""Settings that production refuses, rates, and logs that hold nothing personal."""

import io
import json
import logging
import secrets
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr, ValidationError

from shared.runtime import Settings, logs
from shared.runtime.rates import SHIPPED, read_rates

PROD: dict[str, Any] = {
    "env": "prod",
    "secret": SecretStr(secrets.token_urlsafe(32)),
    "vault_secret": SecretStr(secrets.token_urlsafe(32)),
    "jwks": "https://id.bank.test/jwks",
    "issuer": "https://id.bank.test",
}


def test_production_with_everything_said() -> None:
    settings = Settings(**PROD)
    assert not settings.local_issuer
    assert not settings.dev_tokens


@pytest.mark.parametrize(
    "change",
    [
        {"secret": None},
        {"secret": SecretStr("short")},
        {"secret": SecretStr("a" * 40)},
        {"vault_secret": None},
        {"vault_secret": PROD["secret"]},
        {"jwks": ""},
        {"jwks": "https://localhost/jwks"},
        {"jwks": "https://127.0.0.1:8000/jwks"},
        {"jwks": "http://id.bank.test/jwks"},
        {"issuer": "guanxi-local"},
        {"issuer": "http://localhost:8000"},
    ],
)
def test_production_refuses_what_is_only_for_development(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(**{**PROD, **change})
    for secret in (PROD["secret"], PROD["vault_secret"]):
        assert secret.get_secret_value() not in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {"timezone": "Mars/Olympus"},
        {"base_currency": "XXX"},
        {"feed": "rabbit://x"},
        {"partitions": 0},
        {"env": "test"},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**change)


def test_secrets_do_not_show(tmp_path: Path) -> None:
    settings = Settings(**PROD, data=tmp_path)
    assert PROD["secret"].get_secret_value() not in repr(settings)


def test_every_service_has_its_own_database(tmp_path: Path) -> None:
    assert Settings(data=tmp_path).log_url("customer") == f"sqlite:///{tmp_path}/customer.db"
    assert Settings(log="sqlite:////var/bank").log_url("vault") == "sqlite:////var/bank/vault.db"
    remote = Settings(log="postgresql://u:p@db/bank", vault="postgresql://v:q@safe")
    assert remote.log_url("customer") == "postgresql://u:p@db/bank_customer"
    assert remote.vault_url == "postgresql://v:q@safe/guanxi_vault"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_FEED", "kafka://broker:9092")
    monkeypatch.setenv("GUANXI_TIMEZONE", "Europe/Prague")
    settings = Settings()
    assert settings.kafka == "broker:9092"
    assert settings.zone.key == "Europe/Prague"
    assert Settings(feed="log").kafka is None


def test_development_keeps_its_secrets_in_the_data_folder(tmp_path: Path) -> None:
    one, other = Settings(data=tmp_path), Settings(data=tmp_path)
    assert one.keyring.key("cursor") == other.keyring.key("cursor")
    assert one.keyring.key("cursor") != one.vault_keyring.key("cursor")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_the_shipped_rates_cover_the_currencies_and_any_base() -> None:
    day = date(1990, 1, 1)
    in_yuan = read_rates(SHIPPED, "CNY")
    assert set(in_yuan) == {"CZK", "USD", "EUR", "GBP", "AUD"}
    in_crowns = read_rates(SHIPPED, "CZK")
    assert set(in_crowns) == {"CNY", "USD", "EUR", "GBP", "AUD"}
    assert in_crowns["CNY"][day] == 1 / in_yuan["CZK"][day]
    assert in_crowns["USD"][day] == in_yuan["USD"][day] / in_yuan["CZK"][day]
    with pytest.raises(ValueError, match="base currency"):
        read_rates(SHIPPED, "JPY")


@pytest.mark.parametrize(
    "text", ['base = "X"', 'base = "CNY"\n[rates.USD]\nx = "1"', 'base = "CNY"\n[rates.USD]\n2020-01-01 = "-1"']
)
def test_rates_that_make_no_sense_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rates.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        read_rates(path, "CNY")


def test_rates_are_exact() -> None:
    assert read_rates(SHIPPED, "CNY")["USD"] == {date(1990, 1, 1): Decimal("7.20")}


@pytest.fixture
def logged() -> Iterator[Any]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    written = io.StringIO()
    logs.configure(json=True, stream=written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:], root.level = before
    structlog.reset_defaults()


PLAIN = ["13800138000", "ming@example.org", "110101199003070011", "Wang"]


def test_nothing_personal_reaches_a_log(logged: Any) -> None:
    log = structlog.get_logger("guanxi.test")
    log.info("call +86 138 0013 8000 or ming@example.org", phone=PLAIN[0], customer={"email": PLAIN[1], "id": "cus_1"})
    log.info("identity 110101199003070011", items=[{"given_name": "Wang"}], token="x.y.z")
    logging.getLogger("other").warning(
        "Bearer %s at postgresql://user:hunter2@db/x", "eyJhbGciOiJub25lIn0.eyJzdWIifQ.sig"
    )
    try:
        raise ValueError("the caller was ming@example.org")
    except ValueError:
        logging.getLogger("other").exception("failed for 13800138000")
    lines = logged()
    text = json.dumps(lines)
    assert len(lines) == 4
    for plain in (*PLAIN, "hunter2", "eyJ", "x.y.z", "138 0013"):
        assert plain not in text
    assert lines[0]["customer"]["id"] == "cus_1"
    assert lines[0]["level"] == "info"
    assert "ValueError" in lines[3]["exception"]


def test_ids_positions_and_times_stay_readable() -> None:
    for text in (
        "cus_0190a1b2c3d47e8f9a0b1c2d3e4f5a6b",
        "customer/transaction:1842",
        "2026-01-31T08:00:00.123456Z",
        "took 0.0123456789 s",
    ):
        assert logs.mask(text) == text


def test_a_library_that_repeats_its_complaint_does_not_fill_the_disk() -> None:
    now = [0.0]
    seldom = logs.Seldom(10.0, lambda: now[0])

    def passes(name: str, message: str, *values: object) -> bool:
        return seldom.filter(logging.LogRecord(name, logging.ERROR, "", 0, message, values, None))

    assert passes("aiokafka", "Unable connect to node with id %s", 1)
    assert not passes("aiokafka", "Unable connect to node with id %s", 2)
    assert passes("aiokafka.consumer.fetcher", "Failed fetch messages from %s", 1)
    assert passes("guanxi.relay", "tries again")
    assert passes("guanxi.relay", "tries again")
    now[0] = 10.0
    assert passes("aiokafka", "Unable connect to node with id %s", 1)
