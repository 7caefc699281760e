"""Models of Django as targets: defaults, times, choices, foreign keys, validation, signals, one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import connections, models, transaction
from django.db.models.signals import post_save, pre_delete, pre_save

from narrowboat.app import Narrowboat
from narrowboat.data.records.django import from_django
from narrowboat.data.target import Mode
from narrowboat.data.targets.django import Model, model
from narrowboat.errors import BadConfiguration
from narrowboat.testing import run_inline
from tests.unit.sources.django_project import connected
from tests.unit.targets.places import Place, Sqlite, customer, nothing, told, wish


class City(models.Model):
    name = models.CharField(max_length=20, unique=True)
    code = models.CharField(max_length=3, unique=True)

    class Meta:
        app_label = "targets"


class Parcel(models.Model):
    """With something of all that a model can say."""

    mark = models.CharField("shipping mark", max_length=8, unique=True, validators=[RegexValidator(r"^[A-Z0-9]+$")])
    city = models.ForeignKey(City, models.CASCADE, to_field="code", null=True, blank=True, db_column="town")
    state = models.CharField(max_length=1, choices=[("n", "new"), ("s", "sent")], default="n")
    note = models.CharField(max_length=50, blank=True)
    weight = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    seen = models.DateTimeField(null=True, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    extra = models.JSONField(default=dict)

    class Meta:
        app_label = "targets"

    def clean(self) -> None:
        if self.state == "s" and self.weight is None:
            raise ValidationError({"weight": "A parcel that is sent has a weight."})


class Label(models.Model):
    """What belongs to a parcel."""

    parcel = models.ForeignKey(Parcel, models.CASCADE)

    class Meta:
        app_label = "targets"


class Line(models.Model):
    """With a key of two columns, and one that the database computes."""

    code = models.CharField(max_length=5)
    shop = models.IntegerField()
    price = models.IntegerField(db_column="cost")
    twice = models.GeneratedField(expression=models.F("price") * 2, output_field=models.IntegerField(), db_persist=True)

    class Meta:
        app_label = "targets"
        constraints = (models.UniqueConstraint(fields=["code", "shop"], name="one_line"),)


class Thing(models.Model):
    class Meta:
        app_label = "targets"


class Heavy(Thing):
    """With a table of its own beside its parent's."""

    class Meta:
        app_label = "targets"


TABLES = (City, Parcel, Label, Line)
COLUMNS = ("mark", "city", "state", "note", "weight", "seen")


@pytest.fixture
def alias(place: Place) -> Iterator[str]:
    """A database with the tables."""
    with connected(place.url) as alias:
        with connections[alias].schema_editor() as editor:
            for one in TABLES:
                editor.create_model(one)
        City.objects.using(alias).create(name="Accra", code="ACC")
        yield alias


@pytest.fixture(params=[False, True])
def target(request: pytest.FixtureRequest, alias: str) -> Model:
    """In bulk and saved."""
    return model(Parcel, using=alias, signals=request.param)


def parcel(row: int, **values: Any) -> Any:
    made = {"mark": f"M{row}", "city": "ACC", "state": None, "note": None, "weight": None, "seen": None, **values}
    return customer(row)._replace(values=tuple(made.values()))


def write(target: Model, *records: Any, mode: Mode = Mode.CREATE, **more: Any) -> dict[int, str]:
    opened = target.open(wish(mode, **{"columns": COLUMNS, "unique": (("mark",),), **more}))
    try:
        outcomes = opened.write(records, nothing)
        opened.commit()
    finally:
        opened.close()
    return {record.row: told(one) for record, one in zip(records, outcomes, strict=True)}


def test_an_empty_cell_is_what_the_model_says_and_fields_outside_have_their_defaults(target: Model) -> None:
    seen = datetime(2026, 1, 31, 9, 30)
    assert write(target, parcel(2), parcel(3, city=None, seen=seen)) == {2: "created", 3: "created"}
    one, other = Parcel.objects.using(target.using).order_by("mark")
    assert (one.city_id, one.state, one.note, one.weight, one.extra) == ("ACC", "n", "", None, {})
    assert (other.city_id, other.seen) == (None, datetime(2026, 1, 31, 8, 30, tzinfo=UTC)), "a clock in Berlin"
    assert abs((datetime.now(UTC) - one.made).total_seconds()) < 300


def test_an_update_changes_auto_now_and_what_the_file_has_alone(target: Model) -> None:
    old = Parcel.objects.using(target.using).create(mark="M2", note="kept", extra={"kept": 1}, weight=2)
    names = frozenset({"mark", "state"})
    rows = parcel(2, state="s", note="lost")
    found = target.open(wish(Mode.UPSERT, columns=COLUMNS, unique=(("mark",),))._replace(updated=names))
    assert [told(one) for one in found.write([rows], nothing)] == ["updated"]
    found.commit()
    found.close()
    new = Parcel.objects.using(target.using).get()
    assert (new.state, new.note, new.extra, new.weight, new.made) == ("s", "kept", {"kept": 1}, 2, old.made)
    assert new.changed > old.changed


