"""The app in a project: its checks, migrations and commands, the shop's own tests, and the page's ten minutes."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import django
import httpx
import pytest

from narrowboat.contrib.django import configuration
from tests.django.shop import CUSTOMERS, PROJECT, Person, environment, manage, orders_csv
from tests.waiting import free_port, until

DOCS = Path(__file__).parents[2] / "docs/howto"


def told(tmp_path: Path, code: str, *argv: str) -> subprocess.CompletedProcess[str]:
    """What a command says in the shop with other settings."""
    (tmp_path / "broken.py").write_text(f"from shop.settings import *\n{code}\n")
    more = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "broken"}
    return manage(tmp_path, *(argv or ("check",)), check=False, **more)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("NARROWBOAT = 1", r"E001\) NARROWBOAT is no dictionary"),
        (
            "NARROWBOAT = {'WORKER': 1}",
            r"E002\) NARROWBOAT has no key 'WORKER'.*HINT: The keys of NARROWBOAT are",
        ),
        ("NARROWBOAT = {'workers': 1}", r"E002\) NARROWBOAT has no key 'workers'"),
        ("NARROWBOAT = {'OPTIONS': {'public': 1}}", r"E002\).*no 'public'.*public_url"),
        ("NARROWBOAT = {'WORKERS': 'two'}", r"E003\) NARROWBOAT\['WORKERS'\] is 'two'.*It must be int"),
        ("NARROWBOAT = {'WORKERS': True}", r"E003\)"),
        ("NARROWBOAT = {'WORKERS': -1}", r"E003\)"),
        ("NARROWBOAT = {'DATABASE': 'other'}", r"E004\) NARROWBOAT\['DATABASE'\] is 'other'.*aliases are default"),
        ("NARROWBOAT = {'PERMISSION': 'shop.nothing.may'}", r"E005\) NARROWBOAT\['PERMISSION'\]: No module named"),
        ("NARROWBOAT = {'ATTRIBUTES': 'shop.settings.DATA_DIR'}", r"E005\).*cannot be called"),
        ("DATABASES['default']['ENGINE'] = 'django.db.backends.dummy'", r"E006\).*HINT:.*DATABASES\['narrowboat'\]"),
        ("DATABASES['default']['OPTIONS'] = {}", r"W001\).*transaction_mode"),
    ],
)
def test_a_wrong_setting_is_named_by_the_checks(code: str, says: str, tmp_path: Path) -> None:
    found = told(tmp_path, code)
    assert re.search(says, found.stderr, re.S), found.stdout + found.stderr
    assert (found.returncode == 0) == ("W001" in says)


def test_with_a_wrong_setting_no_run_is_started(tmp_path: Path) -> None:
    found = told(tmp_path, "NARROWBOAT = {'WORKER': 1}", "shell", "-c", "from narrowboat.contrib.django import nb")
    assert "BadConfiguration: NARROWBOAT has no key 'WORKER'" in found.stderr


def test_runs_can_be_kept_in_another_database_than_the_rest(tmp_path: Path) -> None:
    other = (
        "DATABASES['narrowboat'] = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': DATA_DIR / 'runs.sqlite3', "
        "'OPTIONS': {'transaction_mode': 'IMMEDIATE'}}; NARROWBOAT = {'DATABASE': 'narrowboat'}"
    )
    assert told(tmp_path, other, "migrate").returncode == 0
    code = (
        "from narrowboat.contrib.django import nb; from narrowboat.contrib.django.models import Run; "
        "run = nb.start('orders').run; print(Run.objects.get().id == run.id, nb.folder)"
    )
    found = told(tmp_path, other, "shell", "-v", "0", "-c", code)
    assert found.stdout.split() == ["True", str(tmp_path / "runs.files")], found.stderr
    code = "from django.db import connection; print(connection.introspection.table_names())"
    tables = told(tmp_path, other, "shell", "-v", "0", "-c", code).stdout
    assert "auth_user" in tables
    assert "narrowboat_runs" not in tables


STRICT = {"PYTHONWARNINGS": "error,ignore:No directory at:UserWarning"}
"""Django tells by warnings what its next versions will not do any more; WhiteNoise, of a project not deployed yet."""


def test_no_migration_is_missing_and_the_projects_own_tests_pass(tmp_path: Path) -> None:
    manage(tmp_path, "makemigrations", "--check", **STRICT)
    manage(tmp_path, "test", **STRICT)


@pytest.mark.services
def test_the_same_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    manage(tmp_path, "makemigrations", "--check", DATABASE_URL=postgresql, **STRICT)
    manage(tmp_path, "test", DATABASE_URL=postgresql, **STRICT)


ACTIONS = """
from django.contrib import admin
from django.contrib.admin.options import ActionLocation
from django.contrib.auth.models import User
from django.test import RequestFactory
from narrowboat.contrib.django.actions import ExportActions
from shop.models import Order

class Older:
    def get_actions(self, request):
        return super().get_actions(request)

class Orders(ExportActions, admin.ModelAdmin):
    actions = ["ship"]
    @admin.action(description="Ship", location=list(ActionLocation))
    def ship(self, request, queryset): ...

