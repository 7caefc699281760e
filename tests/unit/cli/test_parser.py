"""Which command is meant."""

import subprocess
import sys
from pathlib import Path

import pytest

from narrowboat import sample
from narrowboat.cli import main
from narrowboat.cli.parser import COMMANDS

HEAVY = (
    "fastapi",
    "starlette",
    "pydantic",
    "uvicorn",
    "prometheus_client",
    "asyncio",
    "logging",
    "subprocess",
    "psycopg",
)
LOADED = """
import sys
from narrowboat.cli import main
status = main(sys.argv[1:])
print(*sorted(sys.modules))
sys.exit(status)
"""


def test_without_a_command_all_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for name, summary in COMMANDS.items():
        assert f"{name:<8}{summary}" in text


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["exprot"])
    assert end.value.code == 2
    assert "exprot" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_teaches_by_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"  narrowboat {command} " in capsys.readouterr().out


def test_an_export_loads_nothing_of_the_web(tmp_path: Path) -> None:
    """Start-up time and memory are features: what is not needed is not imported."""
    sample.make(tmp_path / "crm.db", 10)
    argv = ["export", f"sqlite:///{tmp_path}/crm.db", "--table", sample.TABLE, "--to", f"{tmp_path}/a.xlsx", "--quiet"]
    done = subprocess.run([sys.executable, "-c", LOADED, *argv], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(done.stdout.split())
