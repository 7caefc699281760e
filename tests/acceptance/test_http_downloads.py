"""Downloads over real sockets: finished, growing, cut off, partial."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import socket
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from tests.acceptance.server import Server, csv_of, serving
from tests.waiting import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("downloads"), SERVED_WORKERS="2") as server:
        yield server


@pytest.fixture(scope="module")
def finished(server: Server) -> str:
    """The artifact's path of a run with 25 rows."""
    run = server.start_tap("finished", "25 end")
    server.until_state(run["id"], "succeeded")
    return f"/runs/{run['id']}/artifact"


WHOLE = csv_of(25)


def test_a_finished_file_comes_with_its_length_and_digest(server: Server, finished: str) -> None:
    got = server.client.get(finished)
    digest = base64.b64encode(hashlib.sha256(WHOLE).digest()).decode()
    assert (got.status_code, got.content) == (200, WHOLE)
    assert got.headers["content-length"] == str(len(WHOLE))
    assert got.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert got.headers["content-disposition"] == 'attachment; filename="tap.csv"'
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "private, no-cache, no-transform"
    assert got.headers["content-encoding"] == "identity"
    assert got.headers["x-accel-buffering"] == "no"
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["etag"] == f'"{finished.split("/")[2]}.0"'


def test_head_gives_the_same_headers_and_no_body(server: Server, finished: str) -> None:
    got, head = server.client.get(finished), server.client.head(finished)
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}
    assert server.client.head(finished, headers={"Range": "bytes=0-9"}).headers["content-length"] == str(len(WHOLE))


@pytest.mark.parametrize(
    ("asked", "span", "said"),
    [
        ("bytes=0-9", slice(0, 10), "bytes 0-9/441"),
        ("bytes=400-", slice(400, 441), "bytes 400-440/441"),
        ("bytes=440-9999", slice(440, 441), "bytes 440-440/441"),
        ("bytes=-41", slice(400, 441), "bytes 400-440/441"),
        ("bytes=-9999", slice(0, 441), "bytes 0-440/441"),
    ],
)
def test_a_range_is_answered_with_that_part(server: Server, finished: str, asked: str, span: slice, said: str) -> None:
    got = server.client.get(finished, headers={"Range": asked})
    assert (got.status_code, got.content) == (206, WHOLE[span])
    assert got.headers["content-range"] == said
    assert got.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize("asked", ["bytes=441-", "bytes=9999-99999", "bytes=-0"])
def test_a_range_outside_is_refused_with_the_size(server: Server, finished: str, asked: str) -> None:
    got = server.client.get(finished, headers={"Range": asked})
    assert (got.status_code, got.json()["code"]) == (416, "range-not-satisfiable")
    assert got.headers["content-range"] == "bytes */441"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=5-1", "rows=0-1", "bytes=a-b", "bytes=", "bytes=-"])
def test_several_ranges_and_nonsense_give_the_whole_file(server: Server, finished: str, asked: str) -> None:
    got = server.client.get(finished, headers={"Range": asked})
    assert (got.status_code, got.content) == (200, WHOLE)


def test_if_range_with_another_etag_gives_the_whole_file(server: Server, finished: str) -> None:
    etag = server.client.head(finished).headers["etag"]
    right = server.client.get(finished, headers={"Range": "bytes=5-9", "If-Range": etag})
    wrong = server.client.get(finished, headers={"Range": "bytes=5-9", "If-Range": '"another.0"'})
    weak = server.client.get(finished, headers={"Range": "bytes=5-9", "If-Range": f"W/{etag}"})
    assert [right.status_code, wrong.status_code, weak.status_code] == [206, 200, 200]