def test_problems_name_the_fields_of_the_import(target: Model) -> None:
    opened = target.open(wish(columns=COLUMNS, unique=(("mark",),)))
    rows = [parcel(2), parcel(3, city="XXX"), parcel(4, weight="heavy"), parcel(5, mark=None), parcel(6)]
    outcomes = opened.write(rows, nothing)
    opened.commit()
    opened.close()
    problems = [(one.problem.code, one.problem.column) if one.problem else None for one in outcomes]
    assert problems == [None, ("no-such-parent", "city"), ("invalid", "weight"), ("required", "mark"), None]
    assert Parcel.objects.using(target.using).count() == 2


def test_full_clean_refuses_what_a_form_would(target: Model) -> None:
    strict = model(Parcel, using=target.using, signals=target.signals, full_clean=True)
    opened = strict.open(wish(columns=COLUMNS, unique=(("mark",),)))
    rows = [parcel(2), parcel(3, mark="no!"), parcel(4, state="x"), parcel(5, state="s"), parcel(6, mark="TOOLONG99")]
    outcomes = opened.write(rows, nothing)
    opened.close()
    assert [(one.problem.column, one.problem.message) if one.problem else None for one in outcomes] == [
        None,
        ("mark", "Enter a valid value."),
        ("state", "Value 'x' is not a valid choice."),
        ("weight", "A parcel that is sent has a weight."),
        ("mark", "Ensure this value has at most 8 characters (it has 9)."),
    ]


@contextmanager
def receiving(signal: Any, receiver: Any) -> Iterator[None]:
    signal.connect(receiver, sender=Parcel, weak=False)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=Parcel)


def test_signals_are_sent_where_they_are_asked_for_and_may_refuse_a_row(target: Model) -> None:
    told_of: list[tuple[str, bool]] = []

    def refuse(sender: Any, instance: Parcel, **kwargs: Any) -> None:
        if instance.mark == "M3":
            raise ValidationError("Not this one.")

    def note(sender: Any, instance: Parcel, created: bool, **kwargs: Any) -> None:
        told_of.append((instance.mark, created))

    with receiving(pre_save, refuse), receiving(post_save, note):
        Parcel.objects.using(target.using).bulk_create([Parcel(mark="M4")])
        outcomes = write(target, parcel(2), parcel(3), parcel(4), mode=Mode.UPSERT)
    if target.signals:
        assert outcomes == {2: "created", 3: "invalid", 4: "updated"}
        assert told_of == [("M2", True), ("M4", False)]
    else:
        assert outcomes == {2: "created", 3: "created", 4: "updated"}
        assert told_of == []


def test_what_signals_write_goes_with_the_chunk(alias: str) -> None:
    target = model(Parcel, using=alias, signals=True)
    seen: list[str] = []

    def label(sender: Any, instance: Parcel, using: str, **kwargs: Any) -> None:
        Label.objects.using(using).create(parcel=instance)
        transaction.on_commit(lambda: seen.append(instance.mark), using=using)

    with receiving(post_save, label):
        opened = target.open(wish(columns=COLUMNS, unique=(("mark",),)))
        opened.write([parcel(2)], nothing)
        opened.rollback()
        assert (Label.objects.using(alias).count(), seen) == (0, [])
        opened.write([parcel(2)], nothing)
        opened.commit()
        opened.close()
    assert (Label.objects.using(alias).count(), seen) == (1, ["M2"])


def test_a_run_is_taken_back_with_signals_and_never_takes_other_records_along(target: Model) -> None:
    Parcel.objects.using(target.using).create(mark="M2", note="old")
    assert write(target, parcel(2, note="new"), parcel(3), parcel(4), mode=Mode.UPSERT, undo=True) == {
        2: "updated",
        3: "created",
        4: "created",
    }
    Label.objects.using(target.using).create(parcel=Parcel.objects.using(target.using).get(mark="M3"))
    deleted: list[str] = []
    restoring = target.reopen(wish(columns=COLUMNS)._replace(run="back"), "run")
    with receiving(pre_delete, lambda sender, instance, **kwargs: deleted.append(instance.mark)):
        images = restoring.images(None, 10)
        outcomes = restoring.restore(images)
        restoring.commit()
    restoring.close()
    assert {image.row: told(one) for image, one in zip(images, outcomes, strict=True)} == {
        2: "updated",
        3: "referred-to",
        4: "created",
    }
    assert sorted(Parcel.objects.using(target.using).values_list("mark", "note")) == [("M2", "old"), ("M3", "")]
    assert deleted == (["M4"] if target.signals else [])


