"""The sample collection, iterated and dropped, or exported to a file.

python benchmarks/mongodb_client.py URL fetch|FILE FOLDER
"""

import shutil
import sys
from pathlib import Path

url, mode, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
if mode == "fetch":
    from pymongo import MongoClient

    with MongoClient(url) as client:
        for _ in client["crm"]["driver_leads"].find({}, batch_size=2000):
            pass
else:
    from narrowboat import Narrowboat
    from narrowboat.data.sources.mongo import collection
    from narrowboat.jobs.output import Output
    from narrowboat.kernel.memory import settle_in

    shutil.rmtree(folder, ignore_errors=True)
    nb = Narrowboat(f"sqlite:///{folder}/runs.db")
    nb.export("leads")(lambda: collection(f"{url}crm", "driver_leads"))
    settle_in()  # as a worker does
    nb.start("leads", {}, Output(format=Path(mode).suffix[1:]))
    done = nb.runner("benchmark").run_due()
    sys.exit(None if done and done.state == "succeeded" else f"it ended as {done}")
