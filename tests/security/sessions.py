"""Browser sessions: cookies, forged writes of other pages, and how a session ends."""
import hashlib
import re

from harness import PASSWORD

COOKIE = "__Host-medperf-session"
OWN = "https://hub.test"
ENDED = "Max-Age=0"


class Browser:
    """What a browser keeps of signing in, and what the hub's own pages send."""

    def __init__(self, session, user, **more):
        self.s = session
        self.answer = session.call(None, "POST", "auth/session/", {"username": user, "password": PASSWORD}, **more)
        if self.answer.status != 200:
            raise RuntimeError(f"{user} cannot sign in: {self.answer}")
        self.header = self.answer.headers["set-cookie"]
        self.cookie = self.header.split(";")[0]
        self.secret = self.cookie.split("=", 1)[1]
        self.token = self.answer.json["csrf_token"]

    def call(self, method, path, body=None, headers=None):
        return self.s.call(None, method, path, body, {"Cookie": self.cookie, **(headers or {})})

    def write(self, method, path, body=None, token=None, origin=OWN):
        return self.call(method, path, body, {"X-CSRF-Token": token or self.token, "Origin": origin})

    def signed_in(self):
        return self.call("GET", "me/").status == 200


def cookies(cases, session):
    one, two = Browser(session, "group"), Browser(session, "group", headers={"Cookie": f"{COOKIE}=chosen-by-somebody"})
    attributes = [a.strip() for a in one.header.split(";")[1:]]
    for wanted in ("HttpOnly", "Secure", "Path=/"):
        cases.check(f"the cookie is {wanted}", wanted in attributes, one.header)
    cases.check("other sites' posts do not carry it", "SameSite=Lax" in attributes or "SameSite=Strict" in attributes, one.header)
    cases.check("it goes to this host alone", one.header.startswith("__Host-") and not any(a.lower().startswith("domain") for a in attributes), one.header)
    age = [int(a.split("=")[1]) for a in attributes if a.startswith("Max-Age=")]
    cases.check("it ends with the session", age and 0 < age[0] <= 12 * 3600, one.header)
    cases.check("it is drawn anew each time", len(one.secret) >= 43 and one.secret != two.secret and two.secret != "chosen-by-somebody", two.header)
    cases.check("and so is the token of its pages", one.token != two.token and one.secret not in one.answer.body.decode(), one.answer)
    cases.equal("nobody keeps the answer", one.answer.headers.get("cache-control"), "no-store")
    cases.check("it reads", one.signed_in() and two.signed_in())
    wrong = session.call(None, "POST", "auth/session/", {"username": "group", "password": "wrong password"})
    cases.check("a wrong password sets none", wrong.status == 401 and "set-cookie" not in wrong.headers, wrong)
    good = one.secret
    for name, header in {"no value": f"{COOKIE}=", "cut": f"{COOKIE}={good[:-1]}", "longer": f"{COOKIE}={good}A", "in other letters": f"{COOKIE}={good.swapcase()}",
                         "quoted": f'{COOKIE}="{good}"', "without prefix": f"medperf-session={good}", "prefix in other letters": f"__host-medperf-session={good}",
                         "another before it": f"{COOKIE}=x; {COOKIE}={good}", "SQL": f"{COOKIE}=' OR '1'='1", "the token of the pages": f"{COOKIE}={one.token}",
                         "percent-encoded": f"{COOKIE}=%{ord(good[0]):02x}{good[1:]}"}.items():
        answer = session.call(None, "GET", "me/", headers={"Cookie": header})
        cases.check(f"cookie refused: {name}", answer.status == 401, answer)
    for name, headers in {"as Bearer": {"Authorization": "Bearer " + good}, "the page's token as Bearer": {"Authorization": "Bearer " + one.token},
                          "a bad Bearer beside it": {"Authorization": "Bearer x.y.z", "Cookie": one.cookie}}.items():
        cases.equal(f"a session {name}", session.call(None, "GET", "me/", headers=headers).status, 401)
    answer = session.call("hospital", "GET", "me/", headers={"Cookie": one.cookie})
    cases.equal("a Bearer token goes before a cookie", answer.json["username"], "hospital")
    answer = session.call(None, "GET", f"me/?{COOKIE}={good}")
    cases.equal("a session in the query is none", answer.status, 401)


