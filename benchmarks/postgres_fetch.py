"""Reads the sample table with psycopg's server-side cursor and drops the rows: the floor under every export.

python benchmarks/postgres_fetch.py URL text|binary
"""

import sys

import psycopg

url, form = sys.argv[1:]
with psycopg.connect(url) as conn, conn.cursor("fetching", binary=form == "binary") as cursor:
    cursor.execute("select * from driver_leads order by id")
    while cursor.fetchmany(2000):
        pass
