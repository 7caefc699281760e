"""Uploads and imports through every chain: chunks pass their usual limits, and 10,000 rows arrive."""

from __future__ import annotations

import hashlib

import httpx

from tests.proxies.rig import Rig

ROWS = 10_000
CHUNK = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


def customers(chain: str) -> bytes:
    """A file of customers of its own for each chain, of about 3.4 MB."""
    rows = [f"Ama {n},{chain}-{n},{'Accra, ' * 45}" for n in range(ROWS)]
    return "\n".join(["name,phone,note", *rows]).replace(", ", " ").encode()


def test_ten_thousand_rows_go_through_in_chunks(rig: Rig, chain: str) -> None:
    data, ask = customers(chain), rig.at(chain)
    made = ask.post("/uploads", headers={"Upload-Length": str(len(data)), "Tus-Resumable": "1.0.0"})
    assert made.status_code == 201, made.text
    place = made.headers["location"]
    for at in range(0, len(data), 524_288):
        sent = ask.patch(place, content=data[at : at + 524_288], headers={**CHUNK, "Upload-Offset": str(at)})
        assert sent.status_code == 204, sent.text
        assert sent.headers["upload-offset"] == str(min(at + 524_288, len(data)))
    shown = ask.get(place).json()
    assert shown["sha256"] == hashlib.sha256(data).hexdigest()
    preview = ask.get(f"{place}/preview?job=customers").json()
    assert (preview["missing"], len(preview["rows"])) == (None, 20)
    run = ask.post("/jobs/customers/runs", json={"input": {"upload": shown["id"]}}).json()["id"]
    assert rig.until_state(run, "succeeded")["rows"]["created"] == ROWS
    assert ask.get(f"/runs/{run}/report").json()["message"] == "10,000 rows: 10,000 created."


def test_a_proxy_that_refuses_a_large_body_takes_its_chunks(rig: Rig) -> None:
    """nginx takes one megabyte at once by itself."""
    ask: httpx.Client = rig.at("nginx")
    assert ask.put("/uploads/large.csv", content=b"x" * 1_200_000).status_code == 413
    assert rig.direct.put("/uploads/large.csv", content=b"x" * 1_200_000).status_code == 201


def test_names_and_offsets_are_read_where_patch_is_not_known(rig: Rig, chain: str) -> None:
    ask = rig.at(chain)
    place = ask.post("/uploads", headers={"Upload-Length": "3"}).headers["location"]
    override = {**CHUNK, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert ask.post(place, content=b"abc", headers=override).status_code == 204
    head = ask.head(place)
    assert (head.status_code, head.headers["upload-offset"], head.headers["cache-control"]) == (200, "3", "no-store")
