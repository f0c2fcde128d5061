"""What stands for a person: tokens for programs, second factors, device codes."""
import base64
import concurrent.futures
import datetime
import hashlib
import hmac
import re
import struct
import time

from harness import PASSWORD

STEP = 30  # seconds that a code of an authenticator app is good for


def code_at(secret, moment):
    """The code of an authenticator app (RFC 6238) for a secret in base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(moment) // STEP), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7fffffff) % 10 ** 6)


def moment_after(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def container(name):
    return {"name": name, "container_config": {}, "parameters_config": {}, "image_hash": name, "additional_files_tarball_hash": ""}


def number_of(hub, user):
    return int(hub.sql(f"SELECT id FROM users WHERE username = '{user}'"))


def login(session, user, password=PASSWORD, **more):
    return session.call(None, "POST", "auth/login", {"username": user, "password": password, **more})


def renew(session, user):
    """The user's token after signing out."""
    session.hub.tokens[user] = login(session, user).json["access"]


# Tokens for programs.

def make(session, user, **body):
    return session.must(201, user, "POST", "me/access_tokens/", {"name": "program", **body})


def scopes(cases, session, document):
    reading, writing, of_admin, whole = (make(session, user, scope=scope)["token"] for user, scope in
                                         (("group", "read"), ("group", "write"), ("admin", "write"), ("admin", "admin")))
    own = session.must(201, "group", "POST", "mlcubes/", container("of the program"))["id"]
    foreign = session.must(201, "vendor", "POST", "mlcubes/", container("of another"))["id"]
    cases.equal("a token to read reads", session.call(None, "GET", "me/", token=reading).json["username"], "group")
    for path, methods in document["paths"].items():
        concrete = re.sub(r"\{[a-z_]+\}", str(own) if "mlcubes" in path else "1", path)
        for method, row in methods.items():
            if row.get("security") == [] or method not in ("get", "post", "put", "delete"):
                continue
            body = {} if method in ("post", "put") else None
            if method != "get":
                answer = session.call(None, method.upper(), concrete, body, token=reading)
                cases.check(f"a token to read: {method} {path} refused", answer.status == 403 and "access token" in answer.json["detail"].lower(), answer)
            if row.get("x-medperf-who") == ["admin"]:
                for name, token in (("an admin's token to write", of_admin), ("a user's token", writing)):
                    cases.equal(f"{name}: {method} {path}", session.call(None, method.upper(), concrete, body, token=token).status, 403)
    cases.equal("nothing was removed by it", session.call("group", "GET", f"mlcubes/{own}/").status, 200)
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "PUT"}):
        session.call(None, "GET", f"mlcubes/{own}/", token=reading, headers=headers)
        cases.equal("no other method by a header", session.call("group", "GET", f"mlcubes/{own}/").status, 200)
    cases.equal("a token to write writes", session.call(None, "POST", "mlcubes/", container("written"), token=writing).status, 201)
    cases.equal("its user's own alone", session.call(None, "PUT", f"mlcubes/{foreign}/", {"user_metadata": {}}, token=writing).status, 403)
    cases.equal("an admin's token to write acts as any user's", session.call(None, "PUT", f"mlcubes/{foreign}/", {"user_metadata": {}}, token=of_admin).status, 403)
    cases.equal("one of scope admin acts as an admin", session.call(None, "GET", "users/", token=whole).status, 200)
    for body in ({"scope": "admin"}, {"scope": "ADMIN"}, {"scope": "root"}, {"scope": ["admin"]}, {"scope": None}, {"scope": "write admin"}, {"scope": ""}):
        answer = session.call("group", "POST", "me/access_tokens/", {"name": "x", **body})
        cases.check(f"no admin's token for others: {body}", answer.status == 400 or answer.json["scope"] != "admin", answer)
    return reading, writing, whole


