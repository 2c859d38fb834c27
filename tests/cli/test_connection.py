"""Which Guanxi a command talks to."""

import pytest

from services.cli.connection import connect
from services.cli.errors import CliError


def test_the_embedded_one_is_the_default():
    assert connect(None, None).base("complaint") == "http://127.0.0.1:8000"


def test_one_base_serves_all_services_without_its_slash():
    assert connect("https://bank.example/", "t").base("scoring") == "https://bank.example"


def test_every_service_may_have_its_own_base():
    connection = connect("customer=http://a:1, scoring=http://b:2/", None)
    assert (connection.base("customer"), connection.base("scoring")) == ("http://a:1", "http://b:2")
    with pytest.raises(CliError, match="no URL is known for the complaint service"):
        connection.base("complaint")


def test_a_query_in_the_url_is_no_list_of_services():
    assert connect("http://a:1/x=y", None).base("customer") == "http://a:1/x=y"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://a", "somebody=http://a", "customer=a"])
def test_anything_else_is_refused(url):
    with pytest.raises(CliError, match="--url"):
        connect(url, None)
