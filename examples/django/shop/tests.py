"""How a project tests its exports and imports: `manage.py test`. Runs are worked on in the test, without a server."""

import re
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TransactionTestCase, override_settings

from narrowboat.contrib.django import nb
from narrowboat.contrib.django.models import Run
from narrowboat.jobs.output import Output
from narrowboat.testing import run_inline
from shop.models import Customer


def only_seeing(user: User, action: str, job: str) -> bool:
    """A rule: staff sees what there is."""
    return user.is_staff and action == "see"


class ExportTest(TransactionTestCase):
    """Not TestCase: its transaction is never committed, and runs have a connection of their own."""

    def setUp(self) -> None:
        self.boss = User.objects.create_superuser("boss")
        self.ann = User.objects.create_user("ann", is_staff=True)
        for n, (name, city) in enumerate([("Ama", "Tema"), ("Kofi", "Accra"), ("Łukasz", "Tema")], start=1):
            Customer.objects.create(
                id=n, name=name, city=city, phone=str(n), shipping_mark=str(n), since=date(2026, 1, n)
            )

    def made(self, location: str) -> str:
        """The file of the run to whose page an action led."""
        run = run_inline(nb, location.split("/")[-3])
        assert run.artifact, run.error
        return Path(nb.run_folder(run.id), run.artifact.path).read_bytes().decode("utf-8-sig")

    def act(self, path: str, action: str, *ticked: int, **more: str) -> Any:
        """What the server answers to an action of a list."""
        return self.client.post(
            path, {"action": action, "_selected_action": ticked, "index": 0, "format": "csv", **more}
        )

    def test_rows_are_those_of_the_requesters_city(self) -> None:
        run = nb.start("my-customers", output=Output("csv"), owner="1", attributes={"city": "Tema"}).run
        ended = run_inline(nb, run.id)
        self.assertEqual((ended.state, ended.counters.rows), ("succeeded", 2))

    def test_ticked_rows_are_exported_with_the_lists_columns(self) -> None:
        self.client.force_login(self.boss)
        answer = self.act("/admin/shop/customer/", "export_selected", 1, 3)
        self.assertEqual(
            self.made(answer["Location"]),
            "name,city,phone,since\nAma,Tema,1,2026-01-01\nŁukasz,Tema,3,2026-01-03\n".replace("\n", "\r\n"),
        )

    def test_all_that_is_filtered_and_searched_is_exported_whatever_is_ticked(self) -> None:
        self.client.force_login(self.boss)
        for path, names in [
            ("?city=Tema", ["Ama", "Łukasz"]),
            ("?city=Tema&q=ama", ["Ama"]),
            ("?p=1", ["Ama", "Kofi", "Łukasz"]),
            ("", ["Ama", "Kofi", "Łukasz"]),
        ]:
            answer = self.act(f"/admin/shop/customer/{path}", "export_all_filtered")
            lines = self.made(answer["Location"]).splitlines()[1:]
            self.assertEqual([line.split(",")[0] for line in lines], names)

    def test_ticking_all_pages_is_exporting_all(self) -> None:
        self.client.force_login(self.boss)
        answer = self.act("/admin/shop/customer/?city=Accra", "export_selected", 2, select_across="1")
        self.assertIn("Kofi", self.made(answer["Location"]))

    def test_who_may_not_view_a_list_cannot_export_it(self) -> None:
        self.client.force_login(self.ann)
        before = Run.objects.count()
        self.assertEqual(self.act("/admin/shop/customer/", "export_all_filtered").status_code, 403)
        self.assertEqual(self.client.get("/admin/narrowboat/run/").status_code, 403)
        self.assertEqual(Run.objects.count(), before)

    def test_who_may_not_view_a_list_any_more_gets_no_file(self) -> None:
        self.ann.user_permissions.add(Permission.objects.get(codename="view_customer"))
        self.client.force_login(self.ann)
        answer = self.act("/admin/shop/customer/", "export_all_filtered")
        self.ann.user_permissions.clear()
        ended = run_inline(nb, answer["Location"].split("/")[-3])
        self.assertEqual((ended.state, ended.error_code), ("failed", "not-allowed"))

    def test_filters_that_the_list_does_not_offer_find_nothing_out(self) -> None:
        run = nb.start(
            "shop.customer", {"filters": "orders__customer__name__startswith=A"}, owner=str(self.boss.pk)
        ).run
        ended = run_inline(nb, run.id)
        self.assertEqual((ended.state, ended.error_code), ("failed", "bad-parameter"))

    def test_staff_see_their_own_runs_and_their_pages(self) -> None:
        self.ann.user_permissions.add(Permission.objects.get(codename="view_customer"))
        own = nb.start("shop.customer", owner=str(self.ann.pk)).run
        other = nb.start("orders", owner=str(self.boss.pk)).run
        self.client.force_login(self.ann)
        listed = self.client.get("/admin/narrowboat/run/").content.decode()
        self.assertIn(own.id, listed)
        self.assertNotIn(other.id, listed)
        self.assertEqual(self.client.get(f"/admin/narrowboat/run/{own.id}/change/").status_code, 200)
        for place in ("change", "file", "now"):
            self.assertIn(self.client.get(f"/admin/narrowboat/run/{other.id}/{place}/").status_code, (302, 404))

    def test_operators_steer_runs_and_read_their_history(self) -> None:
        run = nb.start("orders", owner=str(self.ann.pk)).run
        self.client.force_login(self.boss)
        for action, state in [("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("resume", "queued")]:
            page = self.client.post(
                "/admin/narrowboat/run/", {"action": action, "_selected_action": run.id, "index": 0}, follow=True
            )
            self.assertContains(page, f"Orders {run.id}: {state}.")
        page = self.client.post(
            "/admin/narrowboat/run/", {"action": "retry", "_selected_action": run.id, "index": 0}, follow=True
        )
        self.assertContains(page, "rejected nothing")
        run_inline(nb, run.id)
        page = self.client.get(f"/admin/narrowboat/run/{run.id}/change/")
        self.assertContains(page, "cancelled before a worker claimed it (by boss)")
        self.assertContains(page, "<strong>succeeded</strong>")
        self.assertContains(page, "ann")
        for query in (
            "?state=succeeded",
            "?job=orders",
            f"?q={run.id[:9]}",
            "?o=6",
            "?created__gte=2020-01-01+00:00:00",
        ):
            self.assertContains(self.client.get(f"/admin/narrowboat/run/{query}"), run.id)
        self.assertNotContains(self.client.get("/admin/narrowboat/run/?state=failed"), run.id)
        self.assertEqual(self.client.get(f"/admin/narrowboat/run/{run.id}/now/").json()["ended"], True)
        file = self.client.get(f"/admin/narrowboat/run/{run.id}/file/")
        self.assertTrue(b"".join(file.streaming_content).startswith(b"PK"))  # type: ignore[attr-defined]

    def test_a_form_that_is_sent_twice_cancels_for_one_of_two_who_share_a_run(self) -> None:
        run = nb.start("orders", owner=str(self.ann.pk)).run
        self.assertEqual(nb.start("orders", owner=str(self.ann.pk)).how, "joined")
        self.client.force_login(self.boss)
        form = {"action": "cancel", "_selected_action": run.id, "index": 0}
        for key, state in (("one", "queued"), ("one", "queued"), ("two", "cancelled")):
            page = self.client.post("/admin/narrowboat/run/", {**form, "key": key}, follow=True)
            self.assertContains(page, f"Orders {run.id}: {state}.")

    def test_a_run_took_the_same_time_everywhere(self) -> None:
        run = run_inline(nb, nb.start("orders", owner=str(self.ann.pk)).run.id)
        row = Run.objects.get(pk=run.id)
        self.assertAlmostEqual(row.took(), run.took(0.0), places=3)
        row.stood = row.took() + 1.0  # the clock was set back meanwhile
        self.assertEqual(row.took(), 0.0)

    @override_settings(NARROWBOAT={"PERMISSION": "shop.tests.only_seeing"})
    def test_a_function_of_the_project_may_say_who_may_do_what(self) -> None:
        self.client.force_login(self.ann)
        job = next(one for one in self.client.get("/bulk/jobs").json()["jobs"] if one["name"] == "orders")
        self.assertEqual(job["may"], ["see"])
        self.assertEqual(self.client.post("/bulk/jobs/orders/runs", {}, "application/json").status_code, 403)
        self.client.force_login(User.objects.create_user("bob"))
        self.assertEqual(self.client.get("/bulk/jobs").json()["jobs"], [])

    def test_runs_cannot_be_added_changed_or_deleted(self) -> None:
        run = nb.start("orders", owner=str(self.ann.pk)).run
        self.client.force_login(self.boss)
        self.assertEqual(self.client.get("/admin/narrowboat/run/add/").status_code, 403)
        self.assertEqual(self.client.post(f"/admin/narrowboat/run/{run.id}/delete/", {"post": "yes"}).status_code, 403)
        self.assertEqual(
            self.client.post(f"/admin/narrowboat/run/{run.id}/change/", {"state": "failed"}).status_code, 403
        )
        self.assertEqual(nb.store.get(run.id).state, "queued")

    def test_the_http_api_is_there_for_the_test_client_and_starts_no_workers(self) -> None:
        self.ann.user_permissions.add(Permission.objects.get(codename="use_orders"))
        self.ann.groups.add(Group.objects.create(name="Tema"))
        self.client.force_login(self.ann)
        started = self.client.post("/bulk/jobs/orders/runs", {"output": {"format": "csv"}}, "application/json")
        self.assertEqual(started.status_code, 202)
        run_inline(nb, started.json()["id"])
        file = self.client.get(f"/bulk/runs/{started.json()['id']}/artifact")
        self.assertEqual(b"".join(file.streaming_content).count(b"\r\n"), 1)  # type: ignore[attr-defined]
        self.assertEqual(self.client.get("/bulk/health").json()["workers"], 0)


class ImportTest(TransactionTestCase):
    """Files that people send."""

    def setUp(self) -> None:
        self.ann = User.objects.create_user("ann", is_staff=True)
        self.ann.user_permissions.set(Permission.objects.filter(codename__in=["use_customers", "view_customer"]))
        self.client.force_login(self.ann)
        Customer.objects.create(name="Ama", city="Tema", phone="+233200000001", shipping_mark="A1")

    def send(self, *lines: str, **more: str) -> Any:
        """What the admin's page answers to a file."""
        text = "\r\n".join(["Name,Phone,Shipping mark,City", *lines])
        file = SimpleUploadedFile("customers.csv", text.encode())
        return self.client.post("/admin/shop/customer/import/", {"file": file, **more}, follow=True)

    def run_of(self, answer: Any) -> str:
        (where, _) = answer.redirect_chain[-1]
        return str(where.split("/")[-3])

    def test_a_file_is_imported_its_bad_rows_named_and_once_fixed_taken(self) -> None:
        bad = ("Kofi,020,A2,Tema", "Esi,+233200000001,A3,Tema", ",+233200000004,A4,Tema")
        answer = self.send("Yaw,+233200000005,A5,Accra", *bad)
        run = run_inline(nb, self.run_of(answer))
        self.assertEqual((run.state, run.counters.created, run.counters.rejected), ("partial", 1, 3))
        page = self.client.get(f"/admin/narrowboat/run/{run.id}/change/")
        for told in (
            "4 rows: 1 created, 3 rejected.",
            "<td>3</td><td>Phone: must be a number with its country code, such as +233201234567.</td>",
            "there is a record with this phone already: id ",
            "<td>5</td><td>Name: is required.</td>",
            "/admin/shop/customer/import/",
        ):
            self.assertContains(page, told)
        rejects = b"".join(self.client.get(f"/admin/narrowboat/run/{run.id}/file/").streaming_content)  # type: ignore[attr-defined]
        self.assertTrue(rejects.startswith(b"PK"))
        fixed = self.send("Kofi,+233200000002,A2,Tema", "Esi,+233200000003,A3,Tema", "Efua,+233200000004,A4,Tema")
        again = run_inline(nb, self.run_of(fixed))
        self.assertEqual((again.state, Customer.objects.count()), ("succeeded", 5))
        self.assertContains(
            self.send("Kofi,+233200000002,A2,Tema", "Esi,+233200000003,A3,Tema", "Efua,+233200000004,A4,Tema"),
            "You imported this very file before",
        )

    def test_checking_a_file_changes_nothing(self) -> None:
        run = run_inline(nb, self.run_of(self.send("Yaw,+233200000005,A5,Accra", dry_run="on")))
        self.assertEqual((run.counters.created, Customer.objects.count()), (1, 1))

    def test_an_import_is_taken_back_from_its_page(self) -> None:
        run = run_inline(nb, self.run_of(self.send("Yaw,+233200000005,A5,Accra")))
        self.assertContains(self.client.get(f"/admin/narrowboat/run/{run.id}/change/"), "Take it back")
        ticked = {"action": "undo", "_selected_action": run.id, "index": 0}
        page = self.client.post("/admin/narrowboat/run/", ticked, follow=True)
        self.assertContains(page, "taken back by")
        run_inline(nb, Run.objects.get(parent=run.id).id)
        self.assertEqual(Customer.objects.get().name, "Ama")

    def test_a_form_that_is_sent_twice_retries_and_takes_back_once(self) -> None:
        run = run_inline(nb, self.run_of(self.send("Yaw,+233200000005,A5,Accra", "Kofi,020,A2,Tema")))
        for path in (f"/admin/narrowboat/run/{run.id}/change/", "/admin/narrowboat/run/"):
            form = {"_selected_action": run.id, "index": 0, "key": self.key_in(path)}
            for action, told in (("retry", "retried as"), ("undo", "taken back by")):
                before = Run.objects.filter(parent=run.id, relation=action).count()
                for told_now in (f": {told}", f": already {told}"):
                    page = self.client.post("/admin/narrowboat/run/", {**form, "action": action}, follow=True)
                    made = Run.objects.filter(parent=run.id, relation=action)
                    self.assertContains(page, f"{told_now} {made[0].id}.")
                    self.assertEqual(len(made), before + 1)
                    run_inline(nb, made[0].id)

    def key_in(self, path: str) -> str:
        """The key of the form on a page."""
        found = re.search(r'<input type="hidden" name="key" value="([^"]+)"', self.client.get(path).content.decode())
        assert found
        return found[1]

    def test_where_the_server_keeps_a_file_is_not_told_to_everybody(self) -> None:
        path = f"/admin/narrowboat/run/{self.run_of(self.send('Yaw,+233200000005,A5,Accra'))}/change/"
        self.assertContains(self.client.get(path), "customers.csv")
        self.assertNotContains(self.client.get(path), str(nb.folder))
        self.client.force_login(User.objects.create_superuser("boss"))
        self.assertContains(self.client.get(path), str(nb.folder))

    def test_the_page_is_for_those_who_may(self) -> None:
        self.assertContains(self.client.get("/admin/shop/customer/"), "/admin/shop/customer/import/")
        form = self.client.get("/admin/shop/customer/import/")
        self.assertContains(form, "<li>Shipping mark (required)</li>")
        self.assertTrue(self.client.get("/admin/shop/customer/import/example.xlsx").content.startswith(b"PK"))
        self.assertContains(self.client.post("/admin/shop/customer/import/", {}), "This field is required.")
        self.client.force_login(User.objects.create_user("bob", is_staff=True))
        for path in ("", "example.xlsx"):
            self.assertEqual(self.client.get(f"/admin/shop/customer/import/{path}").status_code, 403)
