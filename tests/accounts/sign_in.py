#!/usr/bin/env python3
"""The ways to sign in, with the real programs over TLS: a hub, its commands beside it, the client, an identity provider.

Usage: sign_in.py [FOLDER], the folder that holds medperf and medperf-hub (default: build/release/src/apps).
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from patience import wait_for  # noqa: E402
from ports import free_port  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build/release/src/apps"))
WAITING = 20  # exit code of a command that waits for a person
passed, failed = 0, 0


def check(name, right, seen=""):
    global passed, failed
    passed, failed = passed + bool(right), failed + (not right)
    if not right:
        print("FAIL %s: %s" % (name, seen))


def write(path, text, mode=0o600):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=600, **more)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def code_of(secret):
    """The code of an authenticator app (RFC 6238) for a secret in base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7fffffff) % 10 ** 6)


class Provider:
    """An identity provider: RSA keys of openssl, their set served over TLS."""

    def __init__(self, folder, key, cert):
        self.folder, self.keys, self.asked = folder, [], 0
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked += 1
                body = json.dumps({"keys": provider.keys}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "https://localhost:%d/keys" % self.server.server_address[1]

    def make_key(self, name):
        """A new key; gives its public part as a JSON Web Key."""
        file = os.path.join(self.folder, name + ".key")
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", file)
        modulus = run("openssl", "rsa", "-in", file, "-noout", "-modulus").stdout.strip().split("=")[1]
        return {"kty": "RSA", "kid": name, "use": "sig", "alg": "RS256", "e": "AQAB",
                "n": base64url(bytes.fromhex(modulus))}

    def token(self, name, subject, **changed):
        claims = {"iss": "https://idp.test/", "aud": "hub", "sub": subject, "email": subject + "@idp.test",
                  "iat": int(time.time()), "exp": int(time.time()) + 300, **changed}
        text = ".".join(base64url(json.dumps(part).encode()) for part in
                        ({"alg": "RS256", "kid": name}, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", os.path.join(self.folder, name + ".key")],
                                   input=text.encode(), capture_output=True, timeout=300).stdout
        return text + "." + base64url(signature)


class Hub:
    def __init__(self, folder, key, cert, issuers):
        self.port = free_port()
        self.folder, self.cert = os.path.join(folder, "hub"), cert
        self.url = "https://localhost:%d" % self.port
        self.program = os.path.join(PROGRAMS, "medperf-hub")
        done = run(self.program, "init", "--data", self.folder, "--port", str(self.port), "--certificate", cert,
                   "--private-key", key, "--public-url", self.url)
        assert done.returncode == 0, done.stderr
        self.config = os.path.join(self.folder, "hub.yaml")
        with open(self.config, "a") as file:
            file.write("auth:\n  issuers: %s\naccounts:\n  sign_up: invitation\n" % issuers)

    def start(self):
        self.process = subprocess.Popen([self.program, "serve", "--config", self.config],
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder + "/hub.log", "w"))

        def answers():
            try:
                return self.call("GET", "/version")[0] == 200
            except OSError:
                return False
        if not wait_for(answers, 180, 0.05):
            raise SystemExit("the hub does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(180)

    def command(self, *words, **more):
        return run(self.program, "user", words[0], "--config", self.config, *words[1:], **more)

    def call(self, method, path, body=None, token=None, headers=None):
        url = self.url + (path if path.startswith("/") else "/api/v0/" + path)
        request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", "Bearer " + token)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            answer = urllib.request.urlopen(request, context=ssl.create_default_context(cafile=self.cert), timeout=180)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None, answer.headers


class Client:
    """A workspace of the client."""

    def __init__(self, folder, hub):
        os.makedirs(folder, mode=0o700)
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "MEDPERF_HOME": folder}
        done = self.run("profile", "set", "hub.url=" + hub.url, "hub.ca_file=" + hub.cert)
        assert done.returncode == 0, done.stderr

    def run(self, *words, answers=""):
        return run(os.path.join(PROGRAMS, "medperf"), *words, input=answers, env=self.environment)

    def start(self, *words):
        return subprocess.Popen([os.path.join(PROGRAMS, "medperf"), *words], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment)


def commands_beside_the_server(hub, folder, password):
    done = hub.command("add", "--username", "anna", "--email", "anna@clinic.test", "--password-file", password)
    check("user add", done.returncode == 0, done.stderr)
    with open(password) as file:
        done = hub.command("add", "--username", "root", "--email", "root@clinic.test", "--admin", "--password-fd",
                           str(file.fileno()), pass_fds=[file.fileno()])
    check("password from a descriptor", done.returncode == 0, done.stderr)
    short = write(os.path.join(folder, "short"), "short\n")
    done = hub.command("add", "--username", "bert", "--email", "b@clinic.test", "--password-file", short)
    check("short password", done.returncode == 2 and "12 characters" in done.stderr, done.stderr)
    for verb in ("promote", "demote", "unlock"):
        done = hub.command(verb, "--username", "anna", "--json")
        check("user " + verb, done.returncode == 0 and json.loads(done.stdout)["username"] == "anna", done.stderr)
    done = hub.command("promote", "--username", "nobody")
    check("unknown user", done.returncode == 5 and "user list" in done.stderr, done.stderr)
    users = json.loads(hub.command("list", "--json").stdout)
    check("user list", {"anna", "emil", "root", "superuser"} == {user["username"] for user in users}, users)
    invited = json.loads(hub.command("invite", "--email", "carl@clinic.test", "--json").stdout)["invitation"]
    newcomer = {"username": "carl", "password": "a good long sentence"}
    check("no invitation", hub.call("POST", "auth/sign_up/", newcomer)[0] == 403)
    check("invitation", hub.call("POST", "auth/sign_up/", dict(newcomer, invitation=invited))[0] == 201)
    check("invitation again", hub.call("POST", "auth/sign_up/", dict(newcomer, username="dora", invitation=invited))[0]
          == 403)
    code = json.loads(hub.command("reset-password", "--username", "carl", "--json").stdout)["reset_code"]
    status = hub.call("POST", "auth/password/reset/", {"reset_code": code, "password": "another long sentence"})[0]
    check("reset code", status == 204, status)
    check("new password", hub.call("POST", "auth/login", {"username": "carl", "password": "another long sentence"})[0]
          == 200)
    for _ in range(10):
        hub.call("POST", "auth/login", {"username": "carl", "password": "wrong"})
    right = {"username": "carl", "password": "another long sentence"}
    check("locked", hub.call("POST", "auth/login", right)[0] == 401)
    hub.command("unlock", "--username", "carl")
    check("unlocked", hub.call("POST", "auth/login", right)[0] == 200)


def password_and_device(hub, anna, second, password):
    done = anna.run("auth", "login", "-u", "anna", "--password-file", password)
    check("password", done.returncode == 0, done.stderr)
    waiting = second.start("auth", "login", "--device", "--json")
    line = waiting.stderr.readline()
    found = re.search(r"enter the code ([A-Z-]+)", line)
    check("device code shown", found is not None, line)
    done = anna.run("auth", "approve", found.group(1), answers="n\n")
    check("denied by a person", done.returncode == 0 and "medperf on" in done.stdout, done.stdout + done.stderr)
    _, told = waiting.communicate(timeout=300)
    check("device learns of it", waiting.returncode == 12 and "denied" in told, told)
    waiting = second.start("auth", "login", "--device", "--json")
    code = re.search(r"enter the code ([A-Z-]+)", waiting.stderr.readline()).group(1)
    done = anna.run("auth", "approve", code.lower(), "--yes")
    check("approved", done.returncode == 0, done.stderr)
    out, told = waiting.communicate(timeout=300)
    check("device is signed in", waiting.returncode == 0 and json.loads(out)["username"] == "anna", told)
    done = second.run("auth", "status")
    check("and acts", done.returncode == 0 and "as anna" in done.stdout, done.stderr)
    done = anna.run("auth", "approve", code)
    check("a code is good once", done.returncode == 2, done.stderr)


def tokens_for_programs(hub, anna, program, folder):
    file = os.path.join(folder, "reading.token")
    done = anna.run("auth", "token-create", "--name", "reader", "--output", file, "--json")
    check("token made", done.returncode == 0, done.stderr)
    number = str(json.loads(done.stdout)["id"])
    with open(file) as opened:
        token = opened.read().strip()
    check("its file is private", os.stat(file).st_mode & 0o777 == 0o600)
    check("not printed too", token not in done.stdout + done.stderr)
    check("it reads", hub.call("GET", "me/", token=token)[0] == 200)
    check("it does not write", hub.call("POST", "mlcubes/", {}, token=token)[0] == 403)
    done = program.run("auth", "login", "--token-file", file)
    check("sites' keys need the scope write", done.returncode != 0 and "scope" in done.stderr, done.stderr)
    wide = os.path.join(folder, "writing.token")
    done = anna.run("auth", "token-create", "--name", "writer", "--scope", "write", "--days", "2", "--output", wide)
    done = program.run("auth", "login", "--token-file", wide)
    check("signed in by file", done.returncode == 0, done.stderr)
    done = anna.run("auth", "tokens")
    check("listed", "reader" in done.stdout and token not in done.stdout, done.stdout)
    done = anna.run("auth", "token-revoke", number)
    check("revoked", done.returncode == 0 and hub.call("GET", "me/", token=token)[0] == 401, done.stderr)


def second_factor(hub, anna, folder, password):
    waiting = subprocess.Popen([os.path.join(PROGRAMS, "medperf"), "auth", "totp-enrol"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=anna.environment,
                               bufsize=1)
    secret = ""
    while not re.fullmatch(r"[A-Z2-7]{32}", secret):
        secret = waiting.stdout.readline().strip()
    out, told = waiting.communicate(code_of(secret) + "\n", timeout=300)
    check("enrolled", waiting.returncode == 0, told)
    recovery = re.findall(r"^  ([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})$", out, re.M)
    check("recovery codes", len(recovery) == 10, out)
    done = anna.run("auth", "login", "-u", "anna", "--password-file", password, "--no-input")
    check("a code is needed", done.returncode == 2, done.stderr)
    done = anna.run("auth", "login", "-u", "anna", "--password-file", password, answers="000000\n")
    check("a wrong code", done.returncode == 3, done.stderr)
    done = anna.run("auth", "login", "-u", "anna", "--password-file", password, answers=recovery[0] + "\n")
    check("a recovery code", done.returncode == 0, done.stderr)
    code = write(os.path.join(folder, "code"), recovery[1] + "\n")
    done = anna.run("auth", "login", "-u", "anna", "--password-file", password, "--code-file", code)
    check("a code from a file", done.returncode == 0, done.stderr)
    with open(os.path.join(hub.folder, "hub.db"), "rb") as file:
        data = file.read()
    check("no secret in the database", secret.encode() not in data and recovery[2].encode() not in data)
    code = write(os.path.join(folder, "code"), recovery[3] + "\n")
    done = anna.run("auth", "totp-remove", "--code-file", code)
    check("removed", done.returncode == 0, done.stderr)


def browser(hub):
    body = {"username": "carl", "password": "another long sentence"}
    status, answer, headers = hub.call("POST", "auth/session/", body)
    cookie = headers["Set-Cookie"].split(";")[0]
    check("session", status == 200 and cookie.startswith("__Host-"), answer)
    send = {"Cookie": cookie}
    check("cookie reads", hub.call("GET", "me/", headers=send)[0] == 200)
    asset = {"name": "a", "asset_hash": "1", "asset_url": "local"}
    check("cookie alone does not write", hub.call("POST", "assets/", asset, headers=send)[0] == 403)
    own = dict(send, **{"X-CSRF-Token": answer["csrf_token"], "Origin": hub.url})
    check("page writes", hub.call("POST", "assets/", asset, headers=own)[0] == 201)
    check("another page does not",
          hub.call("POST", "assets/", dict(asset, name="b"), headers=dict(own, Origin="https://evil.test"))[0] == 403)
    check("signed out", hub.call("DELETE", "auth/session/", headers=own)[0] == 204
          and hub.call("GET", "me/", headers=send)[0] == 401)


def sessions_by_command(hub, second, folder):
    """Browser sessions as the command line shows and ends them."""
    password = write(os.path.join(folder, "carls"), "another long sentence\n")
    done = second.run("auth", "login", "-u", "carl", "--password-file", password)
    check("carl's command line", done.returncode == 0, done.stderr)

    def opened(agent):
        _, _, headers = hub.call("POST", "auth/session/", {"username": "carl", "password": "another long sentence"},
                                 headers={"User-Agent": agent})
        return {"Cookie": headers["Set-Cookie"].split(";")[0]}

    def is_in(browser):
        return hub.call("GET", "me/", headers=browser)[0] == 200

    ward, home, phone = opened("Firefox on the ward"), opened("Safari at home"), opened("a phone")
    done = second.run("auth", "sessions")
    check("sessions are listed", all(t in done.stdout for t in ("Firefox on the ward", "Safari at home", "127.0.0.1",
                                                               "last_seen_at")), done.stdout + done.stderr)
    rows = json.loads(second.run("auth", "sessions", "--json").stdout)
    number = next(row["id"] for row in rows if row["client"] == "Firefox on the ward")
    done = second.run("auth", "session-end")
    check("what is to end is said", done.returncode == 2 and "--all" in done.stderr, done.stderr)
    done = second.run("auth", "session-end", str(number), "--json")
    check("one is ended", done.returncode == 0 and json.loads(done.stdout) == {"ended": number}, done.stderr)
    check("that one alone", not is_in(ward) and is_in(home) and is_in(phone))
    done = second.run("auth", "session-end", str(number))
    check("and once", done.returncode == 5, done.stderr)
    done = second.run("auth", "session-end", "--all")
    check("all are ended", done.returncode == 0 and not is_in(home) and not is_in(phone), done.stderr)
    done = second.run("auth", "sessions")
    check("none is left, and the command line is signed in", done.returncode == 0 and done.stdout == "none\n",
          done.stdout + done.stderr)
    done = second.run("auth", "session-end", "--help")
    check("help has an example", "medperf auth session-end 1234567890123" in done.stdout, done.stdout)


def given_to_an_organisation(hub, anna):
    """What does not come back is asked for first."""
    founded = anna.run("organisation", "found", "--name", "Clinic", "--json")
    check("organisation", founded.returncode == 0, founded.stderr)
    number = json.loads(founded.stdout)["id"]
    token = hub.call("POST", "auth/login", {"username": "anna", "password": "correct horse battery"})[1]["access"]
    box, second = (hub.call("POST", "mlcubes/", {
        "name": name, "container_config": {}, "parameters_config": {}, "image_hash": name,
        "additional_files_tarball_hash": ""}, token=token)[1]["id"] for name in ("box", "second box"))
    give = ("organisation", "give", str(number), "--container", str(box))

    def owner():
        return hub.call("GET", "mlcubes/%d/" % box, token=token)[1].get("organisation")

    done = anna.run(*give, answers="n\n")
    check("the question says what is at stake", "Give container %d to organisation %d" % (box, number) in done.stdout
          and "It does not come back." in done.stdout and "Give it away? [y/N]" in done.stdout, done.stdout)
    check("no is no", done.returncode == 0 and "not given" in done.stdout and owner() is None, done.stderr)
    for name, words, answers in (("an empty line", (), "\n"), ("another word", (), "give\n")):
        done = anna.run(*give, *words, answers=answers)
        check(name + " is no", done.returncode == 0 and owner() is None, done.stdout + done.stderr)
    for name, words in (("nobody to answer", ()), ("no input wanted", ("--no-input",))):
        done = anna.run(*give, *words)
        check(name + ": it waits for a person", done.returncode == WAITING and owner() is None, done.stdout + done.stderr)
    done = anna.run("organisation", "give", str(number), answers="y\n")
    check("one object is named", done.returncode == 2 and "Give it away?" not in done.stdout, done.stdout + done.stderr)
    done = anna.run(*give, "--json", answers="y\n")
    check("yes gives it", done.returncode == 0 and json.loads(done.stdout) == {"organisation": number, "container": box}
          and owner() == number, done.stdout + done.stderr)
    done = anna.run("organisation", "give", str(number), "--container", str(second), answers="y\n")
    check("a second object, too", done.returncode == 0, done.stdout + done.stderr)
    users = json.loads(hub.command("list", "--json").stdout)
    carl = next(str(user["id"]) for user in users if user["username"] == "carl")
    invite = ("organisation", "invite", str(number), "--user", carl)
    for turn in ("first", "second"):
        done = anna.run(*invite)
        seats = json.loads(anna.run("organisation", "members", str(number), "--json").stdout)
        check(turn + " invitation", done.returncode == 0 and len(seats) == 2, (done.stderr, seats))
        anna.run("organisation", "remove", str(number), "--user", invite[-1])


def outside_issuer(hub, provider):
    wait_for(lambda: provider.asked)
    check("keys are fetched at the start", provider.asked == 1, provider.asked)
    # They are used once they have arrived.
    wait_for(lambda: hub.call("GET", "me/", token=provider.token("first", "emil"))[0] == 200, pause=0.2)
    status, me, _ = hub.call("GET", "me/", token=provider.token("first", "emil"))
    check("outside token", status == 200 and me["email"] == "emil@idp.test", me)
    check("wrong audience", hub.call("GET", "me/", token=provider.token("first", "emil", aud="x"))[0] == 401)
    provider.keys = [provider.make_key("second")]
    check("unknown key", hub.call("GET", "me/", token=provider.token("second", "emil"))[0] == 401)


def rotated_keys(hub, provider):
    check("account made here", hub.call("GET", "me/", token=provider.token("second", "anna"))[0] == 401)
    token = provider.token("second", "emil")
    # Keys are asked for at most once a minute, so the other cases come between.
    wait_for(lambda: hub.call("GET", "me/", token=token)[0] == 200, pause=1)
    check("rotated", hub.call("GET", "me/", token=token)[0] == 200)
    check("no request more than that", provider.asked == 2, provider.asked)
    check("the old key is gone", hub.call("GET", "me/", token=provider.token("first", "emil"))[0] == 401)


def disabled(hub, anna, program):
    done = hub.command("disable", "--username", "anna")
    check("disable", done.returncode == 0, done.stderr)
    check("token is out", anna.run("auth", "status").returncode == 3)
    check("program's token is out", program.run("auth", "status").returncode == 3)
    hub.command("enable", "--username", "anna")
    check("program's token is back", program.run("auth", "status").returncode == 0)


def main():
    with tempfile.TemporaryDirectory() as folder:
        key, cert = os.path.join(folder, "tls.key"), os.path.join(folder, "tls.pem")
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                   "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        assert done.returncode == 0, done.stderr
        provider = Provider(folder, key, cert)
        provider.keys = [provider.make_key("first")]
        issuers = write(os.path.join(folder, "issuers.yaml"), json.dumps(
            {"medperf": "medperf/issuers/v1",
             "issuers": [{"name": "idp", "issuer": "https://idp.test/", "audience": "hub", "jwks_url": provider.url,
                          "email_claim": "email", "ca_file": cert}]}))
        hub = Hub(folder, key, cert, issuers)
        password = write(os.path.join(folder, "password"), "correct horse battery\n")
        hub.start()
        try:
            anna, second, program = (Client(os.path.join(folder, name), hub) for name in ("anna", "second", "program"))
            outside_issuer(hub, provider)
            commands_beside_the_server(hub, folder, password)
            password_and_device(hub, anna, second, password)
            tokens_for_programs(hub, anna, program, folder)
            second_factor(hub, anna, folder, password)
            browser(hub)
            sessions_by_command(hub, second, folder)
            given_to_an_organisation(hub, anna)
            rotated_keys(hub, provider)
            disabled(hub, anna, program)
        finally:
            hub.stop()
        check("log is sound", run(hub.program, "check", "--config", hub.config).returncode == 0)
        with open(hub.folder + "/hub.log") as file:
            log = file.read()
        check("no secret in the log", not re.search(r"mpat_|mpin_|mprs_|correct horse|eyJ", log))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)


main()
