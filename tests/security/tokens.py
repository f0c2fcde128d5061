"""Forged, bent and stale access tokens: each is answered 401, in the form that clients know, and nothing else happens."""
import base64
import hashlib
import hmac
import json
import socket
import sqlite3
import threading
import time

from harness import Key, base64url, jwt


def refused(cases, session, name, token):
    answer = session.call(None, "GET", "me/", token=token)
    good = answer.status == 401 and answer.json.get("detail") and answer.headers.get("www-authenticate")
    cases.check(f"token refused: {name}", good, answer)


def accepted(cases, session, name, token, user="group"):
    answer = session.call(None, "GET", "me/", token=token)
    cases.check(f"token accepted: {name}", answer.status == 200 and answer.json["username"] == user, answer)


def algorithms(cases, hub, session, stranger, curve):
    claims = hub.claims("admin")
    unsigned = base64url(json.dumps(claims).encode())
    for name in ("none", "None", "NONE", "nOnE", "", "RS256 ", "rs256", "HS256", "RSA", "dir"):
        head = base64url(json.dumps({"alg": name, "typ": "JWT"}).encode())
        refused(cases, session, f"alg {name!r} without signature", f"{head}.{unsigned}.")
        refused(cases, session, f"alg {name!r} with any signature", f"{head}.{unsigned}.AAAA")
    refused(cases, session, "no alg", jwt(claims, hub.key, {"typ": "JWT"}))
    refused(cases, session, "alg is a list", jwt(claims, hub.key, {"alg": ["RS256"]}))
    refused(cases, session, "alg is null", jwt(claims, hub.key, {"alg": None}))
    pem = hub.key.public_pem()
    for name, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
        for secret in (pem, pem.strip(), base64.b64decode(b"".join(pem.split(b"\n")[1:-2])), b""):
            message = base64url(json.dumps({"alg": name, "typ": "JWT"}).encode()) + "." + unsigned
            mac = hmac.new(secret, message.encode(), digest).digest()
            refused(cases, session, f"{name} with the public key as secret", message + "." + base64url(mac))
    for name in ("RS384", "RS512", "PS256", "ES256", "EdDSA"):
        refused(cases, session, f"{name} named, RS256 signed", jwt(claims, hub.key, {"alg": name}))
    refused(cases, session, "signed by a key of somebody", jwt(claims, stranger))
    refused(cases, session, "ES256 by a key of somebody", jwt(claims, curve, {"alg": "ES256"}))
    refused(cases, session, "RS256 named, signed on a curve", jwt(claims, curve))


def claims_of(cases, hub, session):
    now = int(time.time())
    accepted(cases, session, "as the hub makes it", hub.token("group"))
    for name, changes in {
            "wrong issuer": {"iss": "https://evil.test"}, "no issuer": {"iss": None}, "issuer a list": {"iss": ["https://hub.test"]},
            "issuer with a slash more": {"iss": "https://hub.test/"}, "wrong audience": {"aud": "https://evil.test"},
            "no audience": {"aud": None}, "audience a list of others": {"aud": ["a", "b"]}, "audience an object": {"aud": {"https://hub.test": 1}},
            "expired": {"exp": now - 3600}, "expired in 1970": {"exp": 1}, "no expiry": {"exp": None}, "expiry a text": {"exp": str(now + 999)},
            "expiry true": {"exp": True}, "expiry negative": {"exp": -1}, "expiry beyond time": {"exp": 1e300}, "expiry a list": {"exp": [now + 999]},
            "not yet valid": {"nbf": now + 3600}, "nbf a text": {"nbf": "soon"}, "no subject": {"sub": None}, "empty subject": {"sub": ""},
            "subject a number": {"sub": 1}, "subject a list": {"sub": ["admin"]}, "subject nobody": {"sub": "nobody-at-all"},
            "subject in other letters": {"sub": "GROUP"}, "subject with a space": {"sub": "group "}, "subject with NUL": {"sub": "group\0"},
            "subject with SQL": {"sub": "group' OR '1'='1"}, "subject a wildcard": {"sub": "gr%"}}.items():
        refused(cases, session, name, jwt(hub.claims("group", **changes), hub.key))
    accepted(cases, session, "audience in a list", jwt(hub.claims("group", aud=["a", "https://hub.test"]), hub.key))
    text = json.dumps(hub.claims("group"))
    refused(cases, session, "subject twice", jwt(text[:-1] + ', "sub": "admin"}', hub.key))
    refused(cases, session, "expiry twice", jwt('{"exp": 1, ' + text[1:], hub.key))
    refused(cases, session, "alg twice", jwt(text, hub.key, '{"alg":"none","alg":"RS256"}'))
    refused(cases, session, "claims a list", jwt("[]", hub.key))
    refused(cases, session, "claims not JSON", jwt("{", hub.key))
    refused(cases, session, "claims not UTF-8", jwt(b'{"sub":"\xff"}', hub.key))
    refused(cases, session, "claims nested deeply", jwt('{"a":' + "[" * 2000 + "]" * 2000 + "," + text[1:], hub.key))
    refused(cases, session, "too large", jwt(hub.claims("group", pad="x" * 16000), hub.key))