def by_person_alone(cases, session, whole):
    """How somebody signs in is no program's affair, whatever its scope."""
    for method, path in (("POST", "me/access_tokens/"), ("DELETE", "me/access_tokens/1/"), ("DELETE", "me/sessions/1/"), ("POST", "auth/sign_out_everywhere/"), ("POST", "me/second_factor/"),
                         ("POST", "me/second_factor/confirm/"), ("POST", "me/second_factor/remove/"), ("POST", "auth/device/approval/"), ("POST", "invitations/"),
                         ("PUT", "users/1/active/"), ("POST", "users/1/unlock/"), ("POST", "users/1/password_reset/"), ("DELETE", "users/1/second_factor/")):
        answer = session.call(None, method, path, {} if method != "DELETE" else None, token=whole)
        cases.check(f"a token of scope admin: {method} {path} refused", answer.status == 403 and "sign in" in answer.json["detail"], answer)


def ends(cases, hub, session):
    short, its_time = make(session, "vendor", expires_at=moment_after(10)), time.time() + 10
    cases.equal("good until its time", session.call(None, "GET", "me/", token=short["token"]).status, 200)
    for text in ("2020-01-01T00:00:00Z", moment_after(-1), moment_after(367 * 86400), "9999-12-31T23:59:59Z", "tomorrow", 0, [], "2026-13-01T00:00:00Z"):
        cases.equal(f"expiry {text!r}", session.call("vendor", "POST", "me/access_tokens/", {"name": "x", "expires_at": text}).status, 400)
    mine, other = make(session, "vendor", scope="write"), make(session, "vendor")
    cases.equal("nobody else revokes it", session.call("hospital", "DELETE", f"me/access_tokens/{mine['id']}/").status, 403)
    cases.equal("nor tells it from an unknown one", session.call("hospital", "DELETE", "me/access_tokens/987654321/").status, 403)
    cases.check("nor sees it", mine["id"] not in [t["id"] for t in session.must(200, "hospital", "GET", "me/access_tokens/")["results"]])
    listed = session.call("vendor", "GET", "me/access_tokens/")
    cases.check("its text is shown once", mine["token"] not in listed.body.decode() and mine["token"][5:] not in listed.body.decode())
    stored = hub.sql("SELECT * FROM access_tokens")
    cases.check("and is not in the database", stored and mine["token"][5:] not in stored, stored[:200])
    session.must(204, "vendor", "DELETE", f"me/access_tokens/{mine['id']}/")
    for method, path in (("GET", "me/"), ("POST", "mlcubes/"), ("PUT", "users/1/")):
        answer = session.call(None, method, path, None if method == "GET" else {}, token=mine["token"])
        cases.check(f"revoked: {method} {path}", answer.status == 401 and answer.json["code"] == "token_not_valid", answer)
    cases.equal("another one stays", session.call(None, "GET", "me/", token=other["token"]).status, 200)
    session.must(204, "admin", "DELETE", f"me/access_tokens/{other['id']}/")
    cases.equal("an admin revokes it", session.call(None, "GET", "me/", token=other["token"]).status, 401)
    text = make(session, "vendor")["token"]
    for name, token in {"cut": text[:-1], "longer": text + "A", "in other letters": text[:5] + text[5:].swapcase(), "the prefix alone": "mpat_", "without prefix": text[5:], "prefix twice": "mpat_" + text,
                        "prefix of an invitation": "mpin_" + text[5:], "SQL": "mpat_'OR'1'='1", "its hash": "mpat_" + hashlib.sha256(text.encode()).hexdigest(), "padded": text + "=", "10,000 letters": "mpat_" + "A" * 10000}.items():
        answer = session.call(None, "GET", "me/", token=token)
        cases.check(f"token refused: {name}", answer.status == 401, answer)
    for name, headers in {"in a cookie": {"Cookie": "__Host-medperf-session=" + text}, "as Basic": {"Authorization": "Basic " + text}, "as Token": {"Authorization": "Token " + text}}.items():
        cases.equal(f"a token {name} is none", session.call(None, "GET", "me/", headers=headers).status, 401)
    cases.equal("a token in the query is none", session.call(None, "GET", f"me/?access_token={text}&token={text}").status, 401)
    time.sleep(max(0, its_time + 0.1 - time.time()))
    cases.equal("and no longer than its time", session.call(None, "GET", "me/", token=short["token"]).status, 401)


