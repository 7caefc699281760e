"""What is known of uploads, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from narrowboat.errors import StorageFull, UploadTooLarge
from narrowboat.stores.database import Database, Row
from narrowboat.stores.rows import new_id, to_text
from narrowboat.uploads.upload import Upload, UploadLimits


class SqlUploads:
    """A `uploads.upload.Known` over SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, owner: str, name: str, length: int, limits: UploadLimits) -> Upload:
        upload = new_id()
        with self._database.write() as tx:
            tx.lock_owner(owner)
            (taken,) = tx.rows("uploads_taken", owner=to_text(owner))
            if taken["files"] >= limits.files:
                raise UploadTooLarge(
                    f"You have {taken['files']:,} files here, and may have {limits.files:,}. Remove some of them, or "
                    "wait until they expire."
                )
            if taken["own"] + length > limits.user:
                raise UploadTooLarge(
                    f"Your files take {taken['own']:,} of the {limits.user:,} bytes that you may have here, and this "
                    f"one has {length:,}. Remove some of them, or wait until they expire."
                )
            if taken["everybody"] + length > limits.total:
                raise StorageFull(
                    f"Uploads take {taken['everybody']:,} of the {limits.total:,} bytes that they may, and this one "
                    f"has {length:,}. Wait until some expire, or raise the limit."
                )
            values = {"owner": to_text(owner), "name": to_text(name), "length": length, "keep": limits.keep}
            tx.change("upload_insert", upload=upload, **values)
            (row,) = tx.rows("upload", upload=upload)
        return _to_upload(row)

    def get(self, upload: str) -> Upload | None:
        with self._database.read() as tx:
            row = tx.row("upload", upload=upload)
        return _to_upload(row) if row else None

    def of_owner(self, owner: str) -> Sequence[Upload]:
        with self._database.read() as tx:
            return [_to_upload(row) for row in tx.rows("uploads_of", owner=to_text(owner))]

    def move(self, upload: Upload, received: int, *, length: int, sha256: str | None, keep: float) -> Upload | None:
        with self._database.write() as tx:
            changed = tx.change(
                "upload_move", upload=upload.id, before=upload.received, received=received, length=length,
                sha256=sha256, keep=keep,
            )  # fmt: skip
            row = tx.row("upload", upload=upload.id) if changed else None
        return _to_upload(row) if row else None

    def hold(self, upload: str, run: str, *, conn: Any) -> bool:
        with self._database.write(conn) as tx:
            row = tx.row("upload_locked", upload=upload)
            if row is None or row["sha256"] is None:
                return False
            tx.change("upload_hold", upload=upload, run=run)
        return True

    def forget(self, upload: str) -> bool:
        with self._database.write() as tx:
            tx.row("upload_locked", upload=upload)  # a run that begins meanwhile is seen, or finds it gone
            if tx.row("upload_held", upload=upload):
                return False
            tx.change("upload_let_go", upload=upload)
            tx.change("upload_forget", upload=upload)
        return True

    def expired(self, *, limit: int) -> Sequence[str]:
        with self._database.read() as tx:
            return [row["upload_id"] for row in tx.rows("uploads_expired", limit=limit)]


def _to_upload(row: Row) -> Upload:
    return Upload(
        row["upload_id"],
        row["owner"],
        row["file_name"],
        row["length"],
        row["received"],
        row["created_at"],
        row["expires_at"],
        row["sha256"],
    )
