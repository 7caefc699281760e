"""gunicorn app:app"""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "uvicorn_worker.UvicornWorker"
workers = 1  # one process serves hundreds of followers; each more costs about 60 MB. Any number works
timeout = 60  # of the event loop's silence, not of a request
graceful_timeout = 30  # downloads under way at a deploy; runs go on by themselves in the next process
