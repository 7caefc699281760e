"""Output: what a person may choose about the file."""

import json

import pytest

from narrowboat.errors import BadParameter
from narrowboat.jobs.output import Output, parse_pages


def test_nothing_said_means_everything_in_xlsx() -> None:
    assert Output.parse({}) == Output(format="xlsx", columns=(), pages=(), page_size=None)


def test_a_query_string_and_json_say_the_same() -> None:
    text = Output.parse({"format": "csv", "columns": "id, city", "pages": "1-3,7", "page_size": "2000"})
    parsed = Output.parse({"format": "csv", "columns": ["id", "city"], "pages": [1, 2, 3, 7], "page_size": 2000})
    assert text == parsed
    assert text.pages == (1, 2, 3, 7)


def test_the_record_of_a_run_gives_the_same_output_again() -> None:
    output = Output.parse(
        {"columns": "b,a", "labels": {"a": "Name"}, "pages": 2, "page_size": 50, "options": {"bom": True}}
    )
    assert Output.parse(json.loads(json.dumps(output.as_json()))) == output


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"colour": "red"}, "Unknown output choice 'colour'"),
        ({"page_size": "many", "pages": "1"}, "page_size must be a whole number"),
        ({"page_size": 0, "pages": "1"}, "at least 1"),
        ({"page_size": 10}, "go together"),
        ({"pages": "1"}, "go together"),
        ({"pages": "3-1", "page_size": 10}, "'3-1' is not a page"),
        ({"pages": "0", "page_size": 10}, "'0' is not a page"),
        ({"pages": "1-99999999", "page_size": 10}, "at most 1000 pages"),
        ({"pages": "1-1000,1001-2000", "page_size": 10}, "more pages than a file may have, 1000"),
        ({"pages": 2.5, "page_size": 10}, "'2.5' is not a page"),
        ({"pages": {"1": 1}, "page_size": 10}, "is not a page"),
        ({"page_size": float("inf"), "pages": 1}, "page_size must be a whole number"),
        ({"page_size": 10**20, "pages": 1}, "at most 1,000,000,000"),
        ({"labels": "x"}, "labels must be an object"),
        ({"labels": {"a": 5}}, "The label of 'a' must be text, not 5"),
        ({"columns": 5}, "columns must be a list of names, not 5"),
        ({"columns": [None]}, "columns must be a list of names"),
        ({"columns": {"a": 1}}, "columns must be a list of names"),
    ],
)
def test_a_wrong_choice_is_told_in_a_sentence(given: dict[str, object], says: str) -> None:
    with pytest.raises(BadParameter, match=says):
        Output.parse(given)


def test_null_in_json_is_nothing_said() -> None:
    assert Output.parse(dict.fromkeys(Output._fields)) == Output.parse({})


def test_pages_are_put_in_order_and_counted_once() -> None:
    assert parse_pages("7,1-3,2") == (1, 2, 3, 7)
