"""`narrowboat export` as people use it: what it makes, what it refuses, and what an interruption leaves."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pty
import signal
import subprocess
import zipfile

import pytest

from tests.acceptance.conftest import ROWS
from tests.acceptance.shell import COMMAND, PATIENCE, Shell, last_line, sheets

LEADS = ("export", "sqlite:///crm.db", "--table", "leads", "--to", "leads.xlsx")
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as many from n"
FOREVER = ("export", "sqlite:///crm.db", "--query", ENDLESS, "--to", "forever.csv")
REST = ["crm.db", "leads.xlsx"]
"""What is in the folder when an export of the leads is done."""


def test_a_table_becomes_a_workbook_and_nothing_else_is_left(shell: Shell) -> None:
    done = shell.run(*LEADS, "--json")
    assert done.returncode == 0, done.stderr
    told = last_line(done)
    assert (told["state"], told["rows"], told["total"], told["error"]) == ("succeeded", ROWS, ROWS, None)
    assert told["sha256"] == hashlib.sha256(shell.read("leads.xlsx")).hexdigest()
    assert told["bytes"] == len(shell.read("leads.xlsx"))
    assert shell.files() == REST
    (rows,) = sheets(shell.folder / "leads.xlsx").values()
    assert len(rows) == ROWS + 1
    assert rows[3][:3] == [3, "Adwoa 3 ňå😀", "+233201000003"]


def test_columns_labels_types_and_conditions_are_as_asked(shell: Shell) -> None:
    done = shell.run(
        "export", "sqlite:///crm.db", "--table", "leads", "--to", "leads.csv", "--columns", "phone,id",
        "--label", "id=Number", "--type", "id=decimal:2", "--where", "id=7", "--where", "id=8", "--quiet",
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    rows = list(csv.reader(io.StringIO(shell.read("leads.csv").decode("utf-8-sig"))))
    assert rows == [["phone", "Number"], ["+233201000007", "7.00"], ["+233201000008", "8.00"]]


def test_several_tables_become_several_sheets(shell: Shell) -> None:
    done = shell.run("export", "sqlite:///crm.db", "--table", "empty", "--table", "towns", "--to", "both.xlsx")
    assert done.returncode == 0, done.stderr
    header = ["id", "name"]
    assert sheets(shell.folder / "both.xlsx") == {"empty": [header], "towns": [header, [1, "Accra"], [2, "Tema"]]}


def test_pages_become_sheets(shell: Shell) -> None:
    done = shell.run(*LEADS, "--pages", "1-2", "--page-size", "10", "--columns", "id")
    assert done.returncode == 0, done.stderr
    assert sheets(shell.folder / "leads.xlsx")["leads 2"] == [["id"], *([n] for n in range(11, 21))]


def test_a_query_with_a_parameter_is_compressed_as_the_name_says(shell: Shell) -> None:
    query = "select id from leads where id > :least order by id"
    done = shell.run(
        "export", "sqlite:///crm.db", "--query", query, "--param", f"least:int={ROWS - 2}", "--to", "last.csv.zip"
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(shell.folder / "last.csv.zip") as archive:
        (name,) = archive.namelist()
        assert archive.read(name).decode("utf-8-sig").split() == ["id", str(ROWS - 1), str(ROWS)]


def test_the_manifest_is_kept_when_asked_for(shell: Shell) -> None:
    assert shell.run(*LEADS, "--manifest", "--where", "id=1").returncode == 0
    manifest = json.loads(shell.read("leads.xlsx.manifest.json"))
    assert (manifest["rows"], manifest["complete"]) == (1, True)
    assert manifest["sha256"] == hashlib.sha256(shell.read("leads.xlsx")).hexdigest()


def test_a_file_that_exists_is_replaced_only_by_force(shell: Shell) -> None:
    (shell.folder / "leads.xlsx").write_bytes(b"precious")
    done = shell.run(*LEADS, "--json")
    assert done.returncode == 2
    assert "leads.xlsx exists. Replace it with --force" in done.stderr
    assert last_line(done)["error"]["code"] == "bad-parameter"
    assert shell.read("leads.xlsx") == b"precious"
    assert shell.files() == REST, "a refusal leaves nothing behind"
    assert shell.run(*LEADS, "--force", "--where", "id=1").returncode == 0
    assert zipfile.is_zipfile(shell.folder / "leads.xlsx")
    assert shell.files() == REST


def test_a_link_is_followed(shell: Shell) -> None:
    (shell.folder / "latest.csv").symlink_to("2026.csv")
    done = shell.run("export", "sqlite:///crm.db", "--table", "towns", "--to", "latest.csv")
    assert done.returncode == 0, done.stderr
    assert (shell.folder / "latest.csv").is_symlink()
    assert (shell.read("2026.csv"), shell.files()) == (
        b"\xef\xbb\xbfid,name\r\n1,Accra\r\n2,Tema\r\n", ["2026.csv", "crm.db", "latest.csv"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "code"), [("no_such_table", "source-failed"), ("leads; drop table leads", "source-failed")]
)
def test_a_run_that_fails_at_once_leaves_nothing(shell: Shell, table: str, code: str) -> None:
    done = shell.run("export", "sqlite:///crm.db", "--table", table, "--to", "leads.xlsx", "--json")
    assert done.returncode == 1
    assert last_line(done)["error"]["code"] == code
    assert f"[{code}]" in done.stderr
    assert "Traceback" not in done.stderr
    assert shell.files() == ["crm.db"]


def test_a_database_that_is_not_there_is_told_at_once(shell: Shell) -> None:
    done = shell.run("export", "sqlite:///none.db", "--table", "leads", "--to", "leads.xlsx", "--json")
    assert (done.returncode, last_line(done)["error"]["code"]) == (1, "source-unavailable")
    assert shell.files() == ["crm.db"]


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("--table", "leads"),
        ("--table", "leads", "--to", "leads.doc"),
        ("--table", "leads", "--to", "leads.csv", "--time-limit", "-1"),
        ("--table", "leads", "--to", "leads.csv", "--where", "id=abc"),
        ("--table", "leads", "--to", "leads.csv", "--where", "nmae=abc"),
        ("--table", "leads", "--to", "leads.csv", "--columns", "nmae"),
        ("--table", "leads", "--to", "leads.csv", "--label", "nmae=Name"),
        ("--table", "leads", "--to", "leads.csv", "--type", "nmae=text"),
        ("--table", "leads", "--to", "leads.csv", "--pages", "1-2", "--page-size", "10"),
        ("--query", "select :a as a", "--to", "leads.csv"),
    ],
)
def test_wrong_usage_has_its_own_exit_status(shell: Shell, argv: tuple[str, ...]) -> None:
    assert shell.run("export", "sqlite:///crm.db", *argv).returncode == 2
    assert shell.files() == ["crm.db"]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_export_keeps_what_there_is_and_goes_on(
    shell: Shell, undisturbed: bytes, signal_number: signal.Signals
) -> None:
    done = shell.stop_at(shell.committed("leads.xlsx"), signal_number, *LEADS, "--json")
    assert done.returncode == 130, done.stderr
    assert (last_line(done)["state"], last_line(done)["file"]) == ("cancelled", "leads.partial.xlsx")
    assert "Go on with the same command and --resume." in done.stderr
    assert shell.files() == [".leads.xlsx.narrowboat", "crm.db", "leads.partial.xlsx"]
    (rows,) = sheets(shell.folder / "leads.partial.xlsx").values()
    assert len(rows) == last_line(done)["rows"] + 1 < ROWS
    assert rows[-1][0] == len(rows) - 1

    refused = shell.run(*LEADS)
    assert refused.returncode == 2
    assert "Go on with --resume, or begin again with --force." in refused.stderr

    resumed = shell.run(*LEADS, "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert last_line(resumed)["resumed_at"] == len(rows) - 1
    assert shell.read("leads.xlsx") == undisturbed
    assert shell.files() == REST


def test_a_killed_export_goes_on(shell: Shell, undisturbed: bytes) -> None:
    done = shell.stop_at(shell.committed("leads.xlsx"), signal.SIGKILL, *LEADS)
    assert done.returncode == -signal.SIGKILL
    resumed = shell.run(*LEADS, "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert 0 < last_line(resumed)["resumed_at"] < ROWS
    assert shell.read("leads.xlsx") == undisturbed
    assert shell.files() == REST


def test_a_killed_export_may_begin_again(shell: Shell, undisturbed: bytes) -> None:
    shell.stop_at(shell.committed("leads.xlsx"), signal.SIGKILL, *LEADS)
    again = shell.run(*LEADS, "--force", "--json")
    assert (again.returncode, last_line(again)["resumed_at"]) == (0, 0)
    assert shell.read("leads.xlsx") == undisturbed
    assert shell.files() == REST


def test_another_export_is_not_taken_for_the_one_that_was_begun(shell: Shell) -> None:
    shell.stop_at(shell.committed("leads.xlsx"), signal.SIGKILL, *LEADS)
    other = shell.run(*LEADS, "--columns", "id", "--resume")
    assert other.returncode == 2
    assert "is another export" in other.stderr


def test_resume_begins_where_nothing_was_begun(shell: Shell) -> None:
    assert shell.run(*LEADS, "--where", "id=1", "--resume").returncode == 0
    assert shell.files() == REST


def test_a_cancel_reaches_a_statement_that_never_ends(shell: Shell) -> None:
    hidden = shell.folder / ".forever.csv.narrowboat" / "runs"
    done = shell.stop_at(lambda: hidden.exists(), signal.SIGINT, *FOREVER)
    assert done.returncode == 130, done.stderr
    assert shell.files() == ["crm.db"], "nothing was written, so there is nothing to go on with"


def test_a_time_limit_has_its_own_exit_status(shell: Shell) -> None:
    done = shell.run(*FOREVER, "--time-limit", "0.5", "--json")
    assert (done.returncode, last_line(done)["state"]) == (4, "timed_out")


def test_a_full_disk_stops_the_export_and_room_lets_it_go_on(shell: Shell, undisturbed: bytes) -> None:
    blocks = len(undisturbed) // 2 // 1024
    limited = ("bash", "-c", f'ulimit -f {blocks}; exec "$@"', "bash")
    full = shell.run(*LEADS, "--json", under=limited)
    assert full.returncode == 1, full.stderr
    assert last_line(full)["error"]["code"] == "storage-full"
    assert "Go on with the same command and --resume." in full.stderr
    resumed = shell.run(*LEADS, "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert last_line(resumed)["resumed_at"] > 0
    assert shell.read("leads.xlsx") == undisturbed
    assert shell.files() == REST


def test_without_a_key_people_are_told_that_it_begins_again(shell: Shell) -> None:
    argv = ("export", "sqlite:///crm.db", "--query", "select name, phone, score, note from leads", "--to", "names.csv")
    stopped = shell.stop_at(shell.committed("names.csv"), signal.SIGINT, *argv)
    assert stopped.returncode == 130
    assert "starts from the first row" in stopped.stderr
    resumed = shell.run(*argv, "--resume", "--json")
    assert (resumed.returncode, last_line(resumed)["rows"]) == (0, ROWS)


def test_a_terminal_sees_progress_and_a_pipe_does_not(shell: Shell) -> None:
    assert "\r" not in shell.run(*LEADS).stderr
    controller, terminal = pty.openpty()
    with subprocess.Popen([*COMMAND, *LEADS, "--force"], cwd=shell.folder, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while piece := _read(controller):
            shown += piece
        process.wait(PATIENCE)
    os.close(controller)
    text = shown.decode()
    assert f" of {ROWS:,} rows" in text
    assert text.rstrip().endswith("of memory)"), "the bar is gone and the summary is there"


def _read(controller: int) -> bytes:
    """What a terminal shows; nothing once the last process left it."""
    try:
        return os.read(controller, 4096)
    except OSError:
        return b""


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full"])
def test_what_cannot_be_told_does_not_keep_the_file_from_being_made(shell: Shell, closed: str) -> None:
    done = shell.run(*LEADS, "--json", under=("bash", "-c", f'exec "$@" {closed}', "bash"))
    assert (done.returncode, "Traceback" in done.stderr) == (1 if "full" in closed else 0, False), done.stderr
    assert shell.files() == REST
    if "full" in closed:
        assert "cannot be told on stdout: No space left on device." in done.stderr


def test_a_pipe_is_no_place_for_a_file(shell: Shell) -> None:
    done = shell.run("export", "sqlite:///crm.db", "--table", "leads", "--to", "/dev/stdout", "--format", "csv")
    assert (done.returncode, "is a device or a pipe; name a file. [bad-parameter]" in done.stderr) == (2, True), (
        done.stderr
    )


def test_zero_rows_are_a_valid_file_with_its_header(shell: Shell) -> None:
    done = shell.run("export", "sqlite:///crm.db", "--table", "empty", "--to", "empty.xlsx")
    assert (done.returncode, "No data: " in done.stderr) == (0, True), done.stderr
    assert sheets(shell.folder / "empty.xlsx") == {"empty": [["id", "name"]]}
