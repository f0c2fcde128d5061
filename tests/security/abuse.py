"""Signed-in users who bend what they send: strings, JSON, filters, fields that are not theirs, keys of others; and logs."""
import json

from harness import API, PASSWORD
from patience import wait_for

SQL = ["'", "''", "' OR '1'='1", "'; DROP TABLE users; --", "1; DELETE FROM mlcubes", "\" OR \"\"=\"", "\\", "%", "_", "1 UNION SELECT password_hash FROM credentials", "?", "$1", ":x",
       "*", "(SELECT 1)", "id) --", "name,(CASE WHEN 1=1 THEN id END)", "/**/", "é", "\u202e", "‘"]


def quoted(text):
    return "".join("%%%02X" % b for b in text.encode())


def filters(cases, session, document):
    """Every filter and ordering parameter of every list, with words that mean something to a database."""
    before = session.must(200, "admin", "GET", "users/?limit=1000")["count"]
    for path, methods in document["paths"].items():
        get = methods.get("get", {})
        parameters = [p["name"] for p in get.get("parameters", []) if p.get("in") == "query" and "name" in p]
        if not parameters:
            continue
        path = path.replace("{id}", "1").replace("{other}", "1").replace("{key_id}", "x")
        for name in set(parameters + ["ordering"]):
            for text in SQL:
                answer = session.call("admin", "GET", f"{path}?{name}={quoted(text)}")
                cases.check(f"{path} {name}={text!r}", answer.status in (200, 400, 404) and b"$argon2" not in answer.body, answer)
    answer = session.call("group", "GET", "mlcubes/?ordering=password_hash,owner.password_hash,-u.is_superuser,id--")
    cases.check("unknown orderings are ignored", answer.status == 200, answer)
    cases.equal("all users are still there", session.must(200, "admin", "GET", "users/?limit=1000")["count"], before)


def strings(cases, session, world):
    """Text that breaks something elsewhere: kept exactly, or refused with 400."""
    for i, text in enumerate(SQL + ["<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://127.0.0.1/a}", "line\nbreak", "tab\t", "\u0001", "\u007f", "\ufeff", "\U0001f9e0", "a\u0301" * 30,
                                    "\u2028", "%0d%0aX: y", "../../etc/passwd", "file:///etc/passwd", "=1+1", "\ufffe"]):
        body = world.container_body(f"strings {i} ")
        body["name"] = (text + f" {i}")[:128]
        body["metadata"] = {text: [text]}
        answer = session.call("group", "POST", "mlcubes/", body)
        kept = answer.status == 201 and answer.json["name"] == body["name"].strip() and answer.json["metadata"] == body["metadata"]
        cases.check(f"text {text!r} kept or refused", kept or answer.status == 400, answer)
    for name, text in {"NUL in a field": '{"name": "a\\u0000b"', "NUL as a key": '{"a\\u0000b": 1, "name": "x"'}.items():
        body = json.dumps(world.container_body("nul"))
        answer = session.call("group", "POST", "mlcubes/", (text + ", " + body[1:].replace('"name"', '"name_"', 1)).encode())
        cases.check(name, answer.status in (400, 201) and (answer.status == 400 or "key" in name), answer)
    body = world.container_body("nul in metadata")
    answer = session.call("group", "POST", "mlcubes/", {**body, "metadata": {"a": "x\0y"}})
    cases.check("NUL in metadata is kept or refused", answer.status == 400 or (answer.status == 201 and answer.json["metadata"] == {"a": "x\0y"}), answer)


def json_texts(cases, session, world):
    plain = json.dumps(world.container_body("json"))
    texts = {"key twice": plain[:-1] + ', "name": "other"}', "key twice inside": plain[:-1] + ', "metadata": {"a": 1, "a": 2}}', "100,000 levels": '{"metadata": ' + "[" * 100000 + "]" * 100000 + "}",
             "65 levels": '{"metadata": ' + "[" * 65 + "]" * 65 + "}", "open levels": "[" * 1000000, "number of 2,000 digits": '{"metadata": ' + "9" * 2000 + "}", "1e999": '{"metadata": 1e999}', "-1e999": '{"metadata": -1e999}',
             "NaN": '{"metadata": NaN}', "Infinity": '{"metadata": Infinity}', "lone surrogate": '{"name": "\\ud800"}', "reversed surrogates": '{"name": "\\udc00\\ud800"}', "comment": '{/* */"name": "x"}', "trailing comma": '{"name": "x",}',
             "single quotes": "{'name': 'x'}", "nothing": "", "two documents": plain + plain, "control character": '{"name": "a\x01"}', "a list": "[]", "a text": '"x"', "a number": "1", "null": "null", "true": "true"}
    for name, text in texts.items():
        answer = session.call("group", "POST", "mlcubes/", text.encode())
        cases.check(f"JSON {name}: 400 with an object", answer.status == 400 and isinstance(answer.json, dict), answer)
    for name, raw in {"overlong slash": b'{"name": "\xc0\xaf"}', "overlong NUL": b'{"name": "\xc0\x80"}', "coded surrogate": b'{"name": "\xed\xa0\x80"}', "beyond Unicode": b'{"name": "\xf4\x90\x80\x80"}', "latin 1": b'{"name": "\xe9"}',
                      "cut sequence": b'{"name": "\xe2\x82"}', "UTF-16": plain.encode("utf-16"), "UTF-32": plain.encode("utf-32"), "NUL": b"\0", "gzip": b"\x1f\x8b\x08\x00"}.items():
        answer = session.call("group", "POST", "mlcubes/", raw)
        cases.check(f"bytes {name}: 400", answer.status == 400, answer)
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json-patch+json", "", "application/jsonx", "a" * 5000):
        answer = session.call("group", "POST", "mlcubes/", plain.encode(), headers={"Content-Type": kind})
        cases.equal(f"media type {kind[:40]!r}", answer.status, 415)