class OldOrders(ExportActions, Older, admin.ModelAdmin): ...

request = RequestFactory().get("/")
request.user = User(is_superuser=True, is_active=True, is_staff=True)
for n, one in enumerate((Orders, OldOrders)):
    for place in ActionLocation:
        print(place.name, *one(Order, admin.AdminSite(f"a{n}{place.name}")).get_actions(request, action_location=place))
"""


@pytest.mark.skipif(django.VERSION < (6, 1), reason="Django 6.1 is the first with actions on the page of a row")
def test_exports_stay_on_the_list_and_a_projects_own_actions_where_it_puts_them(tmp_path: Path) -> None:
    assert manage(tmp_path, "shell", "-v", "0", "-c", ACTIONS, **STRICT).stdout.splitlines() == [
        "CHANGE_FORM ship",
        "CHANGE_LIST delete_selected ship export_selected export_all_filtered",
        "CHANGE_FORM",
        "CHANGE_LIST delete_selected export_selected export_all_filtered",
    ]


NONCES = """
from django.utils.csp import CSP
MIDDLEWARE += ["django.middleware.csp.ContentSecurityPolicyMiddleware"]
TEMPLATES[0]["OPTIONS"]["context_processors"] += ["django.template.context_processors.csp"]
SECURE_CSP = {"default-src": [CSP.NONCE]}
"""


@pytest.mark.skipif(django.VERSION < (6, 1), reason="Django 6.1 is the first whose own admin carries nonces")
def test_scripts_and_styles_of_the_admins_pages_carry_the_nonce_of_a_strict_policy(tmp_path: Path) -> None:
    assert told(tmp_path, NONCES, "migrate").returncode == 0
    code = (
        "from django.contrib.auth.models import User; from django.test import Client; "
        "from narrowboat.contrib.django import nb; boss = User.objects.create_superuser('boss'); "
        "run = nb.start('orders', owner='1').run; own = Client(); own.force_login(boss); "
        "print(*(own.get(path, headers={'host': '127.0.0.1'}).content.decode() for path in "
        "(f'/admin/narrowboat/run/{run.id}/change/', '/admin/shop/customer/import/')))"
    )
    pages = told(tmp_path, NONCES, "shell", "-v", "0", "-c", code).stdout
    ours = [
        tag for tag in re.findall(r"<(?:link|script)[^>]*>", pages) if "narrowboat/run." in tag or "forms.css" in tag
    ]
    assert (len(ours), [tag for tag in ours if 'nonce="' not in tag]) == (4, [])


def test_migrating_back_and_forth_keeps_the_runs(tmp_path: Path) -> None:
    manage(tmp_path, "migrate")
    manage(tmp_path, "shell", "-c", "from narrowboat.contrib.django import nb; nb.start('orders')")
    for target in ("zero", "0001"):
        manage(tmp_path, "migrate", "narrowboat", target)
    assert len(json.loads(manage(tmp_path, "narrowboat_runs", "list", "--json").stdout)["runs"]) == 1


def test_commands_export_and_steer(folder: Path) -> None:
    out = folder / "out.csv"
    manage(folder, "narrowboat_export", "orders", "--to", str(out), "--param", "state=n")
    assert out.read_bytes() == orders_csv("n")
    again = manage(folder, "narrowboat_export", "orders", "--to", str(out), check=False)
    assert (again.returncode, "exists. Replace it with --force" in again.stderr) == (1, True)
    manage(
        folder, "narrowboat_export", "my-customers", "--to", str(out), "--user", "ann", "--force", "--columns", "name"
    )
    with open(out, encoding="utf-8-sig") as file:
        assert len(list(csv.reader(file))) == CUSTOMERS // 4 + 2
    for argv, says in {
        ("nothing", "--to", "x.csv"): "[unknown-job]",
        ("orders", "--to", "x.csv", "--param", "stat=n"): "Unknown parameter 'stat'. Parameters: state.",
        ("orders", "--to", "x.csv", "--user", "nobody"): "There is no user 'nobody'. [bad-parameter]",
        ("shop.customer", "--to", str(folder / "x.csv"), "--user", "bob"): "may not view customers",
    }.items():
        refused = manage(folder, "narrowboat_export", *argv, check=False)
        assert refused.returncode == 1
        assert says in refused.stderr
    code = "from narrowboat.contrib.django import nb; print(nb.start('orders').run.id)"
    run = manage(folder, "shell", "-v", "0", "-c", code).stdout.split()[-1]
    for verb, state in [("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("show", "cancelled")]:
        assert f"orders  {state}" in manage(folder, "narrowboat_runs", verb, run).stdout
    assert run in manage(folder, "narrowboat_runs", "list", "--state", "cancelled").stdout


def test_a_worker_for_another_database_than_its_servers_does_not_begin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "narrowboat", "worker", "narrowboat.contrib.django.worker:nb"]
    env = environment(tmp_path, DJANGO_SETTINGS_MODULE="shop.settings", NARROWBOAT_STORE="another")
    refused = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert "The server's runs are in another database" in refused.stderr


def test_every_setting_and_check_is_on_the_page() -> None:
    page, source = (DOCS / "django.md").read_text(), Path(configuration.__file__).parent
    for key in configuration.TYPES:
        assert f'    "{key.upper()}": ' in page
    code = "".join(module.read_text() for module in source.glob("*.py"))
    told = page.replace("`narrowboat.E001` to `E003`", "narrowboat.E001 narrowboat.E002 narrowboat.E003")
    assert set(re.findall(r"narrowboat\.[EW]\d+", code)) == set(re.findall(r"narrowboat\.[EW]\d+", told))


def blocks(page: str) -> Mapping[str, str]:
    """The code of a page by the file that its first line names."""
    return dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", (DOCS / page).read_text(), re.S))


def begin(folder: Path, *pages: str) -> Path:
    """A new project as Django makes it, with what the pages say in its files."""
    for argv in (["startproject", "mysite", "."], ["startapp", "leads"]):
        subprocess.run([sys.executable, "-m", "django", *argv], cwd=folder, check=True)
    for page in pages:
        for name, code in blocks(page).items():
            with open(folder / name, "a") as file:
                file.write(f"\n{code}")
    return folder


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    return begin(tmp_path, "django.md", "django-admin.md")


IMPORTING = """
from pathlib import Path
from narrowboat.contrib.django import nb
from narrowboat.testing import run_inline
from leads.models import Lead
Path("leads.csv").write_text("Name,City\\nAma,Tema\\nKofi,\\nAma,Accra\\n")
run = run_inline(nb, nb.import_file("lead-list", "leads.csv").run.id)
print(nb.account(run)["message"], list(Lead.objects.values_list("name", "city")))
run_inline(nb, nb.undo(run).run.id)
print(Lead.objects.count())
"""


def test_the_page_of_imports_works_as_written(tmp_path: Path) -> None:
    folder = begin(tmp_path, "django.md", "django-imports.md")
    for argv in (["makemigrations", "leads"], ["migrate"], ["check", "--fail-level", "WARNING"]):
        subprocess.run([sys.executable, "manage.py", *argv], cwd=folder, check=True)
    shell = [sys.executable, "manage.py", "shell", "-v", "0", "-c", IMPORTING]
    said = subprocess.run(shell, cwd=folder, check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == ["3 rows: 1 created, 2 rejected. [('Ama', 'Tema')]", "0"]


def test_the_ten_minutes_of_the_page_work_as_written(begun: Path) -> None:
    env = {**os.environ, "DJANGO_SUPERUSER_PASSWORD": "pw"}
    (commands,) = re.findall(
        r"```text\n(python manage.py makemigrations.*?)```", (DOCS / "django.md").read_text(), re.S
    )
    *before, serve = [line.split()[1:] for line in commands.splitlines()]
    assert serve == ["manage.py", "runserver"]
    for argv in before:
        more = ["--noinput", "--username", "ann", "--email", "ann@x.example"] if argv[-1] == "createsuperuser" else []
        subprocess.run([sys.executable, *argv, *more], cwd=begun, env=env, check=True)
    subprocess.run([sys.executable, "manage.py", "check", "--fail-level", "WARNING"], cwd=begun, check=True)
    make = "from leads.models import Lead; [Lead.objects.create(name=c, city=c) for c in ('Tema', 'Accra')]"
    subprocess.run([sys.executable, "manage.py", "shell", "-c", make], cwd=begun, check=True)
    port = free_port()
    # From another folder, and with the reloader, as people start it.
    server = subprocess.Popen(
        [sys.executable, begun / "manage.py", "runserver", str(port)], cwd=PROJECT, start_new_session=True
    )
    try:
        check_what_the_page_promises(f"http://127.0.0.1:{port}")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def check_what_the_page_promises(url: str) -> None:
    def answers() -> bool:
        try:
            return httpx.get(f"{url}/bulk/jobs").status_code == 401
        except httpx.TransportError:
            return False

    until(answers, "runserver to answer")
    ann = Person(url, "ann", login="/admin/login/")
    assert ann.http.get("/bulk/", headers={"Accept": "text/html"}).status_code == 200
    file = ann.http.get("/bulk/exports/leads.csv?city=Tema", follow_redirects=True)
    assert file.text == "\ufeffid,name,city\r\n1,Tema,Tema\r\n"
    started = ann.act("/admin/leads/lead/?q=accra", "export_all_filtered", format="csv")
    run_id = started.headers["location"].split("/")[-3]
    assert ann.until_ended(run_id)["done"] == 1
    assert ann.http.get(f"/admin/narrowboat/run/{run_id}/file/").content.endswith(b"Accra,Accra\r\n")
    listed = ann.http.get("/admin/narrowboat/run/").text
    assert re.search(r'<a href="[^"]*/file/" title="\S+\.csv">csv</a>', listed), "short"
    assert "nowrap" not in listed, "the list needs no more room than beside its filters"


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    conf = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; include {PROJECT}/nginx.conf; }}"
    (tmp_path / "nginx.conf").write_text(conf)
    tried = subprocess.run(["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed")
def test_caddy_takes_the_configuration() -> None:
    tried = subprocess.run(["caddy", "adapt", "--config", PROJECT / "Caddyfile"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