def of_whom(cases, hub, session):
    """A token is good as long as its user is."""
    renew(session, "guest")
    token = make(session, "guest", scope="write")["token"]
    number = number_of(hub, "guest")
    session.must(200, "admin", "PUT", f"users/{number}/active/", {"active": False})
    for method, path in (("GET", "me/"), ("POST", "mlcubes/"), ("GET", "benchmarks/")):
        answer = session.call(None, method, path, {} if method == "POST" else None, token=token)
        cases.check(f"of a disabled user: {method} {path}", answer.status == 401 and answer.json["code"] == "user_inactive", answer)
    session.must(200, "admin", "PUT", f"users/{number}/active/", {"active": True})
    renew(session, "guest")
    cases.equal("of one that is enabled again", session.call(None, "GET", "me/", token=token).status, 200)
    access = login(session, "guest").json["access"]
    for body, wanted in (({}, 200), ({"access_tokens": False}, 200), ({"access_tokens": "true"}, None), ({"access_tokens": True}, 401)):
        answer = session.call(None, "POST", "auth/sign_out_everywhere/", body, token=access)
        access = login(session, "guest").json["access"]
        status = session.call(None, "GET", "me/", token=token).status
        cases.check(f"signed out everywhere with {body}", status == wanted or wanted is None and answer.status in (204, 400), (answer, status))
    renew(session, "guest")
    limit = [session.call("stranger", "POST", "me/access_tokens/", {"name": "many"}).status for _ in range(101)]
    cases.check("at most 100 of one account", limit.count(201) <= 100 and limit[-1] == 400, limit[-3:])
    cases.equal("others still make some", session.call("vendor", "POST", "me/access_tokens/", {"name": "x"}).status, 201)


# Second factors.

class Factor:
    """A second factor of a user, whose codes are used up one step after the other."""

    def __init__(self, session, user):
        self.s, self.user = session, user
        self.secret = session.must(200, user, "POST", "me/second_factor/", {})["secret"]
        self.begun = time.time()
        self.recovery = []

    def confirm(self):
        # The code of the step before leaves the present and the next one unused.
        done = self.s.must(200, self.user, "POST", "me/second_factor/confirm/", {"code": code_at(self.secret, time.time() - STEP)})
        self.recovery = done["recovery_codes"]
        return self


def settle():
    """Waits until the step of time has at least 12 seconds left, so that codes do not change between two requests."""
    left = STEP - time.time() % STEP
    if left < 12:
        time.sleep(left + 0.2)


def codes(cases, session, hub):
    settle()
    mine = Factor(session, "group")
    theirs = Factor(session, "hospital")
    cases.equal("what is not confirmed is not asked for", login(session, "group").status, 200)
    for name, code in {"of another user": code_at(theirs.secret, time.time()), "wrong": wrong_code(mine), "of long ago": code_at(mine.secret, time.time() - 20 * STEP), "of far ahead": code_at(mine.secret, time.time() + 20 * STEP)}.items():
        answer = session.call("group", "POST", "me/second_factor/confirm/", {"code": code})
        cases.check(f"not confirmed by a code {name}", answer.status == 400, answer)
    settle()
    mine.confirm()
    theirs.confirm()
    cases.equal("no second one beside it", session.call("group", "POST", "me/second_factor/", {}).status, 409)
    answer = login(session, "group")
    cases.check("a password alone does not sign in", answer.status == 401 and answer.json.get("code") == "second_factor_required" and "access" not in answer.json, answer)
    answer = session.call(None, "POST", "auth/session/", {"username": "group", "password": PASSWORD})
    cases.check("nor opens a session", answer.status == 401 and "set-cookie" not in answer.headers, answer)
    answer = session.call(None, "POST", "auth/password/", {"username": "group", "password": PASSWORD, "new_password": "some other good sentence"})
    cases.check("nor changes itself", answer.status == 401 and answer.json.get("code") == "second_factor_required", answer)
    plain = login(session, "vendor", "wrong password")
    present = code_at(mine.secret, time.time())
    answer = login(session, "group", "wrong password", code=present)
    cases.equal("a right code tells nothing of a wrong password", (answer.status, answer.body), (plain.status, plain.body))
    cases.equal("a code of another user", login(session, "group", code=code_at(theirs.secret, time.time())).status, 401)
    cases.equal("a right code", login(session, "group", code=present).status, 200)
    for path in ("auth/login", "auth/session/", "auth/password/"):
        answer = session.call(None, "POST", path, {"username": "group", "password": PASSWORD, "code": present, "new_password": "some other good sentence"})
        cases.check(f"a code again at {path}", answer.status == 401 and "access" not in (answer.json or {}), answer)
    answer = session.call("group", "POST", "me/second_factor/remove/", {"code": present})
    cases.equal("a code again to remove it", answer.status, 400)
    following = code_at(mine.secret, time.time() + STEP)
    cases.equal("the next step's, by a clock that is ahead", login(session, "group", code=following).status, 200)
    cases.equal("after it no earlier one", login(session, "group", code=present).status, 401)
    session.must(204, "admin", "POST", f"users/{number_of(hub, 'group')}/unlock/", {})
    secret = hub.sql("SELECT * FROM second_factors") + hub.sql("SELECT * FROM recovery_codes")
    bare = [code.replace("-", "") for code in mine.recovery]
    cases.check("no code and no secret in the database", secret and mine.secret not in secret and not any(c in secret for c in bare + mine.recovery))
    return mine, theirs


