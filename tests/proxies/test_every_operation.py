"""Every operation of the OpenAPI document through every chain, where people sign in: a new one needs a line here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.program import ROOT
from tests.proxies.rig import Rig
from tests.unit.web.test_openapi import OPERATIONS

PASSWORD, NEW = "correct horse battery", "another horse battery"  # of nobody
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
SUPPLIERS = "name,phone\nAma,1{0}\n,2{0}\nEsi,3{0}\n"
"""The second has no name."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, rig: Rig) -> Iterator[Rig]:
    """A second one, whose server knows its users itself."""
    place = tmp_path_factory.mktemp("signed-in")
    command = [sys.executable, "-m", "narrowboat", "users", "add", "root", "--role", "admin"]
    store = f"sqlite:///{place}/runs.db"
    subprocess.run([*command, "--store", store], input=PASSWORD + "\n", text=True, check=True, cwd=ROOT)
    made = Rig(place, "--users")
    yield made
    made.close()


class Asked:
    """An operator's browser at the outer end of a chain. Each method does what one operation, or several, are for."""

    def __init__(self, rig: Rig, chain: str, client: httpx.Client) -> None:
        self._rig, self._chain, self.client = rig, chain, client
        self._name = chain.replace("_", "-")
        self.done: set[str] = set()
        self("signIn", 200, json={"user": "root", "password": PASSWORD})
        self._rig.at("app").cookies.update(self.client.cookies)

    def __call__(self, operation: str, status: int, query: str = "", **asked: Any) -> httpx.Response:
        """Ask, and note that it was. `asked`: names of the path, and what httpx takes."""
        method, path = OPERATIONS[operation].split(" ")
        named = {name: asked.pop(name) for name in list(asked) if f"{{{name}}}" in path}
        got = self.client.request(method, path.format(**named) + query, **asked)
        assert got.status_code == status, (operation, got.status_code, got.text)
        self.done.add(operation)
        return got

    def same(self, operation: str, query: str = "", **named: Any) -> httpx.Response:
        """Ask for something that stays as it is: it arrives as the server said it."""
        got = self(operation, 200, query, **named)
        path = OPERATIONS[operation].split(" ")[1].format(**named)
        assert got.content == self._rig.direct.get(path + query).content, operation
        return got

    def begun(self, job: str, **body: Any) -> str:
        return str(self("startRun", 202, job=job, json=body).json()["id"])

    def jobs(self) -> None:
        self.same("listJobs")
        for operation in ("listColumns", "showAdvice", "countRows"):
            self.same(operation, "?count=3", job="large")
        self.same("downloadExample", job="suppliers", extension="csv")

    def uploads(self) -> None:
        self("showUploading", 204)
        text = SUPPLIERS.format(self._name).encode()
        for operation in ("continueUpload", "overrideUpload"):
            made = self("createUpload", 201, headers={**TUS, "Upload-Length": str(len(text))})
            upload, more = made.headers["location"].rpartition("/")[2], {"X-HTTP-Method-Override": "PATCH"}
            self(operation, 204, upload=upload, content=text, headers={**CHUNK, **more})
            self.same("showUpload", upload=upload)
            self("removeUpload", 204, upload=upload, headers=TUS)
        self.upload = str(self("putUpload", 201, name="suppliers.csv", content=text).json()["id"])
        assert self.upload in self.same("listUploads").text
        assert len(self.same("previewUpload", "?job=suppliers", upload=self.upload).json()["rows"]) == 3

    def imports(self) -> None:
        run = self.begun("suppliers", input={"upload": self.upload})
        self._rig.until_state(run, "partial")
        assert "1 rejected" in self.same("showReport", run=run).json()["message"]
        (reject,) = self.same("listRejects", run=run).json()["rejects"]
        rows = [{"row": reject["row"], "data": {"name": "Adwoa", "phone": f"4{self._name}"}}]
        again = self("resubmitRows", 202, run=run, json={"rows": rows}).json()["id"]
        self._rig.until_state(again, "succeeded")
        self._rig.until_state(self("retryRun", 202, run=run).json()["id"], "partial")
        self._rig.until_state(self("undoRun", 202, run=run).json()["id"], "succeeded")

    def control(self) -> None:
        run = self._rig.start_tap(f"control-{self._chain}", "10")
        self._rig.until_rows(run, 10)
        self("pauseRun", 200, run=run)
        self._rig.tap(f"control-{self._chain}", "20")
        self._rig.until_state(run, "paused")
        self("resumeRun", 200, run=run)
        self("cancelRun", 200, run=run)
        self._rig.tap(f"control-{self._chain}", "20 end")
        self._rig.until_state(run, "cancelled")
        self._rig.until_state(self("rerunRun", 202, run=run).json()["id"], "succeeded")

    def files(self) -> None:
        self.run = run = self.begun("large", params={"count": 30}, output={"format": "csv"})
        self._rig.until_state(run, "succeeded")
        for operation in ("showRun", "showHistory", "listNotices", "showManifest", "downloadArtifact"):
            self.same(operation, run=run)
        self.same("listRuns", "?job=large&limit=1")
        self.same("exportFile", "?count=30", file="large.csv")
        link = self("createLink", 201, run=run, json={}).json()
        assert self.same("followLink", token=link["url"].rpartition("/")[2]).text.count("\n") == 31
        self("listLinks", 200, run=run)
        self("revokeLink", 204, run=run, link=link["id"])

    def reports(self) -> None:
        self._rig.tap(f"seen-{self._chain}", "25 end")
        run = self.begun("seen", params={"name": f"seen-{self._chain}"})
        self("sendToBackground", 200, run=run)
        self._rig.until_state(run, "succeeded")
        assert len(self.same("listRows", run=run).json()["rows"]) == 25
        self.same("downloadRows", run=run, file_format="csv")
        assert "event: done" in self("followRun", 200, run=run).text
        assert "event: done" in self("followRuns", 200, f"?run={run}").text

    def people(self) -> None:
        user = f"ann-{self._name}"
        self("createUser", 201, json={"id": user, "password": PASSWORD})
        self.same("showUser", user=user)
        assert user in self.same("listUsers").text
        assert self("changeUser", 200, user=user, json={"role": "operator"}).json()["role"] == "operator"
        self("setPassword", 204, user=user, json={"password": NEW})
        with self._rig.fresh(self._chain) as ann:
            assert ann.post("/session", json={"user": user, "password": NEW}).status_code == 200
            self("disableUser", 204, user=user)
            assert ann.get("/me").status_code == 401
        token = self("createToken", 201, json={"label": "x", "scopes": ["see"]}).json()["id"]
        assert token in self.same("listTokens").text
        self("revokeToken", 204, token=token)

    def operations(self) -> None:
        assert self("listAudit", 200, "?limit=3").json()["entries"]
        assert "narrowboat_" in self("showMetrics", 200).text
        for operation in ("showHealth", "showOperations"):
            self(operation, 200)

    def oneself(self) -> None:
        assert self.same("showMe").json()["id"] == "root"
        for before, after in ((PASSWORD, NEW), (NEW, PASSWORD)):
            self("changePassword", 204, json={"current": before, "new": after})
        self("signOut", 204)
        assert self.client.get("/me").status_code == 401


STORY: tuple[Callable[[Asked], None], ...] = (
    Asked.jobs, Asked.uploads, Asked.imports, Asked.control, Asked.files, Asked.reports, Asked.people,
    Asked.operations, Asked.oneself,
)  # fmt: skip


def test_every_operation_does_its_work(rig: Rig, chain: str) -> None:
    with rig.fresh(chain) as client:
        asked = Asked(rig, chain, client)
        for part in STORY:
            part(asked)
    assert OPERATIONS.keys() - asked.done == set(), "each operation is asked through each chain"