def test_if_none_match_with_the_etag_gives_304(server: Server, finished: str) -> None:
    etag = server.client.head(finished).headers["etag"]
    for known in (etag, f'"x", W/{etag}', "*"):
        got = server.client.get(finished, headers={"If-None-Match": known})
        assert (got.status_code, got.content, got.headers["etag"]) == (304, b"", etag)
    assert server.client.get(finished, headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_growing_file_is_followed_and_is_whole_in_the_end(server: Server) -> None:
    run = server.start_tap("growing", "10")
    with server.client.stream("GET", f"/runs/{run['id']}/artifact") as got:
        pieces = got.iter_raw()
        first = next(pieces)
        assert got.status_code == 200
        assert "content-length" not in got.headers
        assert got.headers["content-encoding"] == "identity"
        assert got.headers["x-accel-buffering"] == "no"
        assert got.headers["cache-control"] == "no-store, no-transform"
        assert server.run(run["id"])["state"] == "running"
        server.tap("growing", "55 end")
        assert first + b"".join(pieces) == csv_of(55)
        growing_etag = got.headers["etag"]
    server.until_state(run["id"], "succeeded")
    assert server.client.head(f"/runs/{run['id']}/artifact").headers["etag"] == growing_etag


def test_only_committed_bytes_are_sent(server: Server) -> None:
    run = server.start_tap("committed", "19")  # nine rows of the second block are read, but not committed
    server.until_rows(run["id"], 10)
    with server.client.stream("GET", f"/runs/{run['id']}/artifact") as got:
        pieces = got.iter_raw()
        assert next(pieces) == csv_of(10)
        server.tap("committed", "20 end")
        assert b"".join(pieces) == csv_of(20)[len(csv_of(10)) :]


def test_a_cut_download_goes_on_with_an_open_range_while_the_file_grows(server: Server) -> None:
    run = server.start_tap("resumed", "30")
    server.until_rows(run["id"], 30)
    with server.client.stream("GET", f"/runs/{run['id']}/artifact") as got:
        etag, had = got.headers["etag"], next(got.iter_raw())[:100]
    asked = {"Range": f"bytes={len(had)}-", "If-Range": etag}
    with server.client.stream("GET", f"/runs/{run['id']}/artifact", headers=asked) as got:
        assert got.status_code == 206
        assert got.headers["content-range"] == f"bytes {len(had)}-9007199254740991/*"
        server.tap("resumed", "40 end")
        assert had + got.read() == csv_of(40)


def test_a_closed_range_of_a_growing_file_gives_what_is_committed_of_it(server: Server) -> None:
    run = server.start_tap("closed", "10")
    server.until_rows(run["id"], 10)
    committed = csv_of(10)
    path = f"/runs/{run['id']}/artifact"
    got = server.client.get(path, headers={"Range": "bytes=5-9999"})
    assert (got.status_code, got.content) == (206, committed[5:])
    assert got.headers["content-range"] == f"bytes 5-{len(committed) - 1}/*"
    beyond = server.client.get(path, headers={"Range": f"bytes={len(committed)}-{len(committed) + 9}"})
    further = server.client.get(path, headers={"Range": f"bytes={len(committed) + 1}-"})
    assert [beyond.status_code, further.status_code] == [416, 416]
    server.tap("closed", "10 end")
    server.until_state(run["id"], "succeeded")


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
def test_a_run_that_does_not_succeed_cuts_the_download(server: Server, ending: str) -> None:
    run = server.start_tap(ending, "10")
    with server.client.stream("GET", f"/runs/{run['id']}/artifact") as got:
        pieces = got.iter_raw()
        assert next(pieces) == csv_of(10)
        if ending == "cancelled":
            server.client.post(f"/runs/{run['id']}/cancel")
        server.tap(ending, "10 fail")
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            b"".join(pieces)
    assert server.until_state(run["id"], ending)["done"] == 10


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_sees_the_cut_too(server: Server, tmp_path: Path) -> None:
    run = server.start_tap("curled", "10")
    url = f"{server.url}/runs/{run['id']}/artifact"
    with subprocess.Popen(["curl", "-sSN", "-o", tmp_path / "got.csv", url], stderr=subprocess.PIPE, text=True) as curl:
        until(lambda: (tmp_path / "got.csv").exists() and (tmp_path / "got.csv").stat().st_size, "the first bytes")
        server.tap("curled", "10 fail")
        assert curl.wait(30) == 18  # CURLE_PARTIAL_FILE
    assert (tmp_path / "got.csv").read_bytes() == csv_of(10)


def test_a_run_that_starts_from_zero_cuts_the_download_and_changes_the_etag(server: Server) -> None:
    run = server.start_tap("again", "10", job="unrepeatable")
    path = f"/runs/{run['id']}/artifact"
    with server.client.stream("GET", path) as got:
        pieces = got.iter_raw()
        assert next(pieces) == csv_of(10)
        before = got.headers["etag"]
        server.client.post(f"/runs/{run['id']}/pause")
        server.tap("again", "20")
        server.until_state(run["id"], "paused")
        server.client.post(f"/runs/{run['id']}/resume")
        server.tap("again", "30 end")
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            b"".join(pieces)
    server.until_state(run["id"], "succeeded")
    after = server.client.get(path, headers={"Range": "bytes=5-", "If-Range": before})
    assert (after.status_code, after.content) == (200, csv_of(30))
    assert after.headers["etag"] != before


def test_an_unfinished_run_has_no_file_but_says_what_to_do(server: Server) -> None:
    run = server.start_tap("none", "10 fail")
    server.until_state(run["id"], "failed")
    got = server.client.get(f"/runs/{run['id']}/artifact")
    assert (got.status_code, got.json()["code"]) == (409, "no-artifact")
    assert "?partial=true" in got.json()["detail"]
    assert server.client.get(f"/runs/{run['id']}/manifest").status_code == 409


def test_what_is_committed_of_a_failed_run_is_a_valid_file_that_says_it_is_partial(server: Server) -> None:
    server.tap("partial", "20 fail")
    asked = {"params": {"name": "partial"}, "output": {"format": "xlsx"}}
    run = server.client.post("/jobs/tap/runs", json=asked).json()
    server.until_state(run["id"], "failed")
    got = server.client.get(f"/runs/{run['id']}/artifact", params={"partial": "true"})
    assert got.status_code == 200
    assert got.headers["narrowboat-partial"] == "true"
    assert got.headers["content-disposition"] == 'attachment; filename="tap-partial.xlsx"'
    assert got.headers["content-length"] == str(len(got.content))
    assert zipfile.ZipFile(io.BytesIO(got.content)).testzip() is None
    (sheet,) = load_workbook(io.BytesIO(got.content)).worksheets
    assert [row[0] for row in sheet.iter_rows(values_only=True)] == ["n", *range(20)]


def test_a_running_run_gives_what_it_has_by_now_too(server: Server) -> None:
    run = server.start_tap("so-far", "0")
    nothing = server.client.get(f"/runs/{run['id']}/artifact", params={"partial": "true"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "no-artifact")
    server.tap("so-far", "10")
    server.until_rows(run["id"], 10)
    assert server.client.get(f"/runs/{run['id']}/artifact", params={"partial": "true"}).content == csv_of(10)
    server.tap("so-far", "10 end")
    server.until_state(run["id"], "succeeded")
    whole = server.client.get(f"/runs/{run['id']}/artifact", params={"partial": "true"})
    assert whole.content == csv_of(10)
    assert "narrowboat-partial" not in whole.headers


def test_a_file_that_is_gone_from_disk_is_said_to_be_gone(server: Server) -> None:
    run = server.start_tap("gone", "1 end")
    server.until_state(run["id"], "succeeded")
    (server.folder / "runs.files" / "runs" / run["id"] / "tap.csv").unlink()
    got = server.client.get(f"/runs/{run['id']}/artifact")
    assert (got.status_code, got.json()["code"]) == (409, "no-artifact")


def test_a_format_made_at_the_end_comes_whole(server: Server) -> None:
    got = server.client.get("/exports/leads.parquet")
    assert (got.status_code, got.content[:4], got.content[-4:]) == (200, b"PAR1", b"PAR1")


def test_an_export_by_its_address_is_a_file(server: Server) -> None:
    got = server.client.get("/exports/leads.csv", params={"city": "Kraków", "columns": "id,city", "label.id": "Nr"})
    lines = got.content.decode("utf-8-sig").splitlines()
    assert got.status_code == 200
    assert lines[:2] == ["Nr,city", "2,Kraków"]
    assert len(lines) == 1001
    run = got.headers["content-location"]
    assert server.client.get(run).content == got.content


def test_an_export_that_takes_longer_streams_as_it_grows(server: Server) -> None:
    server.tap("streamed", "10")
    with server.client.stream("GET", "/exports/tap.csv", params={"name": "streamed"}) as got:
        assert got.status_code == 200
        assert "content-length" not in got.headers
        server.tap("streamed", "20 end")
        assert got.read() == csv_of(20)


def test_identical_exports_share_one_run(server: Server) -> None:
    server.tap("shared", "10")
    with (
        server.client.stream("GET", "/exports/tap.csv", params={"name": "shared"}) as one,
        server.client.stream("GET", "/exports/tap.csv", params={"name": "shared"}) as other,
    ):
        server.tap("shared", "20 end")
        assert one.read() == other.read() == csv_of(20)
        assert one.headers["etag"] == other.headers["etag"]


def test_an_export_that_was_cut_goes_on_by_its_etag_and_not_without_it(server: Server) -> None:
    server.tap("taken-up", "20 end")
    first = server.client.get("/exports/tap.csv", params={"name": "taken-up"})
    rest = {"Range": "bytes=100-", "If-Range": first.headers["etag"]}
    again = server.client.get("/exports/tap.csv", params={"name": "taken-up"}, headers=rest)
    assert (again.status_code, again.content) == (206, csv_of(20)[100:])
    assert again.headers["etag"] == first.headers["etag"]
    anew = server.client.get("/exports/tap.csv", params={"name": "taken-up"}, headers={"Range": "bytes=100-"})
    assert (anew.status_code, anew.content) == (200, csv_of(20))
    assert anew.headers["etag"] != first.headers["etag"]
    server.tap("another", "5 end")
    other = server.client.get("/exports/tap.csv", params={"name": "another"}, headers=rest)
    assert (other.status_code, other.content) == (200, csv_of(5))


def test_head_of_an_export_starts_nothing(server: Server) -> None:
    before = len(server.client.get("/runs", params={"limit": 500}).json()["runs"])
    got = server.client.head("/exports/leads.xlsx")
    assert got.status_code == 200
    assert got.headers["content-disposition"] == 'attachment; filename="leads.xlsx"'
    assert "content-length" not in got.headers
    assert server.client.head("/exports/leads.xlsx", params={"town": "x"}).status_code == 422
    assert len(server.client.get("/runs", params={"limit": 500}).json()["runs"]) == before


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/exports/broken.csv", 500, "job-failed"),
        ("/exports/late-binding.csv", 503, "source-unavailable"),
        ("/exports/leads.csv?columns=nope", 422, "unknown-column"),
        ("/exports/leads.csv?town=Accra", 422, "bad-parameter"),
        ("/exports/leads.csv?city=a&city=b", 422, "bad-parameter"),
        ("/exports/leads.csv?page=0&page_size=10", 422, "bad-parameter"),
        ("/exports/leads.csv?page=1&pages=2&page_size=10", 422, "bad-parameter"),
        ("/exports/leads.docx", 422, "bad-parameter"),
        ("/exports/tap.docx?name=x", 422, "unknown-format"),
        ("/exports/leads", 422, "unknown-format"),
        ("/exports/nothing.csv", 404, "unknown-job"),
    ],
)
def test_errors_that_come_early_have_their_own_status(server: Server, path: str, status: int, code: str) -> None:
    got = server.client.get(path)
    assert (got.status_code, got.json()["code"]) == (status, code)
    assert got.headers["content-type"] == "application/problem+json"


