"""Jobs for the HTTP tests, and the ways to serve them: alone, with users, mounted in another application."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from narrowboat import Narrowboat, Requester
from narrowboat.data.records import Field, Lookup
from narrowboat.data.sources import rows, table
from narrowboat.data.targets import table as into
from narrowboat.kernel.runner import Moment, Settings
from tests.tap import dripping

FOLDER = Path(os.environ["SERVED_FOLDER"])
CRM = FOLDER / "crm.db"
LEADS = 3000


def make_crm() -> None:
    """The table of leads, with text that page and files must not take for markup or formulas; and one for customers."""
    with sqlite3.connect(CRM) as crm:
        crm.execute("create table cities (id integer primary key, name text unique)")
        crm.execute("insert into cities values (1, 'Accra'), (2, 'Lagos')")
        crm.execute(
            "create table customers (id integer primary key, name text, phone text unique, mark text, city_id integer)"
        )
        crm.execute("create table leads (id integer primary key, name text, city text, phone text)")
        crm.executemany(
            "insert into leads values (?, ?, ?, ?)",
            ((n, f"<b>Zoë {n}</b> 🚗", ("Lagos", "Accra", "Kraków")[n % 3], f"0{n:09}") for n in range(1, LEADS + 1)),
        )
    crm.close()


def pace(moment: Moment) -> None:
    """Take as long at each committed chunk as a file says, where there is one."""
    if moment.point == "committed" and (FOLDER / "pace").exists():
        time.sleep(float((FOLDER / "pace").read_text()))


nb = Narrowboat(
    os.environ.get("SERVED_STORE", f"sqlite:///{FOLDER}/runs.db"),
    folder=FOLDER / "runs.files",
    workers=int(os.environ.get("SERVED_WORKERS", "1")),
    settings=Settings(chunk=0.0),  # every block is a chunk
    watch=pace,
    target=f"{__file__}:nb",
)


@nb.export("leads", title="Leads", formats=("xlsx", "csv", "jsonl", "parquet"))
def leads(city: str | None = None) -> Any:
    """Everybody who asked."""
    return table(f"sqlite:///{CRM}", "leads").where(city=city)


nb.importer(
    "customers",
    title="Customers",
    row=[
        Field("name", required=True, label="Name"),
        Field("phone", required=True, aliases=("Mobile",)),
        Field("mark", values={"red": "R", "blue": "B"}),
        Field("city_id", label="City", lookup=Lookup("cities", by="name")),
    ],
    into=into(f"sqlite:///{CRM}", "customers"),
    unique=["phone", "mark"],
    undo=True,
    block_rows=50,
)


nb.importer(
    "city-leads",
    row=[Field("city", requester="city"), Field("name", required=True), Field("phone")],
    into=into(f"sqlite:///{CRM}", "leads"),
    undo=True,
)


@nb.export("tap", block_rows=10, limit=3)
def tap(name: str) -> Any:
    """Rows as the file of that name lets them through: a number, then perhaps `end` or `fail`."""
    return rows(lambda: _dripping(FOLDER / name), columns=["n", "text"], repeatable=True)


@nb.export("unrepeatable", block_rows=10)
def unrepeatable(name: str) -> Any:
    """The same, but an interrupted run starts from zero."""
    return rows(lambda: _dripping(FOLDER / name), columns=["n", "text"])


@nb.export("near", formats=("csv",))
def near(requester: Requester, name: str | None = None) -> Any:
    """Leads of the requester's city, and of no other."""
    return table(f"sqlite:///{CRM}", "leads").where(city=requester.attributes["city"], name=name)


@nb.export('odd "name"\r\nSet-Cookie: evil=1; é 😀', formats=("csv",))
def odd() -> Any:
    """A name that would like to be more than one line of a header."""
    return rows([(1,)], columns=["n"])


@nb.report("drip", block_rows=10)
def drip(name: str) -> Any:
    """The same as a report."""
    return rows(lambda: _dripping(FOLDER / name), columns=["n", "text"], repeatable=True)


@nb.report("redrip", block_rows=10)
def redrip(name: str) -> Any:
    """The same, but an interrupted run starts from zero."""
    return rows(lambda: _dripping(FOLDER / name), columns=["n", "text"])


@nb.report("long", block_rows=100)
def long(name: str) -> Any:
    """The same with larger blocks."""
    return drip(name)


@nb.report("lonely", block_rows=10, unfollowed=2.0)
def lonely(name: str) -> Any:
    """The same, but it stops soon when nobody follows it."""
    return drip(name)


@nb.report("brief", block_rows=10, time_limit=1.0)
def brief(name: str) -> Any:
    """The same, but it may not last."""
    return drip(name)


@nb.report("sales", title="Sales", formats=("csv", "xlsx", "jsonl", "parquet", "csv.gz"))
def sales(city: str | None = None) -> Any:
    """Leads as a report."""
    return table(f"sqlite:///{CRM}", "leads").where(city=city)


@nb.report("sold", block_rows=50)
def sold() -> Any:
    """A table of a server that may be lost."""
    return table(os.environ["SERVED_SOURCE"], "sold")


@nb.report("sold-soon", block_rows=50, time_limit=4.0)
def sold_soon() -> Any:
    """The same, but it may not last."""
    return sold()


@nb.report("wide")
def wide(width: int, length: int, count: int) -> Any:
    """Rows of many and of long cells."""
    cell = ("<script>alert(1)</script> שלום 😀 " * length)[:length]
    return rows(lambda: ((cell,) * width for _ in range(count)), columns=[f"c{k}" for k in range(width)])


@nb.export("broken")
def broken() -> Any:
    """A job whose own code fails."""
    raise RuntimeError("the password is hunter2")


@nb.export("late-binding", formats=("csv",))
def late() -> Any:
    """A source that is not there."""
    return table(f"sqlite:///{FOLDER}/nowhere.db", "nothing")


def _dripping(path: Path) -> Iterator[tuple[int, str]]:
    return dripping(path, lambda n: f"row {n} ä <i>")


def application(how: str) -> Any:
    """The application, served one way."""
    from fastapi import FastAPI
    from starlette.requests import Request

    from narrowboat.web.access import Action, User

    def who(request: Request) -> User | str | None:
        """Users are what they say they are."""
        name = request.headers.get("x-user")
        match name:
            case "boss":
                return User("boss", sees_all=True)
            case "viewer":
                return User("viewer", may=lambda action, job: action is Action.SEE)
            case "blind":
                return User("blind", may=lambda action, job: job != "leads")
            case _:
                return name

    if how == "alone":
        return nb.asgi()
    if how == "people":
        return nb.asgi(user=nb.people)
    served = nb.asgi(user=who, cors=("https://shop.example",))
    if how == "users":
        return served
    host = FastAPI(lifespan=nb.lifespan)
    host.mount("/bulk", served)
    return host


def app() -> Any:
    """For `uvicorn --factory`."""
    return application(os.environ.get("SERVED_HOW", "alone"))