def mass_assignment(cases, session, world):
    """Keys that are not the caller's to write are ignored or refused, never obeyed."""
    me = session.must(200, "hospital", "GET", "me/")
    other = session.must(200, "group", "GET", "me/")
    evil = {"id": 1, "owner": other["id"], "created_at": "2000-01-01T00:00:00Z", "modified_at": "2000-01-01T00:00:00Z", "approval_status": "APPROVED", "approved_at": "2000-01-01T00:00:00Z",
            "is_superuser": True, "is_staff": True, "is_active": False, "finalized": True, "finalized_at": "2000-01-01T00:00:00Z", "initiated_by": other["id"], "password_hash": "x", "admin": True}
    made = session.must(201, "hospital", "POST", "mlcubes/", {**world.container_body("mass"), **evil})
    cases.check("a new object is the caller's own", made["owner"] == me["id"] and made["id"] != 1 and not made["created_at"].startswith("2000"), made)
    made = session.must(201, "hospital", "POST", "datasets/", {**world.dataset_body("mass data"), **evil, "state": "OPERATION"})
    cases.check("a new dataset is in development and the caller's own", made["owner"] == me["id"] and made["state"] == "DEVELOPMENT", made)
    changed = session.must(200, "hospital", "PUT", f"datasets/{made['id']}/", evil)
    cases.check("an update moves no owner, id or time of creation", (changed["owner"], changed["id"], changed["created_at"]) == (made["owner"], made["id"], made["created_at"]), changed)
    benchmark = session.call("hospital", "POST", "benchmarks/", {**world.benchmark_body("mass benchmark"), **evil})
    cases.check("nobody approves a benchmark by creating it", benchmark.status in (400, 403) or benchmark.json["approval_status"] == "PENDING", benchmark)
    user = session.must(200, "hospital", "PUT", f"users/{me['id']}/", {**evil, "username": "admin", "email": "admin@example.org", "metadata": {"a": 1}})
    cases.check("an account writes only its own settings", user["username"] == "hospital" and user["email"] == me["email"] and user["id"] == me["id"], user)
    cases.equal("and is no admin by that", session.call("hospital", "GET", "users/").status, 403)
    cases.equal("and is still active", session.call("hospital", "GET", "me/").status, 200)
    answer = session.call("vendor", "PUT", f"models/{world.vendor_model}/", {"owner": other["id"], "container": world.preparation, "type": "ASSET"})
    cases.check("a model is not repointed", answer.status == 400, answer)
    row = session.must(201, "vendor", "POST", "models/benchmarks/", {"model": world.second_model, "benchmark": world.benchmark, "metadata": {}, "priority": 999, "initiated_by": other["id"], "approved_at": "2000-01-01T00:00:00Z"})
    cases.check("a new association is pending, of the caller, without priority", row["approval_status"] == "PENDING" and row["priority"] == 0 and row["initiated_by"] != other["id"] and row["approved_at"] is None, row)
    answer = session.call("vendor", "PUT", f"models/{world.second_model}/benchmarks/{world.benchmark}/", {"approval_status": "APPROVED"})
    cases.equal("nobody approves their own request", answer.status, 400)


def idempotency(cases, session, world):
    """A key is its user's alone, for one request alone."""
    def post(user, key, name, path="mlcubes/"):
        return session.call(user, "POST", path, world.container_body(name), headers={"Idempotency-Key": key})
    first = post("vendor", "the-key", "idem 1")
    again = post("vendor", "the-key", "idem 1")
    cases.check("a repeat gets the first answer", first.status == again.status == 201 and first.body == again.body and again.headers.get("idempotency-replayed") == "true", again)
    other = post("hospital", "the-key", "idem 2")
    cases.check("another user's same key is another key", other.status == 201 and "idempotency-replayed" not in other.headers, other)
    stolen = post("stranger", "the-key", "idem 1")
    cases.check("and gives no answer of the first user", "idempotency-replayed" not in stolen.headers and stolen.json.get("owner") != first.json["owner"], stolen)
    cases.equal("the same key for another body", post("vendor", "the-key", "idem 3").status, 409)
    cases.equal("without credentials", session.call(None, "POST", "mlcubes/", world.container_body("idem 1"), headers={"Idempotency-Key": "the-key"}).status, 401)
    for key in ("x" * 129, "x" * 5000):
        cases.equal(f"a key of {len(key)} characters", post("vendor", key, "idem 4").status, 400)
    for key in ("' OR 1=1 --", "%00", "\xe9", "../x", "{}"):
        answer = post("vendor", key, "idem " + str(hash(key)))
        cases.check(f"key {key!r}", answer.status in (201, 400), answer)


