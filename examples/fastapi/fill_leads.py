"""Leads to try it with, into a database that has none: python fill_leads.py FILE, which narrowboat.sample made."""

import sqlite3
import sys
from datetime import datetime

from jobs import CRM
from pymongo import MongoClient


def document(row):
    """A row of the sample as a document."""
    values = {**row, "created_at": datetime.fromisoformat(row["created_at"]), "consented": bool(row["consented"])}
    return {"_id": values.pop("id"), **values}


sample = sqlite3.connect(sys.argv[1])
sample.row_factory = sqlite3.Row
found = sample.execute("select * from driver_leads order by id")
with MongoClient(CRM, journal=True) as client:
    while rows := found.fetchmany(2000):
        client.get_default_database()["driver_leads"].insert_many(document(dict(row)) for row in rows)
sample.close()