def test_the_first_byte_of_a_slow_export_does_not_wait_for_its_rows(server: Server) -> None:
    server.tap("slow", "0")
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(b"GET /exports/tap.csv?name=slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        s.settimeout(20)
        head = s.recv(4096)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    server.tap("slow", "0 end")


def test_a_reader_that_is_slow_gets_everything_although_the_parts_are_gone(server: Server) -> None:
    run = server.start_tap("slow-reader", "10")
    server.until_rows(run["id"], 10)
    with server.client.stream("GET", f"/runs/{run['id']}/artifact") as got:
        pieces = got.iter_raw(1)
        had = next(pieces)
        server.tap("slow-reader", "5000 end")
        server.until_state(run["id"], "succeeded")
        assert had + b"".join(pieces) == csv_of(5000)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with users: without, what comes by HTTP/1.0 may come from anywhere, and is refused."""
    with serving(tmp_path_factory.mktemp("proxied"), "users") as server:
        server.client.headers["x-user"] = "ann"
        yield server


def ask_by_http_1_0(server: Server, path: str) -> socket.socket:
    s = socket.create_connection(("127.0.0.1", server.port))
    s.settimeout(20)
    s.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\nX-User: ann\r\n\r\n".encode())
    return s


def test_text_over_http_1_0_waits_for_its_length(proxied: Server) -> None:
    run = proxied.start_tap("old", "10")
    proxied.until_rows(run["id"], 10)
    with ask_by_http_1_0(proxied, f"/runs/{run['id']}/artifact") as s:
        s.settimeout(0.3)
        with pytest.raises(TimeoutError):
            s.recv(1)
        s.settimeout(20)
        proxied.tap("old", "20 end")
        head, _, body = b"".join(iter(lambda: s.recv(65536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert f"content-length: {len(csv_of(20))}".encode() in head.lower()
    assert body == csv_of(20)


def test_text_over_http_1_0_of_a_run_that_fails_is_an_error(proxied: Server) -> None:
    run = proxied.start_tap("old-failed", "10")
    with ask_by_http_1_0(proxied, f"/runs/{run['id']}/artifact") as s:
        proxied.until_rows(run["id"], 10)
        proxied.tap("old-failed", "10 fail")
        assert s.recv(65536).startswith(b"HTTP/1.1 500")


def test_a_workbook_over_http_1_0_grows(proxied: Server) -> None:
    proxied.tap("old-xlsx", "10")
    with ask_by_http_1_0(proxied, "/exports/tap.xlsx?name=old-xlsx") as s:
        got = s.recv(65536)
        while b"PK\x03\x04" not in got:
            got += s.recv(65536)
        assert got.startswith(b"HTTP/1.1 200")
        proxied.tap("old-xlsx", "20 end")
        while piece := s.recv(65536):
            got += piece
    assert len(load_workbook(io.BytesIO(got.partition(b"\r\n\r\n")[2])).active["A"]) == 21
