"""One client of a MongoDB server, and one session with one snapshot where the server has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import bson
import pymongo
from bson import CodecOptions
from bson.codec_options import DatetimeConversion
from bson.errors import BSONError
from pymongo.command_cursor import CommandCursor
from pymongo.cursor import Cursor
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
)

from narrowboat.data.columns import Column
from narrowboat.data.source import Count
from narrowboat.data.sources.lookalike import no_such_table
from narrowboat.data.sources.mongo.cells import Document, found
from narrowboat.data.sources.mongo.choice import Wanted
from narrowboat.data.url import masked, scrub
from narrowboat.errors import SourceFailed, SourceUnavailable

_CONNECTING: Final = 10_000
"""Milliseconds to look for a server, where the URL does not say."""
_COUNTING: Final = 300
"""Milliseconds after which a count is given up for the collection's own figure."""
_CANCELLING: Final = 2.0
"""Seconds to wait for the server to take a request to cancel."""
_PASSING: Final = frozenset(
    {6, 7, 24, 43, 50, 89, 91, 134, 175, 189, 237, 239, 246, 262, 9001, 10107, 11600, 11601, 11602, 13388, 13435, 13436}
)
"""Codes that another attempt may not meet: network, change of primary, time-out, a cursor or a snapshot gone."""
_UNAUTHORIZED: Final = 13
_SNAPSHOTS: Final = 13
"""The version of the protocol that brought snapshot reads, with MongoDB 5.0."""
_CODEC: Final[CodecOptions[Document]] = CodecOptions(
    uuid_representation=bson.binary.UuidRepresentation.STANDARD,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
    unicode_decode_error_handler="replace",
)


def _has_snapshots(hello: Mapping[str, Any], listed: Mapping[str, Any]) -> bool:
    """A replica set or a sharded cluster of MongoDB 5.0 has, but not of a capped collection."""
    clustered = "setName" in hello or hello.get("msg") == "isdbgrid"
    return clustered and hello.get("maxWireVersion", 0) >= _SNAPSHOTS and not listed.get("options", {}).get("capped")


def _settings(url: str) -> dict[str, Any]:
    """What the URL does not say itself."""
    settings = {"appname": "narrowboat", "serverSelectionTimeoutMS": _CONNECTING}
    return {name: value for name, value in settings.items() if f"{name}=".lower() not in url.lower()}


class MongoSession:
    """A session of one collection. Closed by whoever opened it."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        with self._errors():
            self._client: pymongo.MongoClient[Document] = pymongo.MongoClient(url, **_settings(url))
        try:
            with self._errors():
                self._collection = self._client.get_default_database().get_collection(name, codec_options=_CODEC)
                hello = self._client.admin.command("isMaster")  # older servers know no `hello`
                self._listed = self._look_up(name)
                self._session = self._client.start_session(snapshot=_has_snapshots(hello, self._listed))
        except BaseException:
            self._client.close()
            raise

    @property
    def identified(self) -> bool:
        """Whether `_id` is unique: in a collection, but neither in a view nor in a time series."""
        return bool(self._listed.get("type", "collection") == "collection")

    def documents(self, wanted: Wanted, batch: int) -> Iterator[list[Document]]:
        """Batches of so many documents, the last one shorter."""
        with self._errors(), self._cursor(wanted, batch) as cursor:
            while documents := cursor.to_list(batch):
                yield documents

    def fields(self, wanted: Wanted) -> tuple[Column, ...]:
        """The fields of all these documents."""
        return found([document for batch in self.documents(wanted, wanted.limit or 0) for document in batch])

    def count(self, wanted: Wanted) -> Count | None:
        """Exact where that takes less than 300 ms, else the collection's own figure if it is all that is wanted.

        No further than the limit of `wanted`: beyond it nothing is counted.
        """
        stages = [*wanted._replace(sort="", projection=None).stages(), {"$count": "rows"}]
        with self._errors():
            try:
                answer = list(self._collection.aggregate(stages, maxTimeMS=_COUNTING, allowDiskUse=True))
            except ExecutionTimeout:
                if wanted.filter or wanted.pipeline is not None:
                    return None
                return Count(self._collection.estimated_document_count(), estimated=True)
        return Count(answer[0]["rows"] if answer else 0, estimated=False)

    def kill(self) -> None:
        """Stop on the server what this session runs there. Safe from another thread."""
        with suppress(PyMongoError), pymongo.timeout(_CANCELLING):
            try:
                self._client.admin.command({"killSessions": [self._session.session_id]})
            except OperationFailure:  # MongoDB 3.6 kills no session whose cursor is at work
                self._kill_operations()

    def close(self) -> None:
        """Idempotent."""
        with suppress(PyMongoError), pymongo.timeout(_CANCELLING):
            self._session.end_session()
            self._client.close()

    def _kill_operations(self) -> None:
        """Needs no right: they are the user's own."""
        ours = {"lsid.id": self._session.session_id["id"]}
        for operation in self._client.admin.aggregate([{"$currentOp": {"allUsers": False}}, {"$match": ours}]):
            self._client.admin.command({"killOp": 1, "op": operation["opid"]})

    def _cursor(self, wanted: Wanted, batch: int) -> Cursor[Document] | CommandCursor[Document]:
        if wanted.pipeline is not None:
            return self._collection.aggregate(
                wanted.stages(), session=self._session, batchSize=batch, allowDiskUse=True
            )
        cursor = self._collection.find(wanted.filter, wanted.projection, batch_size=batch, session=self._session)
        cursor = cursor.sort(wanted.sort, pymongo.ASCENDING) if wanted.sort else cursor
        return cursor.skip(wanted.skip).limit(wanted.limit or 0)

    def _look_up(self, name: str) -> Mapping[str, Any]:
        """What the server says of the collection; nothing where it may not say."""
        database = self._collection.database
        try:
            if listed := next(iter(database.list_collections(filter={"name": name})), None):
                return listed
            raise no_such_table(name, sorted(database.list_collection_names()), what="collection")
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:
                raise
            return {}

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (ConnectionFailure, WaitQueueTimeoutError) as error:
            said = scrub(str(error).partition(", Timeout: ")[0], self._url)
            raise SourceUnavailable(f"MongoDB cannot be read now ({masked(self._url)}): {said}") from error
        except OperationFailure as error:
            said = scrub(str((error.details or {}).get("errmsg", error)), self._url)
            if error.code in _PASSING:
                raise SourceUnavailable(f"MongoDB cannot be read now ({masked(self._url)}): {said}") from error
            raise SourceFailed(f"MongoDB refused the request ({masked(self._url)}): {said}") from error
        except (PyMongoError, BSONError, OverflowError, ValueError) as error:
            said = scrub(str(error), self._url)
            raise SourceFailed(f"MongoDB cannot be asked ({masked(self._url)}): {said}") from error
