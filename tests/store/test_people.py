"""Users, sessions and tokens: who is let in, who is not, and who is told what."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from narrowboat import Narrowboat
from narrowboat.errors import (
    BadParameter,
    NameTaken,
    NotAllowed,
    SignInFailed,
    TooManyAttempts,
    UnknownToken,
    UnknownUser,
)
from narrowboat.people import attempts
from narrowboat.people import people as rules
from narrowboat.people.accounts import ANY, Account
from narrowboat.people.actions import Action
from narrowboat.people.audit import Audit, Which
from narrowboat.people.people import ABSOLUTE, COARSE, IDLE, People
from narrowboat.stores.audit import SqlTrail
from narrowboat.stores.database import Database
from narrowboat.stores.people import SqlDirectory

GOOD = "correct horse battery"
HOME = "192.0.2.7"


class Later(SqlDirectory):
    """The same tables on a clock that can be put forward."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.fixture
def directory(database: Database) -> Later:
    return Later(database)


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(SqlTrail(database))


@pytest.fixture
def people(directory: Later, audit: Audit) -> People:
    return People(directory, note=audit)


@pytest.fixture
def ann(people: People) -> Account:
    return people.add("ann", by="test", password=GOOD)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time passes between attempts: to check a password may take a busy machine as long as the first wait is."""
    wait = attempts.wait

    def without_time(counted: Mapping[str, attempts.Counted], free: Mapping[str, int], now: float) -> int:
        return wait(counted, free, max((one.last for one in counted.values()), default=now))

    monkeypatch.setattr(attempts, "wait", without_time)


def test_a_user_signs_in_and_out(people: People, ann: Account) -> None:
    secret, account = people.sign_in(" ANN ", GOOD, address=HOME)
    assert account == ann
    assert people.of_session(secret) == ann
    people.sign_out(secret)
    people.sign_out(secret)
    assert people.of_session(secret) is None


@pytest.mark.parametrize("name", ["ann", "nobody", "", "disabled", "tokens-only", "\0", "\ud800", "x" * 10_000])
def test_who_is_not_let_in_is_told_the_same(people: People, ann: Account, name: str) -> None:
    people.add("disabled", by="test", password=GOOD)
    people.change("disabled", by="test", disabled=True)
    people.add("tokens-only", by="test")
    password = GOOD if name == "disabled" else "wrong horse battery"
    with pytest.raises(SignInFailed) as refused:
        people.sign_in(name, password, address=HOME)
    assert str(refused.value) == "The name or the password is wrong."


def test_a_name_that_nobody_has_takes_as_much_work(
    people: People, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []
    passwords = people._passwords
    fits = passwords.fits

    def noting(word: str, kept: str | None) -> bool:
        checked.append(kept)
        return fits(word, kept)

    monkeypatch.setattr(passwords, "fits", noting)
    for name in ("ann", "nobody"):
        with pytest.raises(SignInFailed):
            people.sign_in(name, "wrong horse battery", address=HOME)
    assert [kept is None for kept in checked] == [False, True]
    assert passwords._nobodys.split("$")[:4] == str(checked[0]).split("$")[:4]


def test_a_password_has_twelve_characters_and_no_other_rule(people: People) -> None:
    for bad in ("", "short", "x" * 11, "x" * 257):
        with pytest.raises(BadParameter, match="characters"):
            people.add("ben", by="test", password=bad)
    people.add("ben", by="test", password="ñ" * 12)
    people.sign_in("ben", "n\u0303" * 12, address=HOME)  # the same, as another keyboard writes it


def test_what_is_kept_is_a_hash_that_fits_a_small_server(people: People, directory: Later, ann: Account) -> None:
    kept = directory.password("ann") or ""
    assert kept.startswith("$argon2id$")
    memory = int(kept.split("m=")[1].split(",")[0])
    assert 19_000 <= memory < 32_000


def test_passwords_are_checked_one_at_a_time(people: People, ann: Account) -> None:
    under_way, most, lock = 0, 0, threading.Lock()
    hasher = people._passwords._hasher

    class Counting:
        def verify(self, *given: Any) -> bool:
            nonlocal under_way, most
            with lock:
                under_way += 1
                most = max(most, under_way)
            try:
                return hasher.verify(*given)
            finally:
                with lock:
                    under_way -= 1

    people._passwords.__dict__["_hasher"] = Counting()
    kept = hasher.hash(GOOD)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: people._passwords.fits(GOOD, kept), range(8)))
    assert most == 1


@pytest.mark.usefixtures("at_once")
def test_too_many_attempts_have_to_wait_even_with_the_right_password(people: People, ann: Account) -> None:
    for _ in range(5):
        with pytest.raises(SignInFailed):
            people.sign_in("ann", "wrong horse battery", address=HOME)
    for password in (GOOD, "wrong horse battery"):
        with pytest.raises(TooManyAttempts) as told:
            people.sign_in("ann", password, address=HOME)
        assert told.value.retry_after >= 1
    secret, _ = people.sign_in("ann", GOOD, address="198.51.100.1")  # whom somebody else kept guessing at
    assert people.of_session(secret)


@pytest.mark.usefixtures("at_once")
def test_a_name_that_nobody_has_is_throttled_alike(people: People) -> None:
    for _ in range(5):
        with pytest.raises(SignInFailed):
            people.sign_in("nobody", GOOD, address=HOME)
    with pytest.raises(TooManyAttempts):
        people.sign_in("nobody", GOOD, address=HOME)


@pytest.mark.usefixtures("at_once")
def test_attempts_at_once_are_all_counted(people: People, ann: Account) -> None:
    def guess(n: int) -> str:
        try:
            people.sign_in("ann", f"wrong horse battery {n}", address=HOME)
        except (SignInFailed, TooManyAttempts) as refused:
            return refused.code
        return "in"

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(guess, range(12)))
    assert found.count("sign-in-failed") == 5


@pytest.mark.usefixtures("at_once")
def test_one_address_cannot_guess_at_many_names(people: People) -> None:
    refused = []
    for n in range(51):
        try:
            people.sign_in(f"user{n}", GOOD, address="2001:db8::1" if n % 2 else "2001:db8::2")
        except (SignInFailed, TooManyAttempts) as one:
            refused.append(one.code)
    assert refused.count("sign-in-failed") == 50
    assert refused[-1] == "too-many-attempts"


def test_signing_in_does_not_count_against_the_address(people: People, ann: Account) -> None:
    for _ in range(60):
        people.sign_in("ann", GOOD, address=HOME)


@pytest.mark.usefixtures("at_once")
def test_a_user_of_their_own_does_not_let_a_guesser_begin_again(people: People, ann: Account) -> None:
    people.add("eve", by="test", password=GOOD)
    refused = 0
    for n in range(60):
        try:
            if n % 3 == 2:
                people.sign_in("eve", GOOD, address=HOME)
            else:
                people.sign_in(f"victim{n}", GOOD, address=HOME)
        except TooManyAttempts:
            break
        except SignInFailed:
            refused += 1
    for n in range(50 - refused):
        with pytest.raises(SignInFailed):
            people.sign_in(f"other{n}", GOOD, address=HOME)
    with pytest.raises(TooManyAttempts):
        people.sign_in("one-more", GOOD, address=HOME)


@pytest.mark.parametrize("ahead", [IDLE, ABSOLUTE])
def test_a_session_ends_when_nobody_uses_it_and_in_any_case(
    people: People, ann: Account, directory: Later, ahead: float
) -> None:
    secret, _ = people.sign_in("ann", GOOD, address=HOME)
    directory.ahead = ahead + 1
    assert people.of_session(secret) is None


def test_a_session_that_is_used_goes_on(people: People, ann: Account, directory: Later, database: Database) -> None:
    secret, _ = people.sign_in("ann", GOOD, address=HOME)
    directory.ahead = COARSE + 1
    assert people.of_session(secret)
    found = directory.session(rules._digest(secret))
    assert found is not None
    with database.write() as tx:
        assert tx.change("sessions_idle", idle=IDLE) == 0


def test_a_new_password_ends_all_sessions_but_the_new_one(people: People, ann: Account) -> None:
    before = [people.sign_in("ann", GOOD, address=HOME)[0] for _ in range(2)]
    with pytest.raises(SignInFailed):
        people.change_password("ann", "wrong horse battery", "another long password", address=HOME)
    now = people.change_password("ann", GOOD, "another long password", address=HOME)
    assert [people.of_session(one) for one in before] == [None, None]
    assert people.of_session(now)
    with pytest.raises(SignInFailed):
        people.sign_in("ann", GOOD, address=HOME)


def test_who_is_disabled_is_out_at_once(people: People, ann: Account) -> None:
    secret, _ = people.sign_in("ann", GOOD, address=HOME)
    token = people.create_token("ann", by="ann", label="x", scopes=["see"])
    people.change("ann", by="test", disabled=True)
    assert people.of_session(secret) is None
    assert people.of_token(token.secret) is None
    people.change("ann", by="test", disabled=False)
    assert people.of_session(secret) is None
    assert people.of_token(token.secret)


@pytest.mark.parametrize(
    "forge",
    [
        lambda one: one.secret[:-1] + ("0" if one.secret[-1] != "0" else "1"),
        lambda one: one.secret + "0",
        lambda one: one.secret.upper(),
        lambda one: "nb_" + "A" * 22 + one.secret[25:],
        lambda one: one.secret[:26] + "0" * 64,
        lambda one: " " + one.secret,
        lambda one: "",
        lambda one: "nb__",
        lambda one: "nb_\0_\ud800",
    ],
)
def test_a_token_that_was_made_up_is_refused(people: People, ann: Account, forge: Callable[[Any], str]) -> None:
    token = people.create_token("ann", by="ann", label="x", scopes=["see"])
    assert people.of_token(token.secret)
    assert people.of_token(forge(token)) is None


def test_a_token_ends(people: People, ann: Account, directory: Later) -> None:
    token = people.create_token("ann", by="ann", label="x", scopes=["see"], seconds=60)
    other = people.create_token("ann", by="ann", label="y", scopes=["see"])
    people.revoke_token(other.id, by="ann", user="ann")
    assert people.of_token(other.secret) is None
    directory.ahead = 61
    assert people.of_token(token.secret) is None


def test_nobody_revokes_the_token_of_another_or_learns_of_it(people: People, ann: Account) -> None:
    people.add("eve", by="test", password=GOOD)
    token = people.create_token("ann", by="ann", label="x", scopes=["see"])
    for asked in (token.id, "A" * 22, "\0", "\ud800"):
        with pytest.raises(UnknownToken):
            people.revoke_token(asked, by="eve", user="eve")
    assert people.of_token(token.secret)
    assert people.tokens("eve") == []
    assert [one.secret for one in people.tokens("ann")] == [""]


def test_a_token_reaches_no_further_than_its_scopes_and_jobs(people: People, ann: Account) -> None:
    token = people.create_token("ann", by="ann", label="x", scopes=["download", "see"], jobs=["leads"])
    assert token.scopes == ("see", "download")
    assert token.may(Action.SEE, "leads")
    assert not token.may(Action.START, "leads")
    assert not token.may(Action.SEE, "orders")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"scopes": []}, BadParameter),
        ({"scopes": ["everything"]}, BadParameter),
        ({"scopes": ["admin"]}, NotAllowed),
        ({"seconds": 0}, BadParameter),
        ({"seconds": float("nan")}, BadParameter),
        ({"seconds": 367 * 86400}, BadParameter),
        ({"label": " "}, BadParameter),
        ({"label": "x" * 101}, BadParameter),
    ],
)
def test_a_token_that_cannot_be_is_refused(
    people: People, ann: Account, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        people.create_token("ann", **{"by": "ann", "label": "x", "scopes": ["see"], **wrong})


def test_what_a_user_may_is_what_was_granted(people: People) -> None:
    ben = people.add("ben", by="test", grants={"leads": ["see", "start"], ANY: ["see"]})
    assert [ben.may(action, "leads") for action in Action] == [True, True, False, False, False]
    assert [ben.may(action, "orders") for action in Action] == [True, False, False, False, False]
    assert people.change("ben", by="test", grants=None).may(Action.SHARE, "orders")
    assert not people.change("ben", by="test", grants={}).may(Action.SEE, "leads")


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "owner"},
        {"email": "a@b\r\nBcc: x@y"},
        {"email": "nobody"},
        {"grants": {"leads": ["fly"]}},
        {"grants": {"leads": [7]}},
        {"attributes": {"a": object()}},
        {"attributes": {"a": float("nan")}},
        {"attributes": {"a": "x" * 5000}},
        {"attributes": {"a": "\ud800"}},
    ],
)
def test_what_a_user_cannot_be_is_refused(people: People, ann: Account, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadParameter):
        people.add("ben", by="test", **wrong)
    with pytest.raises(BadParameter):
        people.change("ann", by="test", **wrong)
    assert people.get("ann") == ann


@pytest.mark.parametrize("name", ["", " ", ".ann", "a b", "a/b", "a\nb", "ä", "x" * 65, "\0", "-x"])
def test_a_name_is_plain(people: People, name: str) -> None:
    with pytest.raises(BadParameter):
        people.add(name, by="test")


def test_a_name_is_given_once(people: People, ann: Account) -> None:
    people.change("ann", by="test", disabled=True)
    for name in ("ann", "Ann", " ANN"):
        with pytest.raises(NameTaken):
            people.add(name, by="test")


def test_the_last_admin_stays(people: People) -> None:
    people.add("root", by="test", role="admin")
    for changes in ({"disabled": True}, {"role": "member"}):
        with pytest.raises(NotAllowed, match="last admin"):
            people.change("root", by="test", **changes)
    people.add("boss", by="test", role="admin")
    people.change("root", by="test", role="member")
    assert people.get("root").role == "member"


def test_two_admins_cannot_take_each_other_away(people: People) -> None:
    for round_ in range(3):
        names = [f"a{round_}", f"b{round_}"]
        for name in names:
            people.add(name, by="test", role="admin")
        for one in people.all():
            if one.role == "admin" and one.id not in names:
                people.change(one.id, by="test", role="member")

        def demote(name: str) -> None:
            try:
                people.change(name, by="test", role="member")
            except NotAllowed:
                pass

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(demote, names))
        assert len([one for one in people.all() if one.role == "admin"]) == 1


def test_who_is_not_there_is_unknown(people: People) -> None:
    for name in ("nobody", "\0", "\ud800"):
        for ask in (
            lambda name: people.get(name),
            lambda name: people.change(name, by="x"),
            lambda name: people.set_password(name, GOOD, by="x"),
        ):
            with pytest.raises(UnknownUser):
                ask(name)


@pytest.mark.parametrize("meanwhile", ["password", "disabled"])
def test_who_signs_in_while_an_admin_shuts_them_out_is_not_in(
    directory: Later, audit: Audit, ann: Account, meanwhile: str
) -> None:
    class Slow(Later):
        """Where something happens between the check of a password and the session."""

        def forgive(self, keys: Any, once: str) -> None:
            super().forgive(keys, once)
            if meanwhile == "password":
                admin.set_password("ann", "another horse battery", by="root")
            else:
                admin.change("ann", by="root", disabled=True)

    admin = People(directory, note=audit)
    admin.add("root", by="test", role="admin")
    with pytest.raises(SignInFailed):
        People(Slow(directory._database), note=audit).sign_in("ann", GOOD, address=HOME)
    with directory._database.write() as tx:
        assert tx.change("sessions_end", user="ann") == 0


def test_what_is_over_is_purged(people: People, ann: Account, database: Database) -> None:
    people.sign_in("ann", GOOD, address=HOME)
    with pytest.raises(SignInFailed):
        people.sign_in("ann", "wrong horse battery", address=HOME)
    token = people.create_token("ann", by="ann", label="short", scopes=["see"], seconds=1)
    people.purge()
    assert [one.id for one in people.tokens("ann")] == [token.id]
    with database.write() as tx:
        assert tx.change("tokens_purge", keep=-2.0) == 1
        assert tx.change("sessions_idle", idle=-1.0) == 1
        assert tx.change("attempts_purge", forget=-1.0) == 3


def test_changes_and_sign_ins_stand_in_the_audit_log_without_secrets(
    people: People, audit: Audit, ann: Account
) -> None:
    people.sign_in("ann", GOOD, address=HOME)
    for name in ("ann", "secret typed as a name"):
        with pytest.raises(SignInFailed):
            people.sign_in(name, "wrong horse battery", address=HOME)
    token = people.create_token("ann", by="ann", label="x", scopes=["see"])
    people.revoke_token(token.id, by="ann", user="ann")
    people.change("ann", by="root", email="ann@shop.example")
    people.set_password("ann", "another long password", by="root")
    entries = audit.find(Which())
    assert [(one.action, one.by, one.about) for one in reversed(entries)] == [
        ("user.create", "test", "ann"),
        ("sign-in", "ann", "ann"),
        ("sign-in.failed", "", "ann"),
        ("sign-in.failed", "", ""),
        ("token.create", "ann", token.id),
        ("token.revoke", "ann", token.id),
        ("user.change", "root", "ann"),
        ("password.change", "root", "ann"),
    ]
    said = repr(entries)
    assert not [secret for secret in (GOOD, "another long", "typed as a name", token.secret[26:]) if secret in said]


def test_a_process_where_nobody_signs_in_purges_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    web, worker = (Narrowboat(url, users=True) for _ in range(2))
    with pytest.raises(SignInFailed):
        web.people.sign_in("nobody", "wrong horse battery", address=HOME)
    with closing(web.store), closing(worker.store), closing(sqlite3.connect(tmp_path / "runs.db")) as conn:
        with conn:
            conn.execute("update narrowboat_attempts set last_at = 0")
        worker.purge()
        assert conn.execute("select count(*) from narrowboat_attempts").fetchone() == (0,)
