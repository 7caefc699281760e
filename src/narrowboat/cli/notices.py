"""The channels of a narrowboat.toml: `[notices.mail]` for people who ask, any other name for jobs to tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from narrowboat.errors import BadConfiguration
from narrowboat.notify import Apprise, Channel, Mail, Webhook

NOTICE = {
    "smtp": str,
    "smtp_env": str,
    "sender": str,
    "webhook": str,
    "webhook_env": str,
    "secret_env": (str, list),
    "apprise": str,
    "apprise_env": str,
    "on": list,
    "texts": dict,
    "link": bool,
}
TEXT = {"subject": str, "body": str}
KINDS = ("smtp", "webhook", "apprise")


def channel(given: Mapping[str, Any]) -> Channel:
    """A channel of checked keys. Raises BadConfiguration, which quotes no value: it may hold a password."""
    chosen = [kind for kind in KINDS if kind in given or f"{kind}_env" in given]
    if len(chosen) != 1:
        raise BadConfiguration(f"It needs one of {', '.join(KINDS)} (or one of them with _env).")
    url, rest = _url(given, chosen[0]), {key: given[key] for key in ("on", "link") if key in given}
    texts = {state: (text.get("subject", ""), text.get("body", "")) for state, text in given.get("texts", {}).items()}
    match chosen[0]:
        case "smtp":
            return Mail(url, sender=_needed(given, "sender"), texts=texts, **rest)
        case "webhook":
            names = _needed(given, "secret_env")
            names = [names] if isinstance(names, str) else names
            secrets = [_variable(name, "secret_env") for name in names]
            return Webhook(url, secret=secrets, texts=texts, **rest)
    return Apprise(url, texts=texts, **rest)


def _url(given: Mapping[str, Any], kind: str) -> str:
    if kind in given and f"{kind}_env" in given:
        raise BadConfiguration(f"It has both {kind} and {kind}_env; one of them.")
    url: str = given[kind] if kind in given else _variable(given[f"{kind}_env"], f"{kind}_env")
    return url


def _needed(given: Mapping[str, Any], key: str) -> Any:
    if not given.get(key):
        raise BadConfiguration(f"It needs {key}.")
    return given[key]


def _variable(name: Any, where: str) -> str:
    value = os.environ.get(name, "") if isinstance(name, str) else ""
    if not value:
        raise BadConfiguration(f"{where} names the environment variable {name!r}, and that is not set.")
    return value