def wrong_code(factor):
    near = {code_at(factor.secret, time.time() + step * STEP) for step in range(-3, 4)}
    return next(text for text in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777") if text not in near)


def recovery_codes(cases, session, mine, theirs):
    first, second, third, fourth = mine.recovery[:4]
    cases.check("ten of them, each another one", len(mine.recovery) == len(set(mine.recovery)) == 10 and not set(mine.recovery) & set(theirs.recovery), mine.recovery)
    cases.equal("of another user", login(session, "group", code=theirs.recovery[0]).status, 401)
    cases.equal("cut", login(session, "group", code=first[:-1]).status, 401)
    cases.equal("a recovery code", login(session, "group", code=first).status, 200)
    for typed in (first, first.lower(), first.replace("-", ""), " " + first + " ", first.replace("-", " ")):
        cases.equal(f"a recovery code again as {typed!r}", login(session, "group", code=typed).status, 401)
    cases.equal("another one as it may be typed", login(session, "group", code=second.lower().replace("-", " ")).status, 200)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda _: login(session.hub.session(session.source), "group", code=third).status, range(6)))
    cases.check("one, six times at once: one is let in", statuses.count(200) == 1, statuses)
    cases.equal("they are counted", session.must(200, "group", "GET", "me/second_factor/")["recovery_codes_left"], 7)
    cases.equal("the other user's was not used up by it", login(session, "hospital", code=theirs.recovery[0]).status, 200)
    answer = session.call("group", "POST", "me/second_factor/remove/", {"code": fourth})
    cases.equal("one removes the second factor", answer.status, 204)
    cases.equal("no code is asked for then", login(session, "group").status, 200)


def shapes_of_codes(cases, session, theirs):
    for code in ("", " ", "12345", "1234567", "-12345", "+12345", "1e5", "١٢٣٤٥٦", "１２３４５６", "0x1234", "' OR '1'='1", "0" * 64, "0" * 65, "\0" * 6, None, 123456, ["000000"], {"a": 1}, True, 1e300):
        answer = session.call("hospital", "POST", "me/second_factor/remove/", {"code": code})
        cases.check(f"code {str(code)[:20]!r} refused", answer.status == 400, answer)
    code = code_at(theirs.secret, time.time())
    for wrapped in ([code], {"code": code}, int(code)):
        answer = login(session, "hospital", code=wrapped)
        cases.check(f"a right code as {type(wrapped).__name__} is none", answer.status in (400, 401), answer)


