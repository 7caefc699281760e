"""The web application: a login of its own, and Narrowboat mounted under /bulk."""

import hashlib
import os
import secrets

from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jobs import CRM, nb
from pymongo import MongoClient
from starlette.middleware.sessions import SessionMiddleware

from narrowboat.web.access import User

LOGIN = """<!doctype html><html lang=en><meta charset=utf-8><title>Sign in</title>
<form method=post><label>Name <input name=name autofocus></label>
<label>Password <input name=password type=password></label> <button>Sign in</button></form></html>"""

users = MongoClient(CRM).get_default_database()["users"]
app = FastAPI(lifespan=nb.lifespan)
app.add_middleware(
    SessionMiddleware,
    secret_key=os.environ.get("SECRET_KEY") or secrets.token_hex(),  # set it: or every start signs everybody out
    https_only=os.environ.get("PUBLIC_URL", "").startswith("https:"),
)


def hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


@app.get("/login")
def show_login() -> HTMLResponse:
    return HTMLResponse(LOGIN)


@app.post("/login")
def login(request: Request, name: str = Form(), password: str = Form()) -> Response:
    user = users.find_one({"_id": name})
    given = hashed(password, user["salt"] if user else b"nobody")
    if user is None or not secrets.compare_digest(given, user["password"]):
        raise HTTPException(403, "This name and password do not belong together.")
    request.session.update(id=name, email=user["email"], city=user["city"])
    return RedirectResponse("/bulk/", 303)


@app.post("/logout")
def logout(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("/login", 303)


def current_user(request: Request) -> User | None:
    """Who asks, from this application's session. Their city becomes the row filter of their exports."""
    session = request.session
    if not session.get("id"):
        return None
    return User(session["id"], email=session["email"], attributes={"city": session["city"]})


app.mount("/bulk", nb.asgi(user=current_user))