def headers_of(cases, hub, session, stranger):
    claims = hub.claims("admin")
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
    for kid in ("../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "'; DROP TABLE users; --", url, "\0", "a" * 4000,
                "%2e%2e%2f", "file:///dev/null", "|id", "$(id)", 1, None, ["a"], {"a": 1}):
        refused(cases, session, f"kid {str(kid)[:40]!r}, foreign key", jwt(claims, stranger, {"alg": "RS256", "kid": kid}))
    modulus = base64url(b"\1" + b"\0" * 255)
    jwk = {"kty": "RSA", "e": "AQAB", "n": modulus, "alg": "RS256", "use": "sig"}
    for name, value in (("jwk", jwk), ("jku", url), ("x5u", url), ("x5c", [base64.b64encode(b"cert").decode()]), ("x5t", "AAAA")):
        refused(cases, session, f"header {name}, foreign key", jwt(claims, stranger, {"alg": "RS256", name: value}))
    for name, value in (("crit", ["exp"]), ("crit", []), ("b64", False)):
        if name == "crit":
            refused(cases, session, f"header {name} {value}", jwt(claims, hub.key, {"alg": "RS256", name: value}))
    time.sleep(0.2)
    cases.equal("no key address of a token is asked", len(calls), 0)
    listener.close()


def shapes(cases, hub, session):
    good = hub.token("group")
    head, claims, signature = good.split(".")
    for name, token in {
            "empty": "", "dots": "..", "one part": head, "two parts": f"{head}.{claims}", "four parts": good + ".AAAA",
            "no signature": f"{head}.{claims}.", "signature cut": good[:-8], "signature longer": good + "AAAA",
            "signature of another": f"{head}.{claims}." + hub.token("hospital").split(".")[2],
            "claims of another": f"{head}." + hub.token("admin").split(".")[1] + "." + signature,
            "padded": good + "==", "padded claims": f"{head}.{claims}=.{signature}", "standard alphabet": f"{head}.{claims}.+/" + signature[2:],
            "line break inside": f"{head}.{claims[:9]}%0A{claims[9:]}.{signature}", "dot at the end": good + ".", "dot before": "." + good,
            "swapped": f"{claims}.{head}.{signature}", "lower case": good.lower()}.items():
        refused(cases, session, name, token)
    # 342 letters carry 2048 bits and some beyond: a decoder that drops them lets one token have several spellings.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = {0: 0, 2: 4, 3: 2}[len(signature) % 4]
    for step in range(1, 2 ** spare if spare else 1):
        other = alphabet[(alphabet.index(signature[-1]) & ~(2 ** spare - 1)) | ((alphabet.index(signature[-1]) + step) % 2 ** spare)]
        if other != signature[-1]:
            refused(cases, session, f"not the canonical spelling ({step})", good[:-1] + other)
    accepted(cases, session, "the good one still", good)
    for name, value in {"lower case scheme": "bearer " + good, "no scheme": good, "Basic": "Basic " + good, "Token": "Token " + good,
                        "two tokens": f"Bearer {good} {good}", "two spaces": "Bearer  " + good, "tab": "Bearer\t" + good, "only Bearer": "Bearer",
                        "comma": f"Bearer {good}, Bearer {good}", "latin": "Bearer \xe9"}.items():
        answer = session.call(None, "GET", "me/", headers={"Authorization": value})
        cases.check(f"authorization header refused: {name}", answer.status == 401, answer)
    answer = session.call(None, "GET", "me/?access_token=" + good + "&token=" + good)
    cases.equal("a token in the query is none", answer.status, 401)
    answer = session.call(None, "GET", "me/", headers={"Cookie": "access=" + good + "; Authorization=Bearer " + good})
    cases.equal("a token in a cookie is none", answer.status, 401)
    reply = hub.raw(f"GET /api/v0/me/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {good}\r\n"
                    f"Authorization: Bearer {good}\r\n\r\n".encode())
    cases.check("two authorization headers", reply.startswith(b"HTTP/1.1 400"), reply[:80])


def lifetimes(cases, hub, session):
    ended = int(time.time()) - 20  # ten more seconds of the clock's 30 s of grace
    soon = jwt(hub.claims("group", exp=ended), hub.key)
    accepted(cases, session, "just within its grace", soon)
    time.sleep(max(0, ended + 32 - time.time()))
    refused(cases, session, "expired after it was used", soon)
    token = hub.token("leaver")
    accepted(cases, session, "of an account that will be disabled", token, "leaver")
    base = sqlite3.connect(hub.data / "hub.db", timeout=120)
    with base:
        base.execute("UPDATE users SET is_active = 0 WHERE username = 'leaver'")
    answer = session.call(None, "GET", "me/", token=token)
    cases.check("disabled at the next request", answer.status == 401 and answer.json.get("code") == "user_inactive", answer)
    for method, path in (("POST", "mlcubes/"), ("GET", "benchmarks/"), ("PUT", "users/1/"), ("DELETE", "users/1/")):
        answer = session.call(None, method, path, {} if method in ("POST", "PUT") else None, token=token)
        cases.equal(f"disabled: {method} {path}", answer.status, 401)
    with base:
        base.execute("UPDATE users SET is_active = 1 WHERE username = 'leaver'")
    base.close()
    accepted(cases, session, "enabled again", token, "leaver")
    mine = session.must(200, "leaver", "GET", "me/")["id"]
    session.must(204, "admin", "DELETE", f"users/{mine}/")
    refused(cases, session, "of a removed account", token)
    listed = session.must(200, "admin", "GET", "users/?limit=1000")["results"]
    cases.check("a removed account is not made anew by its token", all(u["username"] != "leaver" for u in listed), listed)


def tokens(cases, hub):
    session = hub.session()
    stranger = Key(hub.folder, "stranger")
    curve = Key(hub.folder, "curve", ("EC", "ec_paramgen_curve:P-256"))
    algorithms(cases, hub, session, stranger, curve)
    claims_of(cases, hub, session)
    headers_of(cases, hub, session, stranger)
    shapes(cases, hub, session)
    lifetimes(cases, hub, session)
    cases.section("tokens")
