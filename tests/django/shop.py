"""The example shop, served as its README says, in a folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.group import Group
from tests.waiting import free_port, until

PROJECT = Path(__file__).parents[2] / "examples/django"
CUSTOMERS = 33_407
CITIES = ("Accra", "Tema", "Kumasi", "Łódź")
USERS = """
from django.contrib.auth.models import Group, Permission, User
User.objects.create_superuser("boss", "boss@shop.example", "pw")
ann = User.objects.create_user("ann", "ann@shop.example", "pw", is_staff=True)
bob = User.objects.create_user("bob", "bob@shop.example", "pw")
for user in (ann, bob):
    user.user_permissions.set(Permission.objects.filter(codename__in=["use_orders", "use_my-customers"]))
ann.user_permissions.add(*Permission.objects.filter(codename__in=["view_customer", "use_customers"]))
ann.groups.add(Group.objects.create(name="Tema"))
"""
PASSWORD = "pw"  # noqa: S105  # of users that live as long as a test
SERVERS: dict[str, Sequence[str]] = {
    "sync": ("gunicorn", "shop.wsgi", "--config", str(PROJECT / "shop/__init__.py")),
    "gthread": ("gunicorn", "shop.wsgi"),
    "preload": ("gunicorn", "shop.wsgi", "--config", str(PROJECT / "shop/__init__.py"), "--preload"),
    "uvicorn": ("uvicorn", "shop.asgi:application", "--lifespan", "off"),
}
"""The commands, without the port. An empty file as configuration lets gunicorn be as it is by itself."""


def environment(folder: Path, **more: str) -> dict[str, str]:
    """That of a process of the shop whose data are in `folder`."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {**kept, "DATA_DIR": str(folder), "SECRET_KEY": "of these tests", "ALLOWED_HOSTS": "127.0.0.1", **more}


def manage(folder: Path, *argv: str, check: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
    """`manage.py …`."""
    done = subprocess.run(
        [sys.executable, PROJECT / "manage.py", *argv],
        cwd=PROJECT, env=environment(folder, **more), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def fill(folder: Path, **more: str) -> None:
    """Tables, users, and all customers with their orders."""
    manage(folder, "migrate", **more)
    manage(folder, "shell", "-c", USERS, **more)
    manage(folder, "fill_shop", "--customers", str(CUSTOMERS), **more)


def orders_csv(state: str | None = None) -> bytes:
    """The file of the export `orders`, made here from what `fill_shop` is known to make."""
    states = {"n": "new", "p": "paid", "s": "shipped"}
    lines = ["id,customer__name,customer__city,state,total,at"]
    for n in range(1, CUSTOMERS + 1):
        if state in (None, found := "nps"[n % 3]):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
            total = f"{Decimal(n) / 100:.2f}"
            lines.append(f"{n},Zoë {n} <b>,{CITIES[n % 4]},{states[found]},{total},{at}")
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")


class Shop:
    """The server's processes."""

    def __init__(self, folder: Path, server: str, *, group: Group | None = None, **more: str) -> None:
        self.folder, self.port, self.more = folder, free_port(), more
        self.url = f"http://127.0.0.1:{self.port}"
        where = ["--port", str(self.port)] if server == "uvicorn" else ["-w", "2", "-b", f"127.0.0.1:{self.port}"]
        command = [sys.executable, "-m", *SERVERS[server], *where]
        command += [] if server == "uvicorn" else ["--no-control-socket"]
        with open(folder / "server.log", "wb") as log:
            env = environment(folder, **more)
            if group:
                self.process = group.start(command, output=log, cwd=PROJECT, env=env)
            else:
                self.process = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=log, stderr=log)
        try:
            until(self._answers, "the shop to answer")
        except BaseException:
            self.stop()
            raise

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            return httpx.get(f"{self.url}/bulk/jobs", timeout=30).status_code == 401
        except httpx.TransportError:
            return False

    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Tell it to stop, and wait until it and its workers have."""
        children = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        self.process.send_signal(number)
        self.process.wait(30)
        _, left = psutil.wait_procs(children, timeout=15)
        assert not left

    def supervisors(self) -> list[psutil.Process]:
        """The processes of the server whose child is a worker."""
        processes = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        return [one.parent() for one in processes if "narrowboat.contrib.django.worker:nb" in _command(one)]

    def person(self, name: str) -> Person:
        """Somebody who signed in."""
        return Person(self.url, name)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


class Person:
    """A browser's view: cookies, and forms filled in by their tokens."""

    def __init__(self, url: str, name: str, login: str = "/accounts/login/") -> None:
        self.http = httpx.Client(base_url=url, timeout=60)
        assert self.submit(login, self.http.get(login).text, username=name, password=PASSWORD).status_code == 302

    def submit(self, path: str, page: str, **fields: Any) -> httpx.Response:
        """Send a form of a page."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page
        return self.http.post(path, data={"csrfmiddlewaretoken": token[1], **fields})

    def act(self, path: str, action: str, *ticked: int | str, **fields: str) -> httpx.Response:
        """An action of an admin's list."""
        page = self.http.get(path)
        assert page.status_code == 200, page.text
        return self.submit(path, page.text, action=action, index="0", _selected_action=list(ticked), **fields)

    def start(self, job: str = "orders", *, format: str = "csv", **params: str) -> dict[str, Any]:
        answer = self.http.post(f"/bulk/jobs/{job}/runs", json={"params": params, "output": {"format": format}})
        assert answer.status_code == 202, answer.text
        run: dict[str, Any] = answer.json()
        return run

    def run(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = self.http.get(f"/bulk/runs/{run_id}").raise_for_status().json()
        return run

    def until_ended(self, run_id: str) -> dict[str, Any]:
        """Poll it as the page does, but faster."""
        found: dict[str, Any] = until(lambda: run if (run := self.run(run_id))["ended"] else None, f"{run_id} to end")
        return found

    def file(self, run_id: str) -> bytes:
        return self.http.get(f"/bulk/runs/{run_id}/artifact").raise_for_status().content


@contextmanager
def open_shop(folder: Path, server: str, *, group: Group | None = None, **more: str) -> Iterator[Shop]:
    """A shop while inside."""
    shop = Shop(folder, server, group=group, **more)
    try:
        yield shop
    finally:
        shop.stop()


def copy(filled: Path, folder: Path) -> Path:
    """A folder with the same data."""
    shutil.copytree(filled, folder, dirs_exist_ok=True)
    return folder
