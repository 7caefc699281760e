"""Notices over HTTP: who may ask for one, where it goes, and who sees what of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from narrowboat import Narrowboat
from narrowboat.data.sources import rows
from narrowboat.notify import Mail
from narrowboat.testing import run_inline, send_notices
from narrowboat.web.access import Action, User
from tests.notices.servers import Inbox

USERS = {
    "ann": User("ann", email="ann@example.org"),
    "ben": User("ben"),
    "quiet": User("quiet", email="quiet@example.org", may=lambda action, job: action is not Action.SHARE),
    "odd": User("odd", email="odd@example.org\r\nBcc: all@example.org"),
    "boss": User("boss", sees_all=True),
}


def who(request: Request) -> User | None:
    return USERS.get(request.headers.get("x-user", ""))


@pytest.fixture
def nb(tmp_path: Path, inbox: Inbox) -> Iterator[Narrowboat]:
    nb = Narrowboat(
        f"sqlite:///{tmp_path}/runs.db",
        workers=0,
        public_url="https://shop.example/bulk",
        mail=Mail(f"smtp://127.0.0.1:{inbox.port}?tls=no", sender="exports@shop.example"),
    )
    nb.export("leads")(lambda: rows(lambda: iter([(1,)]), columns=["n"]))
    yield nb
    nb.store.close()


class Client:
    """Speaks to the application as a proxy in front of it would."""

    def __init__(self, nb: Narrowboat) -> None:
        self._app = nb.asgi(user=who)

    def __call__(self, method: str, path: str, user: str = "", **options: Any) -> httpx.Response:
        async def speak() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
                return await client.request(method, path, headers={"x-user": user}, **options)

        return asyncio.run(speak())

    def start(self, user: str, **body: Any) -> httpx.Response:
        return self("POST", "/jobs/leads/runs", user, json={"notify": True, **body})

    def see(self, user: str, path: str) -> Any:
        return self("GET", path, user).json()


@pytest.fixture
def client(nb: Narrowboat) -> Client:
    return Client(nb)


def test_the_mail_goes_to_the_address_of_who_asks_and_its_link_works(
    client: Client, nb: Narrowboat, inbox: Inbox
) -> None:
    run = client.start("ann").json()["id"]
    run_inline(nb, run)
    send_notices(nb)
    (mail,) = inbox.mails
    assert mail["To"] == "ann@example.org"
    (url,) = [line for line in mail.get_body(("plain",)).get_content().splitlines() if "/links/" in line]
    got = client("GET", url.removeprefix("https://shop.example/bulk"))
    assert (got.status_code, got.content) == (200, client("GET", f"/runs/{run}/artifact", "ann").content)


@pytest.mark.parametrize("body", [{"notify": "all@example.org"}, {"notify": ["all@example.org"]}, {"email": "x@y"}])
def test_no_request_can_name_an_address(client: Client, body: dict[str, Any]) -> None:
    assert client.start("ann", **body).status_code == 422


@pytest.mark.parametrize("user", ["ben", "odd"])
def test_who_has_no_address_is_told_so_and_nothing_starts(client: Client, user: str) -> None:
    refused = client.start(user)
    assert (refused.status_code, refused.json()["code"]) == (400, "cannot-notify")
    assert client.see(user, "/runs")["runs"] == []


def test_who_may_not_share_gets_no_mail_with_a_link(client: Client, nb: Narrowboat) -> None:
    assert (client.start("quiet").status_code, client.start("quiet").json()["code"]) == (403, "not-allowed")
    nb.channels["mail"].link = False
    assert client.start("quiet").status_code == 202


def test_a_server_without_mail_says_so(client: Client, nb: Narrowboat) -> None:
    nb.channels.clear()
    refused = client.start("ann")
    assert (refused.status_code, refused.json()["code"]) == (400, "cannot-notify")
    assert client.see("ann", "/jobs")["jobs"][0]["notify"] is False


@pytest.mark.parametrize(("user", "can"), [("ann", True), ("ben", False), ("quiet", False)])
def test_the_list_of_jobs_says_whether_it_can_be_asked_for(client: Client, user: str, can: bool) -> None:
    assert client.see(user, "/jobs")["jobs"][0]["notify"] is can


def test_owner_and_operator_see_what_became_of_it_and_others_nothing(
    client: Client, nb: Narrowboat, inbox: Inbox
) -> None:
    inbox.answers.append("451 4.7.1 greylisted")
    run = client.start("ann").json()["id"]
    where = f"/runs/{run}/notices"
    (asked,) = client.see("ann", where)["notices"]
    assert (asked["state"], asked["recipient"], asked["next_at"]) == ("asked", "ann@example.org", None)
    run_inline(nb, run)
    send_notices(nb)
    (mine,), (all_of_it,) = (client.see(user, where)["notices"] for user in ("ann", "boss"))
    assert (mine["state"], mine["tries"], mine["error"]) == ("waiting", 1, None)
    assert "greylisted" in all_of_it["error"]
    assert client("GET", where, "ben").status_code == 404


def test_a_server_that_can_link_nowhere_says_so_once_when_it_starts(
    nb: Narrowboat, caplog: pytest.LogCaptureFixture
) -> None:
    async def start_and_stop() -> None:
        async with nb.lifespan(None):
            pass

    nb.public_url = None
    asyncio.run(start_and_stop())
    assert caplog.text.count("public_url") == 1
