"""What a person sees who runs a command against nothing, or with something wrong: one line, never a traceback."""

import pytest
from typer.testing import CliRunner

from services.cli.main import app

NOWHERE = {"GUANXI_URL": "http://127.0.0.1:9", "GUANXI_TOKEN": "any"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["top"],
        ["show", "demo:customer-0001"],
        ["demo", "--customers", "15"],
        ["parked", "list"],
        ["parked", "retry", "cus_1"],
    ],
)
def test_nothing_running_is_one_line_that_says_what_to_do(arguments):
    result = CliRunner().invoke(app, arguments, env=NOWHERE)

    assert result.exit_code == 1
    assert "nothing answers at http://127.0.0.1:9: start Guanxi with `guanxi up`" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "cus_12"], "a customer id is cus_ and 32 hexadecimal digits"),
        (["parked", "show", "x", "--projection", "nothing"], "there is no projection of this name"),
        (["import", "berka", "/nowhere"], "account.asc"),
        (["import", "transactions", "/nowhere.csv", "--map", "/nowhere.toml"], "/nowhere.toml"),
        (["token", "--role", "king"], "there is no role king"),
        (["topics"], "GUANXI_FEED names no broker"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, said):
    result = CliRunner().invoke(app, arguments, env=NOWHERE)

    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_configuration_that_is_not_valid_names_the_setting():
    result = CliRunner().invoke(app, ["migrate"], env={"GUANXI_TIMEZONE": "Nowhere/Town"})

    assert result.exit_code == 1
    assert "GUANXI_TIMEZONE" in result.output


def test_doctor_says_what_is_not_reachable_and_fails():
    result = CliRunner().invoke(app, ["doctor"], env=NOWHERE)

    assert result.exit_code == 1
    assert result.output.count("not reachable") == 4
