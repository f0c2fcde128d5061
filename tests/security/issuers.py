"""Tokens of outside issuers, mixed up: keys, names, audiences and subjects of one with those of another."""
import base64
import hashlib
import hmac
import json
import pathlib
import socket
import threading
import time

from harness import Hub, Key, base64url, jwt, run

FIRST, SECOND, THIRD = "https://first.test/", "https://second.test/realm", "https://third.test"
TRUSTED = "trusted@first.test"


def jwk(key, name):
    modulus = bytes.fromhex(run("openssl", "rsa", "-in", key.file, "-noout", "-modulus").decode().strip().split("=")[1])
    return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": name, "n": base64url(modulus), "e": "AQAB"}


class Issuers:
    """Three issuers: one with two keys in a set, one with a PEM file, one whose users get a prefix."""

    def __init__(self, folder):
        self.one, self.two, self.pem, self.third, self.nobody = (Key(folder, name) for name in ("one", "two", "pem", "third", "nobody"))
        (folder / "first.json").write_text(json.dumps({"keys": [jwk(self.one, "one"), jwk(self.two, "two")]}))
        (folder / "third.json").write_text(json.dumps({"keys": [jwk(self.third, "one")]}))  # the name of a key of the first
        (folder / "second.pem").write_bytes(self.pem.public_pem())
        self.file = folder / "issuers.yaml"
        self.file.write_text(json.dumps({"medperf": "medperf/issuers/v1", "issuers": [
            {"name": "first", "issuer": FIRST, "audience": "hub", "jwks_file": "first.json", "email_claim": "email"},
            {"name": "second", "issuer": SECOND, "audience": "hub of second", "key_file": "second.pem", "email_claim": "email"},
            {"name": "third", "issuer": THIRD, "audience": "hub", "jwks_file": "third.json", "email_claim": "email", "username_prefix": "third:"}]}))

    def token(self, issuer, subject, key=None, kid=None, header=None, **changes):
        keys = {FIRST: (self.one, "one"), SECOND: (self.pem, None), THIRD: (self.third, "one")}
        own, name = keys.get(issuer, (self.nobody, None))
        now = int(time.time())
        claims = {"iss": issuer, "aud": "hub of second" if issuer == SECOND else "hub", "sub": subject, "email": f"{subject}@first.test",
                  "iat": now, "exp": now + 600, **changes}
        head = {"alg": "RS256", "typ": "JWT", **({"kid": kid or name} if kid or name else {}), **(header or {})}
        return jwt({k: v for k, v in claims.items() if v is not None}, key or own, {k: v for k, v in head.items() if v is not None})


def mixed_keys(cases, refused, accepted, hub, issuers):
    accepted("the first issuer's", issuers.token(FIRST, "emma"), "emma")
    accepted("with its other key", issuers.token(FIRST, "emma", issuers.two, "two"), "emma")
    accepted("without a key's name", issuers.token(FIRST, "emma", issuers.two, header={"kid": None}), "emma")
    accepted("the second's", issuers.token(SECOND, "erik"), "erik")
    accepted("the third's", issuers.token(THIRD, "emma"), "third:emma")
    keys = {"one": issuers.one, "two": issuers.two, "second's": issuers.pem, "third's": issuers.third, "the hub's": hub.key, "nobody's": issuers.nobody}
    own = {FIRST: ("one", "two"), SECOND: ("second's",), THIRD: ("third's",), "https://hub.test": ("the hub's",)}
    for issuer, known in own.items():
        for name, key in keys.items():
            for kid in (None, "one", "two", "second", "nobody"):
                good = name in known and (kid is None or issuer in (SECOND, "https://hub.test") or kid == {"third's": "one"}.get(name, name))
                audience = {"aud": "https://hub.test", "sub": "group"} if issuer == "https://hub.test" else {}
                token = issuers.token(issuer, "mixed" + str(len(issuer)), key, header={"kid": kid}, **audience)
                if not good:
                    refused(f"issuer {issuer}, key {name}, named {kid}", token)


def forged_algorithms(refused, issuers):
    for issuer, key in ((FIRST, issuers.one), (SECOND, issuers.pem), (THIRD, issuers.third)):
        pem = key.public_pem()
        claims = base64url(json.dumps({"iss": issuer, "aud": "hub of second" if issuer == SECOND else "hub", "sub": "admin", "email": "x@first.test", "exp": int(time.time()) + 600}).encode())
        for name, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
            for secret in (pem, pem.strip(), base64.b64decode(b"".join(pem.split(b"\n")[1:-2])), jwk(key, "one")["n"].encode(), json.dumps(jwk(key, "one")).encode(), b""):
                for kid in ({"kid": "one"}, {}):
                    message = base64url(json.dumps({"alg": name, "typ": "JWT", **kid}).encode()) + "." + claims
                    refused(f"{issuer}: {name} with its public key", message + "." + base64url(hmac.new(secret, message.encode(), digest).digest()))
        for name in ("none", "None", "", "RS512", "PS256", "ES256"):
            message = base64url(json.dumps({"alg": name, "kid": "one"}).encode()) + "." + claims + "."
            refused(f"{issuer}: alg {name!r}, unsigned", message)
            refused(f"{issuer}: alg {name!r}, signed by its key", issuers.token(issuer, "admin", header={"alg": name}))