def forged_writes(cases, session, document):
    mine, second, other = Browser(session, "group"), Browser(session, "group"), Browser(session, "hospital")
    body = {"name": "forged", "container_config": {}, "parameters_config": {}, "image_hash": "forged", "additional_files_tarball_hash": ""}
    before = session.must(200, "group", "GET", "me/mlcubes/")["count"]
    token = mine.token
    attempts = {"nothing": {}, "the origin alone": {"Origin": OWN}, "the token alone": {"X-CSRF-Token": token}, "an empty token": {"X-CSRF-Token": "", "Origin": OWN},
                "the token of another session": {"X-CSRF-Token": second.token, "Origin": OWN}, "the token of another user": {"X-CSRF-Token": other.token, "Origin": OWN},
                "a cut token": {"X-CSRF-Token": token[:-1], "Origin": OWN}, "a longer token": {"X-CSRF-Token": token + "0", "Origin": OWN},
                "the cookie as token": {"X-CSRF-Token": mine.secret, "Origin": OWN}, "two tokens": {"X-CSRF-Token": f"{token}, {token}", "Origin": OWN},
                "a page for an origin": {"X-CSRF-Token": token, "Referer": OWN + "/page"}}
    for origin in ("https://evil.test", "null", "", "https://hub.test.evil.test", "https://evilhub.test", "https://evil.test/hub.test", "http://hub.test", "https://hub.test:8443",
                   "https://hub.test@evil.test", "//hub.test", "hub.test", "https://hub", "https://www.hub.test", f"http://localhost:{session.hub.port}", f"https://localhost:{session.hub.port}",
                   "https://hub.test, https://evil.test", "file://", "https://hub.test%2eevil.test", "https://hub.test\\evil.test"):
        attempts[f"origin {origin!r}"] = {"X-CSRF-Token": token, "Origin": origin}
    for host in ("evil.test", "hub.test", "localhost"):
        attempts[f"a page of the host {host} that it names itself"] = {"X-CSRF-Token": token, "Origin": "https://evil.test", "Host": host, "X-Forwarded-Host": "evil.test"}
    for name, headers in attempts.items():
        answer = mine.call("POST", "mlcubes/", {**body, "name": name[:60]}, headers)
        cases.check(f"a write with {name}: refused", answer.status == 403 and "CSRF" in answer.json["detail"], answer)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = mine.call("POST", "mlcubes/", body, {"Origin": "https://evil.test", "Content-Type": kind})
        cases.check(f"a form of another page as {kind}: refused", answer.status in (403, 415), answer)
    answer = mine.call("POST", f"mlcubes/?csrf_token={token}&X-CSRF-Token={token}", {**body, "csrf_token": token}, {"Origin": OWN})
    cases.equal("a token in the query or the body is none", answer.status, 403)
    answer = mine.call("POST", "mlcubes/", body, {"Origin": OWN, "Cookie": f"{mine.cookie}; X-CSRF-Token={token}; csrf_token={token}"})
    cases.equal("nor is one in a cookie", answer.status, 403)
    for path, methods in document["paths"].items():
        for method, row in methods.items():
            if method in ("post", "put", "delete", "patch") and row.get("security") != []:
                answer = mine.call(method.upper(), re.sub(r"\{[a-z_]+\}", "1", path), {} if method != "delete" else None, {"Origin": "https://evil.test", "X-CSRF-Token": token})
                cases.check(f"{method} {path} by another page: refused", answer.status == 403 and "CSRF" in answer.json["detail"], answer)
    cases.check("and the session is still there", mine.signed_in())
    cases.equal("nothing was written", session.must(200, "group", "GET", "me/mlcubes/")["count"], before)
    cases.equal("the own page writes", mine.write("POST", "mlcubes/", {**body, "name": "own page"}).status, 201)
    cases.equal("in other letters and with the port", mine.write("POST", "mlcubes/", {**body, "name": "own page 2", "image_hash": "2"}, origin="HTTPS://Hub.test:443").status, 201)
    for origin in ("https://evil.test", "null"):
        answer = session.call(None, "POST", "auth/session/", {"username": "group", "password": PASSWORD}, {"Origin": origin})
        cases.check(f"a page of {origin} signs nobody in", answer.status == 403 and "set-cookie" not in answer.headers, answer)
        for method in ("GET", "OPTIONS"):
            answer = mine.call(method, "me/", None, {"Origin": origin, "Access-Control-Request-Method": "POST"})
            cases.check(f"a page of {origin} may not read a {method}", not any(h.startswith("access-control-") for h in answer.headers), answer.headers)


