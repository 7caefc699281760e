"""Make a user: python add_user.py NAME E-MAIL CITY, or "*" for every city. The password is read, never an argument."""

import getpass
import secrets
import sys

from app import hashed, users

name, email, city = sys.argv[1:]
password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
salt = secrets.token_bytes(16)
user = {"email": email, "city": city, "salt": salt, "password": hashed(password, salt)}
users.replace_one({"_id": name}, user, upsert=True)
