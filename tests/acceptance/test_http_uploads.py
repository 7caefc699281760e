"""Uploads over HTTP: resumed where they were cut, whoever was killed; limits, checksums, names, other people."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tusclient.client import TusClient

from tests.acceptance.server import Server, serving
from tests.waiting import until

ANN, BEN = {"x-user": "ann"}, {"x-user": "ben"}
CHUNK = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}
CSV = b"Name,Mobile,Mark,City\nAma,+233201,M1,Accra\nKofi,+233202,M2,Lagos\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("uploads"), "users") as server:
        yield server


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def begin(server: Server, length: int, headers: dict[str, str] = ANN, **more: str) -> str:
    """The address of an upload that will come in chunks."""
    asked = {"Upload-Length": str(length), "Tus-Resumable": "1.0.0", **headers, **more}
    made = server.client.post("/uploads", headers=asked)
    assert made.status_code == 201, made.text
    assert made.headers["tus-resumable"] == "1.0.0"
    return str(made.headers["location"])


def patch(server: Server, place: str, at: int, data: bytes, **more: str) -> httpx.Response:
    return server.client.patch(place, content=data, headers={**CHUNK, **ANN, "Upload-Offset": str(at), **more})


def offset(server: Server, place: str) -> int:
    found = server.client.head(place, headers={**ANN, "Tus-Resumable": "1.0.0"})
    assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")
    return int(found.headers["upload-offset"])


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


def kept(server: Server, place: str) -> bytes:
    return (server.folder / "runs.files" / place.lstrip("/")).read_bytes()


def test_chunks_with_checksums_make_a_file(server: Server) -> None:
    name = base64.b64encode("Größe ../x.csv".encode()).decode()
    place = begin(server, len(CSV), **{"Upload-Metadata": f"filetype dGV4dA==,filename {name}"})
    for at in range(0, len(CSV), 20):
        algorithm = "sha1" if at else "sha256"
        done = patch(server, place, at, CSV[at : at + 20], **checksum(CSV[at : at + 20], algorithm))
        assert (done.status_code, done.headers["upload-offset"]) == (204, str(min(at + 20, len(CSV))))
        assert "upload-expires" in done.headers
    shown = server.client.get(place, headers=ANN).json()
    assert (shown["name"], shown["complete"]) == ("x.csv", True)
    assert shown["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert kept(server, place) == CSV


@pytest.mark.parametrize("how", ["form", "body", "put", "creation"])
def test_small_files_come_in_one_request(server: Server, how: str) -> None:
    ask = server.client
    match how:
        case "form":
            form = {"note": "first"}
            made = ask.post("/uploads", files={"file": ("customers.csv", CSV)}, data=form, headers=ANN)
        case "body":
            made = ask.post("/uploads?name=customers.csv", content=CSV, headers=ANN)
        case "put":
            made = ask.put("/uploads/customers.csv", content=CSV, headers=ANN)
        case _:
            headers = {
                **ANN,
                **CHUNK,
                "Upload-Length": str(len(CSV)),
                "Upload-Metadata": "filename Y3VzdG9tZXJzLmNzdg==",
            }
            made = ask.post("/uploads", content=CSV, headers=headers)
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["name"], shown["length"], shown["complete"]) == ("customers.csv", len(CSV), True)
    assert kept(server, made.headers["location"]) == CSV


@pytest.mark.parametrize("how", ["form", "put", "creation"])
def test_an_empty_file_is_a_file(server: Server, how: str) -> None:
    match how:
        case "form":
            made = server.client.post("/uploads", files={"file": ("empty.csv", b"")}, headers=ANN)
        case "put":
            made = server.client.put("/uploads/empty.csv", content=b"", headers=ANN)
        case _:
            made = server.client.post("/uploads", headers={**ANN, "Upload-Length": "0"})
    assert (made.status_code, made.json()["complete"], made.json()["length"]) == (201, True, 0)
    found = server.client.get(f"{made.headers['location']}/preview?job=customers", headers=ANN)
    assert code(found) == (422, "file-broken"), found.text


def test_bytes_that_are_not_what_was_sent_are_not_kept(server: Server) -> None:
    place = begin(server, len(CSV))
    assert patch(server, place, 0, CSV[:20]).status_code == 204
    assert code(patch(server, place, 20, CSV[20:40], **checksum(CSV[21:41]))) == (460, "wrong-checksum")
    assert offset(server, place) == 20
    assert code(patch(server, place, 20, b"x", **{"Upload-Checksum": "md5 YQ=="})) == (422, "bad-parameter")
    assert code(patch(server, place, 20, b"x", **{"Upload-Checksum": "sha1 !"})) == (422, "bad-parameter")
    assert patch(server, place, 20, CSV[20:], **checksum(CSV[20:])).status_code == 204
    assert kept(server, place) == CSV


def test_a_chunk_that_does_not_go_on_where_it_ends_is_a_conflict(server: Server) -> None:
    place = begin(server, len(CSV))
    assert patch(server, place, 0, CSV[:20]).status_code == 204
    for at in (0, 19, 21):
        assert code(patch(server, place, at, CSV[at : at + 5])) == (409, "upload-conflict")
    assert offset(server, place) == 20
    assert code(patch(server, place, 20, CSV + CSV)) == (413, "upload-too-large")
    preview = server.client.get(f"{place}/preview?job=customers", headers=ANN)
    assert code(preview) == (409, "upload-incomplete")
    body = {"input": {"upload": place.rpartition("/")[2]}}
    assert code(server.client.post("/jobs/customers/runs", json=body, headers=ANN)) == (409, "upload-incomplete")


def test_what_is_not_of_the_protocol_is_told(server: Server) -> None:
    place = begin(server, 10)
    other = server.client.head(place, headers={**ANN, "Tus-Resumable": "0.2.2"})
    assert (other.status_code, other.headers["tus-version"]) == (412, "1.0.0")
    assert patch(server, place, 0, b"x", **{"Content-Type": "text/csv"}).status_code == 415
    for wrong in ("", "-1", "1.5", "9" * 17, "¹"):
        headers = [(b"upload-length", wrong.encode()), (b"x-user", b"ann"), (b"tus-resumable", b"1.0.0")]
        assert code(server.client.post("/uploads", headers=headers)) == (422, "bad-parameter")
    able = server.client.options("/uploads", headers=ANN)
    assert able.status_code == 204
    assert able.headers["tus-extension"] == "creation,creation-with-upload,checksum,expiration,termination"
    assert able.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert int(able.headers["tus-max-size"]) == 200 << 20


def test_post_stands_in_for_patch_and_delete(server: Server) -> None:
    place = begin(server, 3)
    override = {**ANN, **CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert server.client.post(place, content=b"abc", headers=override).status_code == 204
    assert server.client.post(place, headers={**ANN, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert server.client.get(place, headers=ANN).status_code == 404
    assert not (server.folder / "runs.files" / place.lstrip("/")).exists()
    assert server.client.post(place, headers=ANN).status_code == 405


def test_somebody_elses_upload_is_not_there(server: Server) -> None:
    place = server.client.put("/uploads/a.csv", content=CSV, headers=ANN).headers["location"]
    upload = place.rpartition("/")[2]
    ask, chunk = server.client, {**BEN, **CHUNK, "Upload-Offset": "0"}
    tried = [
        ask.get(place, headers=BEN),
        ask.patch(place, content=b"x", headers=chunk),
        ask.delete(place, headers=BEN),
        ask.get(f"{place}/preview?job=customers", headers=BEN),
        ask.post("/jobs/customers/runs", json={"input": {"upload": upload}}, headers=BEN),
        ask.get(place, headers={"x-user": "boss"}),
    ]
    assert {code(one) for one in tried} == {(404, "unknown-upload")}
    assert ask.head(place, headers=BEN).status_code == 404
    assert upload not in ask.get("/uploads", headers=BEN).text
    assert upload in ask.get("/uploads", headers=ANN).text
    assert ask.get("/uploads").status_code == 401
    assert code(ask.put("/uploads/a.csv", content=CSV, headers={"x-user": "viewer"})) == (403, "not-allowed")


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..\\..\\runs.db", "/etc/passwd", "a\0b.csv", "~/.ssh/id", "runs.db", "con.csv "]
)
def test_names_are_never_paths(server: Server, name: str) -> None:
    before = {path for path in server.folder.rglob("*") if "uploads" not in path.parts}
    made = server.client.post("/uploads", files={"file": (name, CSV)}, headers=ANN)
    assert made.status_code == 201, made.text
    assert kept(server, made.headers["location"]) == CSV
    assert {path for path in server.folder.rglob("*") if "uploads" not in path.parts} <= before | {server.folder / "x"}


def test_more_than_is_allowed_is_refused_before_it_comes(server: Server) -> None:
    asked = {**ANN, "Upload-Length": str((200 << 20) + 1)}
    assert code(server.client.post("/uploads", headers=asked)) == (413, "upload-too-large")
    raw = b"PUT /uploads/a.csv HTTP/1.1\r\nHost: x\r\nX-User: ann\r\nContent-Length: 99999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(raw)
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")

    def endless() -> Iterator[bytes]:
        yield from (b"x" * 1000 for _ in range(10))

    assert code(server.client.post("/uploads", content=endless(), headers=ANN)) == (411, "length-required")


def test_a_users_files_together_have_a_limit(server: Server) -> None:
    places = [begin(server, 200 << 20, {"x-user": "hog"}) for _ in range(5)]
    more = server.client.post("/uploads", headers={"x-user": "hog", "Upload-Length": str(100 << 20)})
    assert code(more) == (413, "upload-too-large")
    assert "1,048,576,000 of the 1,073,741,824 bytes" in more.json()["detail"]
    assert server.client.delete(places[0], headers={"x-user": "hog"}).status_code == 204
    begin(server, 100 << 20, {"x-user": "hog"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n\r\n",
        b"no form at all",
        b"--x--\r\n",
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n",
    ],
)
def test_a_form_that_is_broken_or_has_no_file_is_refused(server: Server, body: bytes) -> None:
    headers = {**ANN, "Content-Type": "multipart/form-data; boundary=x"}
    before = server.client.get("/uploads", headers=ANN).json()
    assert code(server.client.post("/uploads", content=body, headers=headers)) == (422, "bad-parameter")
    assert server.client.get("/uploads", headers=ANN).json() == before


def test_a_chunk_that_is_cut_keeps_what_came(server: Server) -> None:
    data = os.urandom(3_000_000)
    place = begin(server, len(data))
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: x\r\nX-User: ann\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + data[:2_000_000])
        until(lambda: offset(server, place) >= 1_500_000, "some of it to be durable")
    until(lambda: offset(server, place) == 2_000_000, "all of it to be durable")
    assert patch(server, place, 2_000_000, data[2_000_000:]).status_code == 204
    assert kept(server, place) == data


def test_what_a_form_brought_before_it_was_cut_is_removed(server: Server) -> None:
    head = b"PUT /uploads/cut.csv HTTP/1.1\r\nHost: x\r\nX-User: cutter\r\nContent-Length: 2000000\r\n\r\n"
    cutter = {"x-user": "cutter"}
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head + b"x" * 1_000_000)
        until(lambda: server.client.get("/uploads", headers=cutter).json()["uploads"], "the upload to begin")
    until(lambda: not server.client.get("/uploads", headers=cutter).json()["uploads"], "the upload to be gone")


def test_two_who_send_the_same_upload_at_once_make_one_sound_file(server: Server) -> None:
    data = os.urandom(2_000_000)
    place = begin(server, len(data))
    answers: list[int] = []

    def send() -> None:
        with httpx.Client(base_url=server.url) as client:
            while (at := int(client.head(place, headers=ANN).headers["upload-offset"])) < len(data):
                headers = {**CHUNK, **ANN, "Upload-Offset": str(at)}
                answers.append(client.patch(place, content=data[at : at + 50_000], headers=headers).status_code)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {204, 409}
    assert answers.count(204) == 40
    assert kept(server, place) == data


def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    data = os.urandom(4_000_000)
    source = tmp_path / "data.bin"
    source.write_bytes(data)
    with serving(tmp_path, "users", SERVED_WORKERS="0") as server:
        place = begin(server, len(data))
        for round_ in range(6):
            at = offset(server, place)
            sending = threading.Thread(target=_send_until_cut, args=(server, place, at, data))
            sending.start()
            most = min(len(data) - 1, at + 100_000 * (round_ + 1))
            until(lambda: offset(server, place) >= most, "bytes to come")  # noqa: B023  # called at once
            server.stop(signal.SIGKILL)
            sending.join()
            server.start()
            assert offset(server, place) >= most
        while (at := offset(server, place)) < len(data):
            assert patch(server, place, at, data[at : at + 524_288]).status_code == 204
        assert server.client.get(place, headers=ANN).json()["sha256"] == hashlib.sha256(data).hexdigest()
        assert kept(server, place) == data


def _send_until_cut(server: Server, place: str, at: int, data: bytes) -> None:
    with httpx.Client(base_url=server.url) as client:
        try:
            while at < len(data):
                headers = {**CHUNK, **ANN, "Upload-Offset": str(at)}
                client.patch(place, content=data[at : at + 60_000], headers=headers).raise_for_status()
                at += 60_000
        except httpx.HTTPError:
            pass


def test_tuspy_resumes_what_another_process_began(server: Server, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    source = tmp_path / "customers.bin"
    source.write_bytes(data)
    client = TusClient(f"{server.url}/uploads", headers=ANN)
    with open(source, "rb") as file:
        begun = client.uploader(
            file_stream=file, chunk_size=524_288, metadata={"filename": "c.bin"}, upload_checksum=True
        )
        begun.upload_chunk()
        begun.upload_chunk()
        again = client.uploader(file_stream=file, chunk_size=524_288, url=begun.url, upload_checksum=True)
        assert again.offset == 2 * 524_288
        again.upload()
    place = str(begun.url).removeprefix(server.url)
    assert server.client.get(place, headers=ANN).json()["name"] == "c.bin"
    assert kept(server, place) == data


def test_the_servers_memory_does_not_grow_with_the_file(server: Server) -> None:
    piece = os.urandom(1 << 20)
    process = psutil.Process(server.process.pid)

    def send(megabytes: int) -> None:
        place = begin(server, megabytes << 20, {"x-user": "large"})
        headers = {**CHUNK, "x-user": "large", "Upload-Offset": "0", "Content-Length": str(megabytes << 20)}
        done = server.client.patch(place, content=(piece for _ in range(megabytes)), headers=headers)
        assert done.status_code == 204, done.text

    send(4)
    before = process.memory_info().rss
    send(50)
    assert process.memory_info().rss - before < 10 << 20


def test_pages_of_other_sites_may_not_upload(server: Server) -> None:
    foreign: dict[str, Any] = {"headers": {**ANN, "Origin": "https://evil.example"}}
    assert server.client.put("/uploads/a.csv", content=CSV, **foreign).status_code == 403
    assert server.client.post("/uploads", files={"file": ("a.csv", CSV)}, **foreign).status_code == 403


def test_pages_that_may_call_may_upload(server: Server) -> None:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "tus-resumable,upload-offset,content-type,upload-checksum",
    }
    preflight = server.client.options("/uploads/x", headers=asked)
    assert preflight.status_code == 200
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    made = server.client.post("/uploads", headers={**ANN, "Origin": "https://shop.example", "Upload-Length": "3"})
    assert "Upload-Offset" in made.headers["access-control-expose-headers"]
