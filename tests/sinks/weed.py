"""SeaweedFS: a real store that speaks S3, from PyPI, on ports of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session

from tests.waiting import free_ports

BUCKET = "exports"
ACCESS, SECRET = "AKIANARROWBOAT", "a-secret-of-the-tests"
READER, READER_SECRET = "AKIAREADER", "another-secret"
IDENTITIES = {
    "identities": [
        {
            "name": "boat",
            "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": READER, "secretKey": READER_SECRET}],
            "actions": [f"Read:{BUCKET}", f"List:{BUCKET}"],
        },
    ]
}


class Weed:
    """The process. `port`: of its S3 endpoint. `client`: with every right."""

    def __init__(self, folder: Path) -> None:
        (folder / "data").mkdir()
        (folder / "s3.json").write_text(json.dumps(IDENTITIES))
        ports = free_ports(8)
        names = (
            "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
            "s3.port", "s3.port.grpc",
        )  # fmt: skip
        self.port = ports[names.index("s3.port")]
        self._log = open(folder / "weed.log", "wb")
        self.process = subprocess.Popen(
            [shutil.which("weed", path=str(Path(sys.executable).parent)) or "weed", "server", f"-dir={folder}/data",
             "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-filer", "-s3",
             f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock",
             f"-s3.config={folder}/s3.json", "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
             "-volume.max=100", "-master.volumeSizeLimitMB=64",
             *(f"-{name}={port}" for name, port in zip(names, ports, strict=True))],
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.client = client(self.port)
        self._wait()

    def _wait(self) -> None:
        """Until it takes an object: the first one makes it set up its volumes."""
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
                self.client.create_bucket(Bucket=BUCKET)
                self.client.put_object(Bucket=BUCKET, Key="first", Body=b"x")
                self.client.delete_object(Bucket=BUCKET, Key="first")
                return
            except Exception:
                assert self.process.poll() is None, "SeaweedFS did not start"
                assert time.monotonic() < end, "SeaweedFS does not answer"
                time.sleep(0.2)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()

    def keys(self, prefix: str = "") -> list[str]:
        """Of the objects that anybody can see."""
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]

    def uploads(self, prefix: str = "") -> list[dict[str, Any]]:
        """Begun and not finished."""
        found: list[dict[str, Any]] = self.client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get(
            "Uploads", []
        )
        return found

    def parts(self, prefix: str) -> list[int]:
        """Numbers of the parts of the one upload that is begun."""
        [upload] = self.uploads(prefix)
        told = self.client.list_parts(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
        return [part["PartNumber"] for part in told.get("Parts", ())]

    def read(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content


def client(port: int) -> Any:
    """A client of our own, to look at the store behind the product's back."""
    return Session().create_client(
        "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )  # fmt: skip
