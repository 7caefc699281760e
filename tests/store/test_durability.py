"""Durability: a commit that was acknowledged is on disk. kill -9 does not test that, so system calls are watched."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, sys
from narrowboat.kernel.model import Chunk, Counters, Extent, NewRun
from narrowboat.stores import open_store

store = open_store(f"sqlite:///{sys.argv[1]}")
store.migrate()
lease = store.claim(store.submit(NewRun("leads", "export", {}, "ann")).run.id, "w1", seconds=60.0)
for n in range(5):
    os.write(2, b"begin")
    store.commit(lease, Chunk({"n": n}, Counters(rows=1), Extent("f", n, 1, 0)))
    os.write(2, b"acknowledged")
store.close()
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (apt-get install strace)")
def test_a_commit_is_synced_before_it_returns(tmp_path: Path) -> None:
    database, trace = tmp_path / "runs.db", tmp_path / "trace"
    calls = "trace=write,pwrite64,fsync,fdatasync"
    command = ["strace", "-f", "-y", "-e", calls, "-o", str(trace), sys.executable, "-c", SCRIPT, str(database)]
    done = subprocess.run(command, capture_output=True, text=True)
    if "ptrace" in done.stderr:
        pytest.skip("this system forbids tracing")
    assert done.returncode == 0, done.stderr
    commits = re.findall(r'"begin"(.*?)"acknowledged"', trace.read_text(), re.DOTALL)
    assert len(commits) == 5
    for commit in commits:
        last_write = commit.rindex("pwrite64(")
        last_sync = max(commit.rfind("fdatasync("), commit.rfind("fsync("))
        assert f"{database}-wal" in commit[last_write:]
        assert last_sync > last_write, commit
        assert f"{database}-wal" in commit[last_sync:].splitlines()[0]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (apt-get install strace)")
def test_the_folder_of_a_new_database_is_synced_once(tmp_path: Path) -> None:
    folder, trace = tmp_path / "state", tmp_path / "trace"
    command = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    done = subprocess.run(
        [*command, sys.executable, "-c", SCRIPT, str(folder / "runs.db")], capture_output=True, text=True
    )
    if "ptrace" in done.stderr:
        pytest.skip("this system forbids tracing")
    assert re.search(rf"fsync\(\d+<{re.escape(str(folder))}>\) += 0", trace.read_text())
