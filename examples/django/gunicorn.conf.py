"""gunicorn's settings: `gunicorn shop.wsgi` finds this file by itself."""

import os
from typing import Any

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = 2
worker_class = "gthread"
threads = 4
graceful_timeout = 30  # a worker of Narrowboat finishes its chunk; its run goes on after the deploy
timeout = 60
forwarded_allow_ips = "127.0.0.1"
max_requests = 5000
max_requests_jitter = 500


def post_worker_init(worker: Any) -> None:
    """Go on with runs as soon as the server is up, not at its first request."""
    from narrowboat.contrib.django import start

    start()