def enumeration(cases, session, world):
    """What exists but is not yours, and what does not exist, look alike."""
    for template, real in {"datasets/{}/benchmarks/": world.dataset, "models/{}/benchmarks/": world.vendor_model, "benchmarks/{}/results/": world.benchmark, "benchmarks/{}/datasets/": world.benchmark,
                           "mlcubes/{}/datasets/": world.preparation, "results/{}/": world.result}.items():
        there = session.call("stranger", "GET", template.format(real))
        absent = session.call("stranger", "GET", template.format(987654321))
        cases.check(f"{template}: foreign and unknown alike", (there.status, there.body) == (absent.status, absent.body) and there.status == 403, (there, absent))
        for method in ("PUT", "DELETE"):
            there = session.call("stranger", method, template.format(real), {})
            absent = session.call("stranger", method, template.format(987654321), {})
            cases.check(f"{method} {template}: foreign and unknown alike", (there.status, there.body) == (absent.status, absent.body), (there, absent))
    for user, password in (("group", "wrong password"), ("nobody", "wrong password"), ("nobody", PASSWORD)):
        answer = session.call(None, "POST", "auth/login", {"username": user, "password": password})
        cases.equal(f"sign-in as {user}", (answer.status, answer.json), (401, session.call(None, "POST", "auth/login", {"username": "somebody", "password": "x"}).json))


def logs(cases, hub, session):
    """Whatever is sent: the log stays one JSON object a line, and holds no secret."""
    token = hub.token("group")
    for text in ("a%0Ab", "a%22%7D%0A%7B%22level%22:%22forged%22%7D", "%1b[31m", "%E2%80%A8", "x" * 3000):
        session.call("group", "GET", "/api/v0/" + text)
    hub.raw(b"GET /forged\" HTTP/1.1\r\nHost: h\r\nX-Request-Id: a\"b\r\nConnection: close\r\nUser-Agent: \x1b]0;x\x07\r\n\r\n")
    hub.raw(b"GET /version HTTP/1.1\r\nHost: h\r\nX-Request-Id: {\"level\":\"forged\"}\r\nConnection: close\r\n\r\n")
    for name in ("log\n{\"level\":\"forged\"}", "log\u2028", "\x1b[2J", "log\r\nforged"):
        session.call(None, "POST", "auth/login", {"username": name, "password": "Secret-Of-The-Log"})
    session.call(None, "POST", "auth/login", {"username": "Secret-Of-The-Log", "password": PASSWORD})
    answer = session.call(None, "POST", "auth/login", {"username": "group", "password": PASSWORD})
    cases.equal("sign-in with the right password", answer.status, 200)
    issued = answer.json["access"]
    session.call(None, "GET", "me/", token=issued, headers={"Cookie": "session=Cookie-Of-The-Log"})
    session.call(None, "GET", "me/", token=issued[:-5])
    session.call(None, "GET", "me/?password=x", headers={"Authorization": "Basic QmFzaWMtT2YtVGhlLUxvZw=="})
    session.call("group", "GET", "/api/v0/the-last-line")
    wait_for(lambda: any(b"the-last-line" in line for line in hub.log.read_bytes().split(b"\n")[:-1]))
    lines = hub.log.read_bytes().split(b"\n")
    cases.check("the log has lines", len(lines) > 1000, len(lines))
    bad = []
    for line in lines[:-1]:
        try:
            entry = json.loads(line)
            if not (isinstance(entry, dict) and entry.get("level") in ("debug", "info", "warning", "error") and "time" in entry and "event" in entry):
                bad.append(line)
        except ValueError:
            bad.append(line)
    cases.check("every line is one JSON object", not bad, bad[:3])
    text = hub.log.read_bytes()
    cases.check("no line was forged", b'"level":"forged"' not in text)
    cases.check("no raw control characters", not any(c < 32 and c != 10 for c in text))
    for name, secret in {"a password": PASSWORD, "a wrong password": "Secret-Of-The-Log\"", "a token": token, "a token's signature": token.split(".")[2], "an issued token": issued, "its signature": issued.split(".")[2][:40],
                         "a cookie": "Cookie-Of-The-Log", "basic credentials": "QmFzaWMtT2YtVGhlLUxvZw", "the signing key": "PRIVATE KEY", "a password hash": "$argon2id"}.items():
        cases.check(f"the log does not hold {name}", secret.encode() not in text)