def endings(cases, hub, session):
    one, two = Browser(session, "group"), Browser(session, "group")
    answer = one.call("DELETE", "auth/session/")
    cases.check("another page signs nobody out", answer.status == 403 and one.signed_in(), answer)
    answer = one.write("DELETE", "auth/session/")
    cases.check("signing out clears the cookie", answer.status == 204 and ENDED in answer.headers.get("set-cookie", "") and answer.headers["set-cookie"].startswith(COOKIE + "=;"), answer.headers)
    answer = one.call("GET", "me/")
    cases.check("a closed session is out, and its cookie is cleared", answer.status == 401 and ENDED in answer.headers.get("set-cookie", ""), answer)
    cases.equal("for writes too", one.write("POST", "mlcubes/", {}).status, 401)
    cases.check("another one of the same user stays", two.signed_in())

    guest, other = Browser(session, "guest"), Browser(session, "hospital")
    first = session.call(None, "POST", "auth/login", {"username": "guest", "password": PASSWORD}).json["access"]
    second = Browser(session, "guest")
    cases.equal("signed out everywhere by a page", second.write("POST", "auth/sign_out_everywhere/", {}).status, 204)
    for name, open_one in (("the other session", guest), ("the session itself", second)):
        cases.check(f"signed out everywhere: {name} has ended", not open_one.signed_in() and open_one.write("POST", "mlcubes/", {}).status == 401)
    cases.equal("and so has an access token", session.call(None, "GET", "me/", token=first).status, 401)
    cases.check("others stay", other.signed_in() and two.signed_in())
    cases.check("and signing in anew works", Browser(session, "guest").signed_in())

    before = Browser(session, "guest")
    changed = session.call(None, "POST", "auth/password/", {"username": "guest", "password": PASSWORD, "new_password": PASSWORD + " anew"})
    cases.check("a new password ends the sessions", changed.status == 200 and not before.signed_in(), changed)
    session.must(200, None, "POST", "auth/password/", {"username": "guest", "password": PASSWORD + " anew", "new_password": PASSWORD})
    before, number = Browser(session, "guest"), hub.sql("SELECT id FROM users WHERE username = 'guest'").strip()
    session.must(200, "admin", "PUT", f"users/{number}/active/", {"active": False})
    cases.check("a disabled user is out", not before.signed_in())
    session.must(200, "admin", "PUT", f"users/{number}/active/", {"active": True})
    cases.check("and stays so when enabled again", not before.signed_in())
    kept = Browser(session, "guest")
    hub.sql("UPDATE users SET is_active = 0 WHERE username = 'guest'")
    cases.equal("disabled by another process: out at the next request", kept.call("GET", "me/").status, 401)
    hub.sql("UPDATE users SET is_active = 1 WHERE username = 'guest'")


