"""The compose file says what we promise: pinned images, health checks, the same Kafka as the tests, nobody is root."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("guanxi:")]


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+[\w.-]*", SERVICES[name]["image"])


def test_the_broker_is_the_one_that_the_tests_run() -> None:
    pom = ElementTree.parse(ROOT / "deploy" / "kafka" / "pom.xml")
    version = pom.findtext(".//{*}kafka.version")
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version}"
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "init"])
def test_everything_that_stays_up_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", [name for name in OURS if name != "init"])
def test_services_wait_for_the_initialisation(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_to_spare(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["environment"]["GUANXI_ENV"] == "prod"


def test_workers_can_be_scaled() -> None:
    assert "ports" not in SERVICES["scoring-worker"]
    assert "container_name" not in SERVICES["scoring-worker"]


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("GUANXI_PASSWORD", "GUANXI_SECRET", "GUANXI_VAULT_SECRET", "GUANXI_JWKS_FILE"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text


def test_every_command_is_a_module_that_exists() -> None:
    for name in OURS:
        words = SERVICES[name]["command"]
        if words[:2] == ["python", "-m"]:
            assert (ROOT / words[2].replace(".", "/") / "__main__.py").exists(), name


def test_every_service_has_a_database() -> None:
    script = (ROOT / "deploy" / "postgres" / "databases.sh").read_text()
    for name in ("customer", "interaction", "complaint", "scoring", "vault"):
        assert f"create database guanxi_{name} owner guanxi;" in script


def test_the_image_is_built_from_hashes_alone_and_runs_as_nobody_special() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    assert any("pip install --require-hashes" in line for line in lines)
    assert not any("index" in line or "http" in line for line in lines)
    (user,) = [line for line in lines if line.startswith("USER")]
    assert user == "USER 10001:10001"
    copied = [line.split()[-2] for line in lines if line.startswith("COPY") and "--from" not in line]
    for path in copied:
        assert (ROOT / path).exists(), path
