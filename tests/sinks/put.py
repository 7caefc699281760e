"""A process that keeps one file in a bucket, to be killed: PORT KEY PATH."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

from narrowboat.data.sink import Finished
from narrowboat.data.sinks import S3
from tests.sinks.weed import BUCKET

port, key, path = sys.argv[1:]
content = Path(path).read_bytes()
S3(BUCKET, prefix="files", endpoint=f"http://127.0.0.1:{port}").put(
    Finished(key, Path(path), "text/csv", len(content), sha256(content).hexdigest()), lambda: None
)
