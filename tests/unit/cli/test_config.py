"""narrowboat.toml: what it makes, and how it says what is wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from narrowboat.app import Narrowboat
from narrowboat.cli.config import read
from narrowboat.data.columns import Type
from narrowboat.errors import BadConfiguration, BadParameter, UnknownColumn
from narrowboat.jobs.export import Export
from narrowboat.jobs.output import Output
from narrowboat.jobs.report import Report
from narrowboat.testing import run_inline
from narrowboat.uploads import UploadLimits

FULL = """
database = "sqlite:///state/runs.db"
folder = "files"
workers = 2
retention_days = 1.5

[sources]
crm = "sqlite:///crm.db"

[exports.leads]
title = "Leads"
source = "crm"
table = "leads"
columns = ["name", "id", "born"]
formats = ["csv", "xlsx"]
time_limit = 60
limit = 5
queue = "big"

[exports.leads.parameters]
city = "str"

[exports.leads.labels]
name = "Full name"

[exports.leads.types]
born = "date"
id = {type = "decimal", scale = 1}

[exports.busy]
source = "crm"
query = "select * from leads where id >= :least"
key = ["id"]
parameters = {least = {type = "int", required = true, choices = [1, 2]}}
"""


def make(folder: Path, text: str) -> Narrowboat:
    path = folder / "narrowboat.toml"
    path.write_text(text)
    return read(path)


@pytest.fixture
def crm(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as database, database:
        database.execute("create table leads (id integer primary key, name text, city text, born text)")
        rows = [(1, "Ama", "Accra", "1990-01-31"), (2, "Kofi", "Tema", None)]
        database.executemany("insert into leads values (?, ?, ?, ?)", rows)


def exported(nb: Narrowboat, name: str, params: dict[str, object]) -> str:
    run = run_inline(nb, nb.start(name, params, Output(format="csv")).run.id)
    assert run.artifact, run.error
    return (nb.run_folder(run.id) / run.artifact.path).read_text()


@pytest.mark.usefixtures("crm")
def test_all_that_can_be_said_arrives(tmp_path: Path) -> None:
    nb = make(tmp_path, FULL)
    assert (nb.url, nb.folder) == (f"sqlite:///{tmp_path}/state/runs.db", tmp_path / "files")
    assert (nb.workers, nb.retention, nb.target) == (2, 1.5 * 86400, str(tmp_path / "narrowboat.toml"))
    leads = nb.job("leads")
    assert isinstance(leads, Export)
    assert (leads.title, leads.formats, leads.time_limit, leads.limit, leads.queue) == (
        "Leads", ("csv", "xlsx"), 60, 5, "big",
    )  # fmt: skip
    columns = leads.function().shape().columns
    assert [(column.name, column.header, column.type) for column in columns] == [
        ("name", "Full name", Type.TEXT),
        ("id", "id", Type.DECIMAL),
        ("born", "born", Type.DATE),
    ]


@pytest.mark.usefixtures("crm")
@pytest.mark.parametrize(("right", "wrong"), [("born = ", "bron = "), ("name = ", "nmae = ")])
def test_a_type_or_a_label_of_a_column_that_is_not_there_is_named(tmp_path: Path, right: str, wrong: str) -> None:
    leads = make(tmp_path, FULL.replace(right, wrong)).job("leads")
    assert isinstance(leads, Export)
    with pytest.raises(UnknownColumn, match=f"There is no column '{wrong[:4]}'"):
        leads.function().shape()


@pytest.mark.usefixtures("crm")
def test_a_parameter_of_a_table_is_a_condition_that_may_be_left_out(tmp_path: Path) -> None:
    nb = make(tmp_path, FULL)
    with closing(nb.store):
        assert exported(nb, "leads", {}).splitlines()[1:] == ["Ama,1.0,1990-01-31", "Kofi,2.0,"]
        assert exported(nb, "leads", {"city": "Tema"}).splitlines()[1:] == ["Kofi,2.0,"]


REPORTS = """
[sources]
crm = "sqlite:///crm.db"

[reports.people]
title = "People"
source = "crm"
table = "leads"
columns = ["id", "name"]
parameters = {city = "str"}

