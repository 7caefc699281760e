"""The application that the browser tests look at: jobs whose pace a file sets, mounted under a host's own page."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from datetime import date
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from narrowboat import Narrowboat
from narrowboat.data.columns import Type
from narrowboat.data.records import Field
from narrowboat.data.sources import rows, table
from narrowboat.data.targets import table as into_table
from narrowboat.kernel.runner import Moment, Settings
from narrowboat.notify import Mail, Webhook
from narrowboat.web.access import Action, User

FOLDER = Path(os.environ["SITE_FOLDER"])
CRM = f"sqlite:///{FOLDER}/crm.db"
LEADS = 3000
PACE = FOLDER / "pace"
"""Seconds that a chunk takes."""


def make_crm() -> None:
    """The table that is exported."""
    with sqlite3.connect(FOLDER / "crm.db") as crm:
        crm.execute("create table leads (id integer primary key, name text, city text, phone text)")
        crm.executemany(
            "insert into leads values (?, ?, ?, ?)",
            ((n, f"<b>Zoë {n}</b>", ("Lagos", "Accra", "Kraków")[n % 3], f"0{n:09}") for n in range(1, LEADS + 1)),
        )
        crm.execute("create table many (n integer primary key, name text)")
        crm.executemany("insert into many values (?, ?)", ((n, f"Row {n}") for n in range(100_000)))
        crm.execute(
            "create table customers (id integer primary key, name text, phone text unique, city text, joined text)"
        )
    crm.close()


def pace(moment: Moment) -> None:
    """Take as long as the file says, at each committed chunk; it may say otherwise meanwhile."""
    began = time.monotonic()
    while moment.point == "committed" and PACE.exists() and time.monotonic() < began + float(PACE.read_text()):
        time.sleep(0.02)


nb = Narrowboat(
    os.environ.get("SITE_STORE", f"sqlite:///{FOLDER}/runs.db"),
    folder=FOLDER / "files",
    mail=Mail("smtp://127.0.0.1:9?tls=no", sender="Site <site@shop.example>"),
    channels={"ops": Webhook("http://127.0.0.1:9/", secret="whsec_" + 32 * "A")},
    workers=2,
    settings=Settings(chunk=0.0),
    watch=pace,
    target=f"{__file__}:nb",
)


@nb.export("leads", title="Driver leads", block_rows=50, formats=("csv", "xlsx", "jsonl"))
def leads(city: Literal["Lagos", "Accra", "Kraków"] | None = None, since: date | None = None) -> Any:
    """Everybody who wants to drive."""
    return table(CRM, "leads").where(city=city)


@nb.report("sales", title="Sales", formats=("csv", "xlsx"))
def sales() -> Any:
    """What was sold, row by row."""
    return table(CRM, "leads")


@nb.report("long", title="Long", formats=("csv", "xlsx"), block_rows=1000)
def long() -> Any:
    """A hundred thousand rows."""
    return table(CRM, "many")


@nb.report("days", title="Days")
def days(day: int) -> Any:
    """As many rows as its number."""
    return table(CRM, "leads") if day > 10 else rows(lambda: [("=1+1",)] * day, columns=["name"])


@nb.export("told", title="Told", block_rows=50, notify=("ops",))
def told() -> Any:
    """Others want to know when it ends."""
    return table(CRM, "leads")


@nb.export("one-at-a-time", title="One at a time", block_rows=50, limit=1, share_within=0.0)
def one_at_a_time() -> Any:
    """A second one is refused."""
    return table(CRM, "leads")


@nb.export("empty", title="Complaints")
def empty() -> Any:
    """There are none."""
    return rows(list, columns=["complaint"])


@nb.export("broken", title="Ledger")
def broken() -> Any:
    """A job whose own code fails."""
    raise RuntimeError("the ledger has no such account")


@nb.export("hasty", title="In a hurry", block_rows=50, time_limit=0.5)
def hasty() -> Any:
    """It may not take long."""
    return table(CRM, "leads")


def telephone(text: Any) -> str:
    """Zero and nine digits."""
    if not re.fullmatch("0[0-9]{9}", str(text)):
        raise ValueError("A telephone number is 0 and nine digits.")
    return str(text)


nb.importer(
    "customers",
    row=[
        Field("name", label="Name", required=True),
        Field("phone", label="Phone", required=True, check=telephone),
        Field("city", label="City"),
        Field("joined", label="Joined", type=Type.DATE),
    ],
    into=into_table(CRM, "customers"),
    unique=["phone"],
    mode="upsert",
    title="Customers",
    description="New customers, and changes of known ones.",
    undo=True,
    block_rows=50,
)


def who(request: Request) -> User | None:
    """A cookie says who somebody is; without one they are an operator."""
    name = request.cookies.get("user", "boss")
    match name:
        case "boss":
            return User("boss", sees_all=True)
        case "mailed":
            return User("mailed", email="mailed@shop.example")
        case "viewer":
            return User("viewer", may=lambda action, job: action is Action.SEE)
        case "nobody":
            return None
        case _:
            return User(name)


app = FastAPI(lifespan=nb.lifespan)
app.mount("/bulk", nb.asgi(user=nb.people if os.environ.get("SITE_PEOPLE") else who, cors=(os.environ["SITE_ORIGIN"],)))


@app.get("/host/{page}")
def host(page: str) -> HTMLResponse:
    """A page of the host application, as a test wrote it."""
    return HTMLResponse((FOLDER / page).read_text())