def test_fields_are_those_that_a_form_would_show() -> None:
    fields = {field.name: field for field in from_django(Parcel, lookups={"city": "name"})}
    assert tuple(fields) == (*COLUMNS, "extra")
    mark, city, state = fields["mark"], fields["city"], fields["state"]
    assert (mark.required, mark.label, mark.type, mark.nullable) == (True, "Shipping mark", "text", False)
    assert city.lookup is not None
    assert (city.required, city.lookup.table, city.lookup.by, city.lookup.gives) == (
        False, "targets_city", "name", "code",
    )  # fmt: skip
    assert (state.default, dict(state.values)) == ("n", {"new": "n", "sent": "s"})
    assert [field.name for field in from_django(Parcel, only=["weight", "mark"])] == ["weight", "mark"]
    with pytest.raises(BadConfiguration, match=r"has no field 'colour'\. Its fields: mark, city"):
        from_django(Parcel, only=["colour"])


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("signals", [True, False])
def test_a_file_goes_into_a_model_whether_its_database_keeps_the_runs_or_not(
    sqlite: Sqlite, tmp_path: Path, together: bool, signals: bool
) -> None:
    with connected(sqlite.url) as alias:
        with connections[alias].schema_editor() as editor:
            for one in TABLES:
                editor.create_model(one)
        City.objects.using(alias).create(name="Accra", code="ACC")
        nb = Narrowboat(sqlite.url if together else f"sqlite:///{tmp_path / 'runs.db'}", folder=tmp_path / "files")
        job = nb.importer(
            "parcels",
            row=from_django(Parcel, only=["mark", "city", "state", "weight"], lookups={"city": "name"}),
            into=model(Parcel, using=alias, signals=signals),
            unique=["mark"],
            undo=True,
            block_rows=2,
        )
        assert job.into.is_in(nb.url) is together
        file = tmp_path / "parcels.csv"
        file.write_text(
            "Shipping mark,City,State,Weight\nA1,Accra,sent,1.5\nA2,,,\na3,Accra,,\nA4,Nowhere,,\nA5,Accra,lost,\n"
            "A6,Accra,n,12345.5\n,Accra,,\nA1,,,\nA7,Accra,,2\n"
        )
        run = run_inline(nb, nb.import_file("parcels", file).run.id)
        account = nb.account(run)
        assert (account["created"], account["rejected"]) == (3, 6), account
        assert [(one["row"], one["problems"][0]["column"]) for one in account["rejects"]] == [
            (4, "Shipping mark"),
            (5, "City"),
            (6, "State"),
            (7, "Weight"),
            (8, "Shipping mark"),
            (9, "Shipping mark"),
        ]
        assert sorted(Parcel.objects.using(alias).values_list("mark", "city_id", "state")) == [
            ("A1", "ACC", "s"),
            ("A2", None, "n"),
            ("A7", "ACC", "n"),
        ]
        undone = run_inline(nb, nb.undo(run).run.id)
        assert (undone.state, Parcel.objects.using(alias).count()) == ("succeeded", 0)
        nb.store.close()


@pytest.mark.parametrize("signals", [True, False])
def test_composite_keys_and_what_the_database_computes(alias: str, signals: bool) -> None:
    lines = Line.objects.using(alias)
    lines.create(code="a", shop=1, price=10)
    target = model(Line, using=alias, signals=signals)
    wanted = {"columns": ("code", "shop", "price"), "unique": (("code", "shop"),), "mode": Mode.UPSERT, "undo": True}
    rows = [customer(n)._replace(values=values) for n, values in enumerate([("a", 1, 11), ("a", 2, 12), ("b", 1, 13)])]
    assert write(target, *rows, **wanted) == {0: "updated", 1: "created", 2: "created"}
    assert sorted(lines.values_list("code", "shop", "twice")) == [("a", 1, 22), ("a", 2, 24), ("b", 1, 26)]
    restoring = target.reopen(wish(columns=("code", "shop", "price"))._replace(run="back"), "run")
    assert {one.problem for one in restoring.restore(restoring.images(None, 10))} == {None}
    restoring.commit()
    restoring.close()
    assert list(lines.values_list("code", "shop", "twice")) == [("a", 1, 20)]
    assert [field.name for field in from_django(Line)] == ["code", "shop", "price"]
    with pytest.raises(BadConfiguration, match="twice is computed by the database"):
        write(target, columns=("code", "shop", "price", "twice"), unique=())


def test_a_model_that_cannot_work_says_so_at_once(alias: str) -> None:
    with pytest.raises(BadConfiguration, match="has a parent's table too"):
        model(Heavy)
    with pytest.raises(BadConfiguration, match="takes a Django model"):
        model("targets.Parcel")
    for columns, said in [
        (("mark", "colour"), "has no field 'colour' that a row can fill. Fields: id, mark"),
        (("note",), r"targets.Parcel.mark has no default and may not be empty"),
        (("mark", "label"), "has no field 'label'"),
    ]:
        with pytest.raises(BadConfiguration, match=said):
            model(Parcel, using=alias).open(wish(columns=columns, unique=()))
    with transaction.atomic(using=alias), pytest.raises(BadConfiguration, match="TransactionTestCase"):
        model(Parcel, using=alias, signals=True).open(wish(columns=("mark",), unique=()))