[reports.steady]
source = "crm"
query = "select * from leads"
key = ["id"]
unfollowed = false
time_limit = 30
limit = 2
"""


@pytest.mark.usefixtures("crm")
def test_a_report_is_declared_as_an_export_is_and_has_the_terms_of_one_in_python(tmp_path: Path) -> None:
    nb = make(tmp_path, REPORTS)
    nb.report("usual")(lambda: None)
    people, steady, usual = (nb.delivering(name) for name in ("people", "steady", "usual"))
    assert isinstance(steady, Report)
    for term in ("kind", "time_limit", "limit", "limit_kind", "block_rows", "unfollowed", "share_within"):
        assert getattr(people, term) == getattr(usual, term), term
    assert (people.title, steady.title) == ("People", "steady")
    assert (steady.unfollowed, steady.time_limit, steady.limit) == (None, 30, 2)
    with closing(nb.store):
        run = run_inline(nb, nb.start("people", {"city": "Accra"}).run.id)
        assert run.artifact
        assert (nb.run_folder(run.id) / run.artifact.path).read_text() == '[1,"Ama"]\n'


def test_a_report_that_says_true_where_seconds_are_meant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"reports.people.unfollowed must be seconds, or false"):
        make(tmp_path, REPORTS.replace("table", "unfollowed = true\ntable", 1))


@pytest.mark.usefixtures("crm")
def test_a_parameter_of_a_query_is_bound(tmp_path: Path) -> None:
    nb = make(tmp_path, FULL)
    with closing(nb.store):
        assert exported(nb, "busy", {"least": "2"}).splitlines()[1:] == ["2,Kofi,Tema,"]
        with pytest.raises(BadParameter, match="'least' is required"):
            nb.start("busy")
        with pytest.raises(BadParameter, match="must be one of 1, 2"):
            nb.start("busy", {"least": 3})


EXPORT = '[sources]\ncrm = "sqlite:///crm.db"\n[exports.a]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("databse = 'x'", "There is no key databse. Keys: database, folder"),
        ("workers = 'two'", "workers has the wrong type: 'two'"),
        ("workers = true", "workers has the wrong type: True"),
        ("[sources]\ncrm = 1", "sources.crm must be text, not 1"),
        ("[exports]\na = 1", "exports.a must be a table"),
        (EXPORT, "exports.a needs a table or a query, one of them"),
        (EXPORT + "table = 'a'\nquery = 'b'", "exports.a needs a table or a query, one of them"),
        (EXPORT + "table = 'a'", "exports.a.source must be one of sources: crm"),
        (EXPORT + "source = 'crm'\ntable = 'a'\ntabel = 'b'", "There is no key exports.a.tabel"),
        (EXPORT + "source = 'crm'\ntable = 'a'\nformats = [1]", "exports.a.formats must be text, not 1"),
        (EXPORT + "source = 'crm'\ntable = 'a'\ntypes = {born = 'day'}", "exports.a.types.born.type must be one of"),
        (EXPORT + "source = 'crm'\ntable = 'a'\ntypes = {born = {kind = 'date'}}", "no key exports.a.types.born.kind"),
        (EXPORT + "source = 'crm'\ntable = 'a'\nparameters = {n = 'number'}", "exports.a.parameters.n.type must be"),
        ("[sink]\nbucket = 'exports'\nsecret_key = 'x'", "There is no key sink.secret_key. Keys: bucket, prefix"),
        ("[sink]\nprefix = 'a'", "sink.prefix needs sink.bucket"),
        ("[uploads]\nfile_mb = 0", "uploads.file_mb must be more than 0"),
        (
            "[uploads]\nfiles = 1",
            "There is no key uploads.files. Keys: file_mb, single_mb, user_mb, total_mb, keep_hours",
        ),
        ("[sink]\nquota_mb = 0", "A quota is a number of bytes above 0"),
        ("database = ", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        make(tmp_path, text)
    assert message in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "narrowboat.toml"))


def test_a_file_that_is_no_utf_8_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "narrowboat.toml"
    file.write_bytes("database = 'sqlite:///küche.db'".encode("latin-1"))
    with pytest.raises(BadConfiguration, match="is not TOML: 'utf-8' codec"):
        read(file)


def test_what_may_be_uploaded(tmp_path: Path) -> None:
    file = tmp_path / "narrowboat.toml"
    file.write_text("[uploads]\nfile_mb = 0.5\nkeep_hours = 2\n")
    nb = read(file)
    with closing(nb.store):
        limits = nb.uploads.limits
    assert (limits.file, limits.keep, limits.user) == (500_000, 7200.0, UploadLimits().user)
