"""The jobs: what workers import. Nothing of the web application is here, so that a worker stays small."""

import os

from narrowboat import Narrowboat, Requester
from narrowboat.data.sinks import S3
from narrowboat.data.sources.mongo import collection
from narrowboat.notify import Mail

CRM = os.environ.get("MONGODB_URL", "mongodb://127.0.0.1:27017/crm")
BUCKET = os.environ.get("S3_BUCKET")  # its name; credentials as AWS tools read them
SMTP = os.environ.get("SMTP_URL")  # smtp://user:password@host:587

nb = Narrowboat(
    os.environ.get("NARROWBOAT_DATABASE", "sqlite:///narrowboat.db"),
    public_url=os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000") + "/bulk",
    mail=Mail(SMTP, sender="Driver leads <exports@leads.example>") if SMTP else None,
    sink=S3(BUCKET, endpoint=os.environ.get("S3_ENDPOINT")) if BUCKET else None,
)


@nb.export("leads", title="Driver leads", formats=("xlsx", "csv"), limit=5)
def leads(asker: Requester, city: str | None = None):
    """Everybody who asked to drive with us. Who works for one city sees that city alone."""
    theirs = asker.attributes["city"]  # "*" stands for every city; no attribute is an error, and never every city
    return collection(CRM, "driver_leads").where(city=city if theirs == "*" else theirs)