def names_of_keys(cases, refused, issuers):
    """A key's name chooses among the issuer's keys; it is no path, address or part of a statement."""
    listener = socket.create_server(("127.0.0.1", 0))
    calls = []

    def listen():
        while True:
            try:
                calls.append(listener.accept())
            except OSError:
                return
    threading.Thread(target=listen, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
    folder = issuers.file.parent
    for issuer in (FIRST, SECOND, THIRD):
        for kid in (str(folder / "nobody.key"), "../nobody.key", "file://" + str(folder / "nobody.key"), "/dev/null", "../../../../../../dev/null", url, url.replace("http", "https"), "' OR '1'='1", "one' --",
                    "'; DROP TABLE users; --", "one\0", "One", " one", "one ", "", "*", "%", "$(id)", "|id", "a" * 4000, 0, None, ["one"], {"kid": "one"}, True):
            refused(f"{issuer}: kid {str(kid)[:40]!r}, a key of nobody", issuers.token(issuer, "kid", issuers.nobody, header={"kid": kid} if kid is not None else {"kid": ""}))
        for name, value in (("jku", url), ("x5u", url), ("jwk", jwk(issuers.nobody, "one")), ("x5c", [base64.b64encode(b"certificate").decode()])):
            refused(f"{issuer}: header {name}, a key of nobody", issuers.token(issuer, "kid", issuers.nobody, header={name: value}))
    for kid in ("One", " one", "one\0", "three", "' OR '1'='1", "../one", url):
        refused(f"an unknown name {kid!r} of a good key", issuers.token(FIRST, "kid", kid=kid))
    time.sleep(0.2)
    cases.equal("no address of a token was asked", len(calls), 0)
    listener.close()


def claims(cases, refused, issuers):
    now = int(time.time())
    for name, changes in {"the audience of another issuer": {"aud": "hub of second"}, "the hub's audience": {"aud": "https://hub.test"}, "no audience": {"aud": None}, "an empty one": {"aud": ""},
                          "no audience in a list": {"aud": []}, "expired": {"exp": now - 3600}, "no expiry": {"exp": None}, "not yet good": {"nbf": now + 3600}, "no subject": {"sub": None}, "an empty subject": {"sub": ""},
                          "a subject that is a list": {"sub": ["emma"]}, "a number": {"sub": 7}, "control characters": {"sub": "em\nma"}, "NUL": {"sub": "emma\0"}, "right to left": {"sub": "a" * 151},
                          "a new user without address": {"sub": "newcomer", "email": None}, "a new user with an address that nobody checked": {"sub": "newcomer", "email_verified": False}}.items():
        refused(f"claims: {name}", issuers.token(FIRST, changes.pop("sub", "emma") if "sub" in changes else "emma", **changes))
    for issuer in (FIRST[:-1], FIRST.upper(), FIRST + "x", " " + FIRST, FIRST + "\0", FIRST.replace("https", "http"), "", "first", None, [FIRST], {"iss": FIRST}, SECOND + "/"):
        refused(f"issuer {issuer!r}, the first one's key", issuers.token(FIRST, "emma", iss=issuer))
    for second in (SECOND, THIRD, "https://hub.test"):
        text = json.dumps({"iss": FIRST, "aud": "hub", "sub": "emma", "email": "emma@first.test", "exp": now + 600})
        for twice in (text[:-1] + f', "iss": "{second}"}}', f'{{"iss": "{second}", ' + text[1:]):
            refused(f"two issuers in one token, {second}", jwt(twice, issuers.one, {"alg": "RS256", "kid": "one"}))


def names_of_users(cases, session, refused, accepted, hub, issuers):
    """A name belongs to whom it was first seen with."""
    accepted("a name first seen at the first issuer", issuers.token(FIRST, "shared"), "shared")
    number = session.call(None, "GET", "me/", token=issuers.token(FIRST, "shared")).json["id"]
    refused("the same name at the second", issuers.token(SECOND, "shared"))
    other = session.call(None, "GET", "me/", token=issuers.token(THIRD, "shared"))
    cases.check("at the third it is another account", other.status == 200 and other.json["id"] != number and other.json["username"] == "third:shared", other)
    refused("a name that looks like one of the third", issuers.token(FIRST, "third:shared"))
    accepted("a name first seen at the second", issuers.token(SECOND, "reverse"), "reverse")
    refused("is not the first's", issuers.token(FIRST, "reverse"))
    for name in ("admin", "group", "hospital", "superuser"):
        for issuer in (FIRST, SECOND):
            refused(f"the hub's own account {name} at {issuer}", issuers.token(issuer, name))
            refused(f"with its address and claims at {issuer}", issuers.token(issuer, name, email=name + "@example.org", is_superuser=True, is_staff=True, admin=True, groups=["admin"], scope="admin"))
    refused("an outside user's name in a token of the hub's own form, by the issuer's key", issuers.token("https://hub.test", "emma", issuers.one, aud="https://hub.test"))
    me = session.call(None, "GET", "me/", token=issuers.token(FIRST, "ambitious", is_superuser=True, admin=True, roles=["admin"], email="admin@example.org"))
    cases.check("no claim makes an admin", me.status in (200, 401) and (me.status == 401 or session.call(None, "GET", "users/", token=issuers.token(FIRST, "ambitious")).status == 403), me)
    for user, token in (("emma", issuers.token(FIRST, "emma")),):
        mine = session.must(200, "admin", "GET", "users/?limit=1000")["results"]
        account = next(u for u in mine if u["username"] == user)
        session.must(200, "admin", "PUT", f"users/{account['id']}/active/", {"active": False})
        refused("of a disabled account", token)
        refused("anew", issuers.token(FIRST, user))
        session.must(200, "admin", "PUT", f"users/{account['id']}/active/", {"active": True})
    refused("from before everything was signed out", issuers.token(FIRST, "emma", iat=int(time.time()) - 100))
    login = session.call(None, "POST", "auth/login", {"username": "shared", "password": ""})
    cases.check("an outside account has no password", login.status in (400, 401), login)
    cases.equal("nor any that fits", session.call(None, "POST", "auth/login", {"username": "shared", "password": "shared"}).status, 401)


def addresses(cases, session, issuers):
    """Rights that go by address go by one that the issuer has checked."""
    def benchmark(subject, **changes):
        token = issuers.token(FIRST, subject, **changes)
        def made(path, body):
            answer = session.call(None, "POST", path, body, token=token)
            return answer.json if answer.status == 201 else cases.check(f"{subject} makes {path}", False, answer) or {"id": 0}
        def container(name):
            return {"name": f"{subject} {name}", "container_config": {}, "parameters_config": {}, "image_hash": subject + name, "additional_files_tarball_hash": "", "state": "OPERATION"}
        first, second = (made("mlcubes/", container(name))["id"] for name in ("preparation", "evaluator"))
        model = made("models/", {"name": subject, "type": "CONTAINER", "state": "OPERATION", "container": container("model")})["id"]
        return made("benchmarks/", {"name": subject, "demo_dataset_tarball_url": "https://g/demo", "demo_dataset_tarball_hash": "01", "demo_dataset_generated_uid": "02", "state": "OPERATION",
                                    "data_preparation_mlcube": first, "reference_model": model, "data_evaluator_mlcube": second}).get("approval_status")
    cases.equal("an address on the list", benchmark("trusted", email=TRUSTED), "APPROVED")
    for name, email in {"another": "x@first.test", "longer": TRUSTED + ".evil.test", "two": f"{TRUSTED}, x@first.test"}.items():
        cases.equal(f"an address that is {name}", benchmark("trusted" + name, email=email), "PENDING")


def issuers(cases, folder, postgres=None):
    folder = pathlib.Path(folder)
    known = Issuers(folder)
    hub = Hub(folder, tls=postgres is None, postgres=postgres, users=("group", "hospital"), settings={"AUTH_ISSUERS": known.file, "AUTO_APPROVED_EMAILS": TRUSTED})
    session = hub.session()

    def refused(name, token):
        answer = session.call(None, "GET", "me/", token=token)
        cases.check(f"refused: {name}", answer.status == 401 and answer.json.get("detail") and answer.headers.get("www-authenticate"), answer)

    def accepted(name, token, user):
        answer = session.call(None, "GET", "me/", token=token)
        cases.check(f"accepted: {name}", answer.status == 200 and answer.json["username"] == user, answer)
    try:
        mixed_keys(cases, refused, accepted, hub, known)
        forged_algorithms(refused, known)
        names_of_keys(cases, refused, known)
        claims(cases, refused, known)
        names_of_users(cases, session, refused, accepted, hub, known)
        addresses(cases, session, known)
        accepted("the good ones still", known.token(FIRST, "shared"), "shared")
        users = {u["username"] for u in session.must(200, "admin", "GET", "users/?limit=1000")["results"]}
        wanted = {"superuser", "admin", "group", "hospital", "emma", "erik", "third:emma", "shared", "third:shared", "reverse"}
        cases.check("no refused token has made an account", {u for u in users - wanted if not u.startswith(("trusted", "ambitious"))} == set(), users)
    finally:
        hub.stop()
    cases.section("outside issuers")