def locks(cases, hub, session, theirs):
    """Ten wrong codes, by signing in and by removing; each user's own count."""
    number = number_of(hub, "hospital")
    session.must(204, "admin", "POST", f"users/{number}/unlock/", {})
    statuses = [login(session, "hospital", code=wrong_code(theirs)).status for _ in range(10)]
    settle()
    answer = login(session, "hospital", code=theirs.recovery[1])
    cases.check("after ten wrong codes a right one does not help", statuses == [401] * 10 and answer.status == 401, (statuses, answer))
    wrong = login(session, "hospital", "wrong password", code=theirs.recovery[1])
    cases.equal("nor tells that the password is right", (answer.status, answer.body), (wrong.status, wrong.body))
    cases.equal("others sign in", login(session, "vendor").status, 200)
    session.must(204, "admin", "POST", f"users/{number}/unlock/", {})
    cases.equal("unlocked by an admin, with the same code", login(session, "hospital", code=theirs.recovery[1]).status, 200)
    statuses = [session.call("hospital", "POST", "me/second_factor/remove/", {"code": wrong_code(theirs)}).status for _ in range(10)]
    answer = session.call("hospital", "POST", "me/second_factor/remove/", {"code": theirs.recovery[2]})
    cases.check("ten wrong codes to remove it lock that", statuses == [400] * 10 and answer.status == 400 and "Too many" in str(answer.json), answer)
    cases.equal("and it is still there", login(session, "hospital").json.get("code"), "second_factor_required")
    session.must(204, "admin", "POST", f"users/{number}/unlock/", {})
    reset = session.must(200, "admin", "POST", f"users/{number}/password_reset/", {})["reset_code"]
    session.must(204, None, "POST", "auth/password/reset/", {"reset_code": reset, "password": PASSWORD})
    cases.equal("a new password does not remove it", login(session, "hospital").json.get("code"), "second_factor_required")
    cases.equal("a reset code is good once", session.call(None, "POST", "auth/password/reset/", {"reset_code": reset, "password": PASSWORD}).status, 401)
    cases.equal("nobody removes another's", session.call("vendor", "DELETE", f"users/{number}/second_factor/").status, 403)
    session.must(204, "admin", "DELETE", f"users/{number}/second_factor/")
    renew(session, "hospital")


# Device codes.

def begin(session, client="medperf on a node"):
    return session.must(200, None, "POST", "auth/device/code/", {"client": client})


def poll(session, started):
    return session.call(None, "POST", "auth/device/token/", {"device_code": started["device_code"]})


def decide(session, user, started, decision="approve", **more):
    code = started if isinstance(started, str) else started["user_code"]
    return session.call(user, "POST", "auth/device/approval/", {"user_code": code, "decision": decision}, **more)


