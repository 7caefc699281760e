"""Settings of the shop. A server's environment has SECRET_KEY, ALLOWED_HOSTS, DATA_DIR and perhaps DATABASE_URL."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "data"))  # on a disk that outlives a deploy
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = "SECRET_KEY" not in os.environ
SECRET_KEY = os.environ.get("SECRET_KEY", "only for this machine")
HOSTS = os.environ.get("ALLOWED_HOSTS") or os.environ.get("RENDER_EXTERNAL_HOSTNAME") or "localhost,127.0.0.1"
ALLOWED_HOSTS = HOSTS.split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "narrowboat.contrib.django",
    "shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"  # made by collectstatic at each deploy
USE_TZ = True
TIME_ZONE = "Africa/Accra"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if "DATABASE_URL" in os.environ:
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(os.environ["DATABASE_URL"])
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            **{key: given.get(name, "") for key, name in [("NAME", "dbname"), ("HOST", "host"), ("PORT", "port")]},
            **{key: given.get(name, "") for key, name in [("USER", "user"), ("PASSWORD", "password")]},
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "db.sqlite3",
            "OPTIONS": {"transaction_mode": "IMMEDIATE"},  # workers write too: wait for them instead of failing
            "TEST": {"NAME": DATA_DIR / "test.sqlite3"},  # in memory, workers could not reach it
        }
    }

NARROWBOAT = {
    "FOLDER": DATA_DIR / "narrowboat",
    "WORKERS": int(os.environ.get("WORKERS", "1")),
    "ATTRIBUTES": "shop.people.attributes",
}
