"""What lies behind an `_id` in the order of BSON, in which values of different types stand one type after another.

https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import bson
from bson import CodecOptions, DatetimeMS, Decimal128, MaxKey, MinKey, ObjectId, Timestamp
from bson.binary import UuidRepresentation
from bson.codec_options import DatetimeConversion
from bson.raw_bson import RawBSONDocument

_BRACKETS: Final = (
    ("minKey",),
    ("null",),
    ("number",),
    ("string", "symbol"),
    ("object",),
    ("binData",),
    ("objectId",),
    ("bool",),
    ("date",),
    ("timestamp",),
    ("maxKey",),
)
"""Types that are compared by their values stand together. An `_id` can be no array and no regular expression."""
_EXACT: Final = CodecOptions(
    document_class=RawBSONDocument,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    datetime_conversion=DatetimeConversion.DATETIME_MS,
)
"""Values come back as they were: no time zone, no range of years, no kind of UUID is lost."""

_PLAIN: Final[CodecOptions[dict[str, Any]]] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)
_KINDS: Final[tuple[tuple[str, tuple[type, ...]], ...]] = (
    ("minKey", (MinKey,)),
    ("maxKey", (MaxKey,)),
    ("null", (type(None),)),
    ("bool", (bool,)),  # before the numbers, one of which it is to Python
    ("number", (int, float, Decimal128)),
    ("binData", (bytes, UUID)),
    ("objectId", (ObjectId,)),
    ("date", (datetime, DatetimeMS)),
    ("timestamp", (Timestamp,)),
    ("object", (Mapping,)),
)


def packed(value: Any) -> str | None:
    """A value as text that holds its BSON; None for null."""
    if value is None:
        return None
    return base64.b64encode(bson.encode({"": value}, codec_options=_PLAIN)).decode()


def unpacked(text: str | None) -> Any:
    """What `packed` was given, or that which MongoDB has for it."""
    return None if text is None else bson.decode(base64.b64decode(text), codec_options=_EXACT)[""]


def behind_result(key: str, value: Any) -> dict[str, Any]:
    """The same as one filter for results of a pipeline, which no index helps."""
    return {"$expr": {"$gt": [f"${key}", {"$literal": value}]}}


def behind(value: Any) -> list[dict[str, Any]]:
    """Filters of `_id`, one after the other: behind `value` within its type, then all types behind that.

    Two filters and not an `or`, so that each is one walk along the index.
    """
    place = _bracket(value)
    later = [name for bracket in _BRACKETS[place + 1 :] for name in bracket]
    found = []
    if isinstance(value, float) and math.isnan(value):
        found.append({"_id": {"$gte": -math.inf}})  # NaN comes before all numbers, but is neither less nor greater
    elif not isinstance(value, (MinKey, MaxKey)) and value is not None:
        found.append({"_id": {"$gt": value}})
    return [*found, {"_id": {"$type": later}}] if later else found


def _bracket(value: Any) -> int:
    name = next((name for name, kinds in _KINDS if isinstance(value, kinds)), "string")
    return next(index for index, bracket in enumerate(_BRACKETS) if name in bracket)
