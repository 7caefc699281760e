"""examples/fastapi as its owners run it: gunicorn in a small box, nginx and Caddy in front of it, MongoDB outside."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.group import Group, unavailable
from tests.examples import mongo
from tests.program import ROOT, Program
from tests.waiting import free_port, until

EXAMPLE = ROOT / "examples" / "fastapi"
MB = 2**20
PASSWORD = "a long password"  # noqa: S105  # of users that only these tests have
NGINX = (
    "{user}\nworker_processes 1;\ndaemon off;\npid nginx.pid;\nerror_log error.log;\nevents {{}}\nhttp {{\n{body}\n}}\n"
)


def hashed_users() -> dict[str, dict[str, Any]]:
    """Ann sees everything, Ben works for Kumasi."""
    import hashlib

    def user(email: str, city: str) -> dict[str, Any]:
        salt = os.urandom(16)
        secret = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=2**14, r=8, p=1)
        return {"email": email, "city": city, "salt": salt, "password": secret}

    return {"ann": user("ann@leads.example", "*"), "ben": user("ben@leads.example", "Kumasi")}


class Leads:
    """The application and all around it. `client(name)` is somebody's browser, through both proxies."""

    def __init__(
        self,
        place: Path,
        sample: Path,
        server: Callable[[Path], Program] = mongo.spoken,
        *,
        memory: int = 256,
        cpu: float = 0.5,
        **settings: str,
    ) -> None:
        self.place = place
        self.group = None if unavailable() else Group("narrowboat-leads", memory=memory * MB, cpu=cpu)
        self.ports = {name: free_port() for name in ("app", "nginx", "caddy")}
        (place / "mongo").mkdir()
        self.mongo = server(place / "mongo")
        self.mongo_url = f"mongodb://127.0.0.1:{self.mongo.port}/crm"
        mongo.fill(self.mongo_url, sample, hashed_users())
        self.site = f"http://127.0.0.1:{self.ports['caddy']}"
        self._settings = settings
        self._programs = [self.mongo]
        self.app = self._started()
        try:
            self._proxied()
        except BaseException:
            self.close()
            raise

    def _proxied(self) -> None:
        nginx = ["nginx", "-p", str(self.place), "-c", str(self._nginx())]
        self.nginx = self._added(nginx, "nginx")
        caddy = ["caddy", "run", "--config", str(self._caddyfile()), "--adapter", "caddyfile"]
        self.caddy = self._added(caddy, "caddy", XDG_DATA_HOME=str(self.place), XDG_CONFIG_HOME=str(self.place))
        until(self._answers, "the application", 60)

    def _added(self, command: list[str], name: str, **environment: str) -> Program:
        self._programs.append(Program(command, self.ports[name], self.place / f"{name}.log", **environment))
        return self._programs[-1]

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.site}/bulk/health").status_code == 200
        except httpx.TransportError:
            return False

    def _started(self) -> subprocess.Popen[bytes]:
        """gunicorn as the Procfile has it, in the box where there can be one."""
        (procfile,) = (EXAMPLE / "Procfile").read_text().splitlines()
        command = [
            str(Path(sys.executable).with_name("gunicorn")),
            *procfile.split()[2:],
            "--bind",
            f"127.0.0.1:{self.ports['app']}",
        ]
        env = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "NARROWBOAT_DATABASE": f"sqlite:///{self.place}/narrowboat.db",
            "MONGODB_URL": self.mongo_url,
            "PUBLIC_URL": self.site,
            "SECRET_KEY": "of the tests",
            **self._settings,
        }
        with open(self.place / "app.log", "ab") as log:
            if self.group:
                return self.group.start(command, output=log, cwd=EXAMPLE, env=env)
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=EXAMPLE, env=env)

    def _nginx(self) -> Path:
        text = (EXAMPLE / "nginx.conf").read_text()
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.ports['nginx']};")
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{self.ports['app']}")
        user = "user root;" if os.geteuid() == 0 else ""
        paths = "".join(
            f"{kind}_temp_path {self.place}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return self._written("nginx.conf", NGINX.format(user=user, body=f"access_log off;\n{paths}{text}"))

    def _caddyfile(self) -> Path:
        text = (EXAMPLE / "Caddyfile").read_text().replace("127.0.0.1:80 ", f"127.0.0.1:{self.ports['nginx']} ")
        text = re.sub(r"^leads\.example \{", f"http://127.0.0.1:{self.ports['caddy']} {{", text, flags=re.M)
        return self._written("Caddyfile", "{\n\tadmin off\n\tauto_https off\n}\n" + text)

    def _written(self, name: str, text: str) -> Path:
        path = self.place / name
        path.write_text(text)
        return path

    @contextmanager
    def client(self, name: str | None) -> Iterator[httpx.Client]:
        """Somebody signed in by the application's own login; None: nobody."""
        with httpx.Client(base_url=self.site, timeout=60) as found:
            if name:
                answer = found.post("/login", data={"name": name, "password": PASSWORD})
                assert answer.status_code == 303, answer.text
            found.follow_redirects = True  # of what is waited for
            yield found

    def processes(self, words: str) -> list[int]:
        """Of the application, by a part of their command line."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode()
                environment = (path.parent / "environ").read_bytes()
            except OSError:
                continue
            if words in line and f"{self.place}/narrowboat.db".encode() in environment:
                found.append(int(path.parent.name))
        return found

    def kill_workers(self) -> None:
        """kill -9 of those that do the work."""
        for pid in until(lambda: self.processes("narrowboat.cli.child"), "a worker", 30):
            os.kill(pid, signal.SIGKILL)

    def restart_application(self) -> None:
        """kill -9 of everything in the box, and a new start."""
        for pid in self.processes(""):
            os.kill(pid, signal.SIGKILL)
        self.app.wait()
        self.app = self._started()
        until(self._answers, "the application again", 60)

    def close(self) -> None:
        self.app.terminate()
        try:
            self.app.wait(30)
        except subprocess.TimeoutExpired:
            self.app.kill()
        for program in reversed(self._programs):
            program.close()
        if self.group:
            self.group.remove()


def missing() -> str:
    """Programs that are needed and not installed, by commas."""
    return ", ".join(name for name in ("caddy", "nginx") if not shutil.which(name))
