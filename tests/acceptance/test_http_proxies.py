"""Real proxies in front of the server: what reaches the client through nginx and Caddy as they come."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.server import Server, csv_of, serving
from tests.acceptance.test_http_runs import Events
from tests.waiting import free_port, until

pytestmark = pytest.mark.skipif(
    not (shutil.which("nginx") and shutil.which("caddy")), reason="nginx and caddy are not installed"
)

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
events {{ worker_connections 128; }}
http {{
  access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{nginx}; location / {{ proxy_pass http://127.0.0.1:{app}; }} }}
  server {{
    listen 127.0.0.1:{nginx11};
    location / {{ proxy_pass http://127.0.0.1:{app}; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""
CADDY = """
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{caddy} {{
  encode gzip zstd
  reverse_proxy 127.0.0.1:{app}
}}
http://127.0.0.1:{chain} {{
  reverse_proxy 127.0.0.1:{nginx} {{
    transport http {{
      response_header_timeout 15s
    }}
  }}
}}
"""
WAYS = ("nginx", "nginx11", "caddy", "chain")
USER = {"x-user": "ann"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("proxied"), "users", SERVED_WORKERS="2") as server:
        server.client.headers.update(USER)
        yield server


@pytest.fixture(scope="module")
def ports(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The proxies' ports by name."""
    folder = tmp_path_factory.mktemp("proxies")
    ports = {name: free_port() for name in WAYS}
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, app=server.port, user=user, **ports))
    (folder / "Caddyfile").write_text(CADDY.format(app=server.port, **ports))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    home = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    caddyfile = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with (
        subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], **quiet) as nginx,
        subprocess.Popen(["caddy", "run", *caddyfile], env=home, **quiet) as caddy,
    ):
        try:
            for port in ports.values():
                until(lambda port=port: answers(port), "the proxies to answer")
            yield ports
        finally:
            nginx.terminate()
            caddy.terminate()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def client(ports: dict[str, int], way: str) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{ports[way]}", headers=USER, timeout=30, follow_redirects=True)


@pytest.mark.parametrize("way", WAYS)
def test_a_text_file_never_seems_whole_when_its_run_failed(server: Server, ports: dict[str, int], way: str) -> None:
    run = server.start_tap(f"failing-{way}", "10")
    server.until_rows(run["id"], 10)
    with client(ports, way) as proxied:
        path = f"/runs/{run['id']}/artifact"
        request = proxied.build_request("GET", path)
        if way == "nginx11":  # it speaks HTTP/1.1 and adds no header, so the file grows, and the cut is passed on
            with proxied.stream("GET", path) as got:
                pieces = got.iter_raw()
                assert next(pieces) == csv_of(10)
                server.tap(f"failing-{way}", "10 fail")
                with pytest.raises(httpx.RemoteProtocolError):
                    b"".join(pieces)
            return
        server.tap(f"failing-{way}", "10 fail")
        got = proxied.send(request)
        assert got.status_code in (409, 500)
        assert got.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_a_whole_file_arrives_whole(server: Server, ports: dict[str, int], way: str, extension: str) -> None:
    name = f"{extension}-{way}"
    server.tap(name, "500 end")
    with client(ports, way) as proxied:
        got = proxied.get(f"/exports/tap.{extension}", params={"name": name})
        whole = server.client.get(got.headers["content-location"])
        assert (got.status_code, got.content) == (200, whole.content)
        part = proxied.get(got.headers["content-location"], headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole.content[100:200])
        assert part.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("way", WAYS)
def test_a_workbook_begins_at_once(server: Server, ports: dict[str, int], way: str) -> None:
    name = f"at-once-{way}"
    server.tap(name, "10")
    with client(ports, way) as proxied, proxied.stream("GET", "/exports/tap.xlsx", params={"name": name}) as got:
        pieces = got.iter_raw()
        assert next(pieces).startswith(b"PK")
        server.tap(name, "20 end")
        b"".join(pieces)


@pytest.mark.parametrize("way", WAYS)
def test_events_arrive_as_they_happen(server: Server, ports: dict[str, int], way: str) -> None:
    run = server.start_tap(f"events-{way}", "10")
    server.until_rows(run["id"], 10)
    with client(ports, way) as proxied, proxied.stream("GET", f"/runs/{run['id']}/events") as answer:
        events = Events(answer)
        assert json.loads(events.named("run")["data"])["done"] == 10
        server.tap(f"events-{way}", "20 end")
        assert json.loads(events.named("done")["data"])["done"] == 20