def listed(cases, session):
    """A list of one's own sessions, and the end of one of them."""
    one, two, other = Browser(session, "stranger"), Browser(session, "stranger"), Browser(session, "hospital")
    shown = one.call("GET", "me/sessions/")
    rows = shown.json
    cases.check("one's own sessions, the present one marked", shown.status == 200 and len(rows) == 2 and [r["current"] for r in rows].count(True) == 1, shown)
    text = shown.body.decode()
    cases.check("without what would open them", not any(secret in text for b in (one, two) for secret in (b.secret, b.token, hashlib.sha256(b.secret.encode()).hexdigest())), text)
    cases.check("and none of others", not {r["id"] for r in rows} & {r["id"] for r in other.call("GET", "me/sessions/").json})
    second = next(r["id"] for r in rows if not r["current"])
    for name, answer in {"by another user": other.write("DELETE", f"me/sessions/{second}/"), "by an admin": session.call("admin", "DELETE", f"me/sessions/{second}/")}.items():
        cases.check(f"not ended {name}, as an unknown one", answer.status == 404 and answer.json == {"detail": "Not found."}, answer)
    cases.equal("nor by another page", one.call("DELETE", f"me/sessions/{second}/", None, {"Origin": "https://evil.test", "X-CSRF-Token": one.token}).status, 403)
    program = session.must(201, "stranger", "POST", "me/access_tokens/", {"name": "x", "scope": "write"})["token"]
    cases.equal("nor by a program", session.call(None, "DELETE", f"me/sessions/{second}/", token=program).status, 403)
    cases.check("it is still there", two.signed_in())
    cases.equal("ended", one.write("DELETE", f"me/sessions/{second}/").status, 204)
    cases.check("that one alone", one.signed_in() and other.signed_in() and not two.signed_in())
    cases.equal("and once", one.write("DELETE", f"me/sessions/{second}/").status, 404)
    cases.equal("it is listed no more", [r["current"] for r in one.call("GET", "me/sessions/").json], [True])
    third = Browser(session, "stranger")
    cases.equal("the others are not ended by another page", one.call("DELETE", "me/sessions/", None, {"Origin": "https://evil.test", "X-CSRF-Token": one.token}).status, 403)
    cases.equal("nor by a program", session.call(None, "DELETE", "me/sessions/", token=program).status, 403)
    cases.equal("nor by another user", (other.write("DELETE", "me/sessions/").status, third.signed_in()), (204, True))
    cases.equal("all others are ended", one.write("DELETE", "me/sessions/").status, 204)
    cases.check("those alone", one.signed_in() and other.signed_in() and not third.signed_in())
    cases.equal("one ends oneself", one.write("DELETE", f"me/sessions/{rows[0]['id'] if rows[0]['current'] else rows[1]['id']}/").status, 204)
    cases.check("and is out", not one.signed_in())


def lifetimes(cases, hub, session):
    """Time passes by moving the rows' times back."""
    def aged(column, seconds):
        browser = Browser(session, "vendor")
        hub.sql(f"UPDATE sessions SET {column} = {column} - {seconds} * CAST(1000000 AS BIGINT) WHERE user_id = (SELECT id FROM users WHERE username = 'vendor')")
        return browser.call("GET", "me/")
    for name, column, seconds, wanted in (("59 minutes idle", "last_seen_at", 3540, 200), ("an hour idle", "last_seen_at", 3601, 401),
                                          ("nearly twelve hours old", "expires_at", 12 * 3600 - 60, 200), ("twelve hours old", "expires_at", 12 * 3600 + 1, 401)):
        answer = aged(column, seconds)
        cases.check(f"a session {name}: {wanted}", answer.status == wanted and (wanted == 200 or ENDED in answer.headers.get("set-cookie", "")), answer)
    busy = Browser(session, "vendor")
    for _ in range(3):
        hub.sql("UPDATE sessions SET last_seen_at = last_seen_at - 3000 * CAST(1000000 AS BIGINT)")
        cases.check("whoever comes back within the hour stays", busy.signed_in())
    stored = hub.sql("SELECT secret_hash FROM sessions")
    cases.check("the database holds no cookie", stored and busy.secret not in stored and busy.token not in stored)


def sessions(cases, hub, session):
    cookies(cases, session)
    forged_writes(cases, session, session.must(200, None, "GET", "/openapi.json"))
    endings(cases, hub, session)
    listed(cases, session)
    lifetimes(cases, hub, session)
    cases.section("browser sessions")
