"""The query of an export's address."""

from __future__ import annotations

import pytest
from starlette.datastructures import QueryParams

from narrowboat import Narrowboat
from narrowboat.errors import BadConfiguration, BadParameter
from narrowboat.jobs.output import RESERVED, Output
from narrowboat.web.query import asked


def test_parameters_and_choices_stand_side_by_side() -> None:
    query = "city=Lagos&columns=id,name&pages=1-2&page_size=50&label.id=Nr&option.delimiter=%3B"
    params, output = asked(QueryParams(query), "csv")
    assert params == {"city": "Lagos"}
    assert output == Output(
        format="csv", columns=("id", "name"), labels={"id": "Nr"}, page_size=50, pages=(1, 2),
        options={"delimiter": ";"},
    )  # fmt: skip


def test_a_single_page_is_a_page() -> None:
    assert asked(QueryParams("page=3&page_size=10"), "csv")[1].pages == (3,)


@pytest.mark.parametrize(
    "query", ["a=1&a=2", "page=1&pages=2&page_size=3", "page=1", "page_size=5", "page=x&page_size=1"]
)
def test_what_contradicts_itself_is_refused(query: str) -> None:
    with pytest.raises(BadParameter):
        asked(QueryParams(query), "csv")


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_job_cannot_have_a_parameter_called_like_a_choice(name: str) -> None:
    nb = Narrowboat("sqlite:///never-opened.db")
    scope: dict[str, object] = {}
    exec(f"def job({name}: str = ''): ...", scope)  # noqa: S102  # a function with a parameter of this name
    with pytest.raises(BadConfiguration, match=name):
        nb.export("job")(scope["job"])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "a/b"])
def test_a_jobs_name_can_stand_in_an_address(name: str) -> None:
    with pytest.raises(BadConfiguration):
        Narrowboat("sqlite:///never-opened.db").export(name)(lambda: None)