def device_codes(cases, hub, session):
    started = begin(session)
    cases.check("codes of a device", re.fullmatch(r"[BCDFGHJ-NP-TV-XZ]{4}-[BCDFGHJ-NP-TV-XZ]{4}", started["user_code"]) and len(started["device_code"]) >= 43 and started["verification_uri"] == "https://hub.test/device", started)
    cases.equal("nobody has approved", poll(session, started).json["error"], "authorization_pending")
    cases.equal("polled too fast", [poll(session, started).json["error"] for _ in range(3)], ["slow_down"] * 3)
    for name, code in {"the code of the person": started["user_code"], "cut": started["device_code"][:-1], "unknown": "x" * 43, "SQL": "' OR '1'='1"}.items():
        cases.equal(f"polled with {name}", poll(session, {"device_code": code}).json["error"], "expired_token")
    cases.equal("without credentials nothing is approved", decide(session, None, started).status, 401)
    program = make(session, "vendor", scope="write")["token"]
    cases.equal("nor by a program", decide(session, None, started, token=program).status, 403)
    opened = session.call(None, "POST", "auth/session/", {"username": "vendor", "password": PASSWORD})
    answer = decide(session, None, started, headers={"Cookie": opened.headers["set-cookie"].split(";")[0], "Origin": "https://evil.test"})
    cases.equal("nor by another page", answer.status, 403)
    cases.equal("the secret code is none for a person", decide(session, "vendor", started["device_code"][:40]).status, 400)
    answer = decide(session, "vendor", started, "show")
    cases.check("it is shown before, without its secret", answer.status == 200 and started["device_code"] not in answer.body.decode(), answer)
    cases.equal("which approves nothing", poll(session, started).json["error"], "slow_down")
    for word in ("APPROVE", "yes", "", ["approve"], True, None):
        cases.equal(f"decision {word!r}", decide(session, "vendor", started, word).status, 400)
    cases.equal("approved", decide(session, "vendor", started).status, 200)
    for word in ("approve", "deny", "show"):
        cases.equal(f"by another account too late: {word}", decide(session, "hospital", started, word).status, 400)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: poll(hub.session(), started), range(6)))
    good = [a.json for a in answers if a.status == 200]
    cases.check("six polls at once: one token", len(good) == 1, answers)
    cases.equal("it is the first account's", session.call(None, "GET", "me/", token=good[0]["access"]).json["username"], "vendor")
    cases.equal("a code is good once", poll(session, started).json["error"], "expired_token")
    cases.equal("for people too", decide(session, "vendor", started).status, 400)
    denied = begin(session)
    decide(session, "vendor", denied, "deny")
    cases.equal("denied is not approved by another", decide(session, "hospital", denied).status, 400)
    cases.equal("and the device learns of it", poll(session, denied).json["error"], "access_denied")
    stored = begin(session)
    rows = hub.sql("SELECT * FROM device_codes")
    cases.check("no code in the database", rows and stored["device_code"] not in rows and stored["user_code"] not in rows)
    for approved in (False, True):
        late = begin(session)
        if approved:
            decide(session, "vendor", late)
        hub.sql("UPDATE device_codes SET expires_at = expires_at - 601 * CAST(1000000 AS BIGINT)")
        if not approved:
            cases.equal("past its time nobody approves it", decide(session, "vendor", late).status, 400)
        cases.equal(f"past its time, {'approved' if approved else 'waiting'}: no token", poll(session, late).json["error"], "expired_token")
    gone = begin(session)
    decide(session, "guest", gone)
    number = number_of(hub, "guest")
    session.must(200, "admin", "PUT", f"users/{number}/active/", {"active": False})
    cases.equal("of one who was disabled meanwhile", poll(session, gone).json["error"], "access_denied")
    session.must(200, "admin", "PUT", f"users/{number}/active/", {"active": True})
    renew(session, "guest")
    odd = begin(session, "node\r\nX: y\x1b[2J\u202e")
    shown = decide(session, "vendor", odd, "show").json["client"]
    cases.check("the device's name has no control characters", not re.search("[\x00-\x1f\x7f]", shown), shown)


def guessed_codes(cases, hub, session):
    """Ten wrong codes of a person lock their guessing, and a right one in between buys no more."""
    started = begin(session)
    statuses = [decide(session, "stranger", "BBBB-BBB" + "BCDFGHJKLM"[i]).status for i in range(10)]
    answer = decide(session, "stranger", started)
    cases.check("after ten wrong codes a right one does not help", statuses == [400] * 10 and "Too many" in str(answer.json), answer)
    cases.equal("another person still approves", decide(session, "vendor", started).status, 200)
    session.must(204, "admin", "POST", f"users/{number_of(hub, 'stranger')}/unlock/", {})
    own, refused = begin(session), []
    for i in range(20):
        refused.append("Too many" in str(decide(session, "stranger", "CCCC-CCC" + "BCDFGHJKLM"[i % 10]).json))
        decide(session, "stranger", own, "show")
    cases.check("showing a code of one's own does not forget the wrong ones", any(refused), refused)
    elsewhere = hub.session("127.0.4.1")
    statuses = [elsewhere.call(None, "POST", "auth/device/code/", {}).status for _ in range(105)]
    cases.check("one address starts a hundred, no more", statuses.count(200) == 100 and statuses[-1] in (401, 429), statuses[-6:])
    cases.equal("another one goes on", session.call(None, "POST", "auth/device/code/", {}).status, 200)


def credentials(cases, hub, session):
    document = session.must(200, None, "GET", "/openapi.json")
    _, _, whole = scopes(cases, session, document)
    by_person_alone(cases, session, whole)
    ends(cases, hub, session)
    of_whom(cases, hub, session)
    cases.section("tokens for programs")
    mine, theirs = codes(cases, session, hub)
    recovery_codes(cases, session, mine, theirs)
    shapes_of_codes(cases, session, theirs)
    locks(cases, hub, session, theirs)
    cases.section("second factors")
    device_codes(cases, hub, session)
    guessed_codes(cases, hub, session)
    cases.section("device codes")
