"""A real hub for the security cases: its data folder, accounts, certificate, tokens, and raw connections to it.

Standard library only; RSA signatures come from the openssl program."""
import base64
import glob
import http.client
import json
import os
import pathlib
import pwd
import resource
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("MEDPERF_PROGRAMS", TOP / "build/release/src/apps")).resolve()
PASSWORD = "correct horse battery staple"
API = "/api/v0/"


class Cases:
    """Counts and prints; a suite ends with its totals."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {name}: {str(detail)[:600]}", flush=True)
        return bool(good)

    def equal(self, name, got, wanted):
        return self.check(name, got == wanted, f"got {got!r}, wanted {wanted!r}")

    def section(self, title):
        print(f"     {title}: {self.passed} passed, {self.failed} failed so far", flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def run(*words, **more):
    done = subprocess.run([str(w) for w in words], capture_output=True, timeout=600, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def processor_seconds(hub):
    """What all threads of the hub have used so far."""
    total = 0
    for file in glob.glob(f"/proc/{hub.process.pid}/task/*/schedstat"):
        try:
            with open(file) as opened:
                total += int(opened.read().split()[0])
        except OSError:
            pass  # a thread that has ended
    return total / 1e9


class Key:
    """A private key made by openssl, as a file."""

    def __init__(self, folder, name, kind=("RSA", "rsa_keygen_bits:2048")):
        self.file = pathlib.Path(folder) / (name + ".key")
        run("openssl", "genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1], "-out", self.file)

    @staticmethod
    def at(path):
        key = object.__new__(Key)
        key.file = pathlib.Path(path)
        return key

    def sign(self, message):
        return run("openssl", "dgst", "-sha256", "-sign", self.file, input=message)

    def public_pem(self):
        return run("openssl", "pkey", "-in", self.file, "-pubout")


def jwt(claims, key, header=None):
    """A token signed by `key`; `header` and `claims` may be objects or their JSON text."""
    def part(value):
        text = value if isinstance(value, (str, bytes)) else json.dumps(value)
        return base64url(text if isinstance(text, bytes) else text.encode())
    message = part(header or {"alg": "RS256", "typ": "JWT"}) + "." + part(claims)
    return message + "." + base64url(key.sign(message.encode()))


class Postgres:
    """A cluster on a unix socket, thrown away at the end. `usable` is false without its programs."""

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        self.usable = bool(found)
        if not found:
            return
        self.programs = programs = os.path.dirname(found[-1])
        self.folder = tempfile.mkdtemp(prefix="medperf-security-pg-")
        self.user = None
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self.user = "postgres"
        run(programs + "/initdb", "-D", self.folder + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--no-sync", user=self.user, cwd="/")
        self.server = subprocess.Popen(
            [programs + "/postgres", "-D", self.folder + "/data", "-k", self.folder, "-c", "listen_addresses=",
             "-c", "fsync=off"], user=self.user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while subprocess.run([programs + "/pg_isready", "-q", "-h", self.folder], cwd="/").returncode != 0:
            if self.server.poll() is not None:
                raise RuntimeError("PostgreSQL does not start")
            time.sleep(0.05)

    def sql(self, text):
        return run(self.programs + "/psql", "-h", self.folder, "-U", "postgres", "-X", "-A", "-t", "-c", text).decode()

    def connection(self):
        return f"host={self.folder} user=postgres dbname=postgres"

    def stop(self):
        if self.usable:
            self.server.send_signal(signal.SIGINT)  # does not wait for clients, as SIGTERM would
            self.server.wait(180)
            shutil.rmtree(self.folder, ignore_errors=True)


class Hub:
    """medperf-hub on a free port of loopback; `settings` are lines of the environment without their prefix."""

    def __init__(self, folder, tls=True, postgres=None, settings=None, users=()):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "hub"
        self.tls, self.postgres = tls, postgres
        self.certificate = self.folder / "tls.pem"
        self.private_key = self.folder / "tls.key"
        self.log = self.folder / "hub.log"
        self.settings = {"LOG_LEVEL": "debug", **(settings or {})}
        words = ["init", "--data", self.data, "--port", "0", "--public-url", "https://hub.test"]
        if tls:
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                self.private_key, "-out", self.certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1")
            words += ["--certificate", self.certificate, "--private-key", self.private_key]
        if postgres:
            words += ["--postgres", postgres.connection()]
        self.program(*words)
        self.config = self.data / "hub.yaml"
        self.ids = {}
        self.password_file = self.folder / "password"
        self.password_file.write_text(PASSWORD + "\n")
        self.password_file.chmod(0o600)
        self.add_user("admin", "--admin")
        for name in users:
            self.add_user(name)
        self.process = None
        self.start()
        self.key = Key.at(self.data / "jwt.pem")
        self.tokens = {}

    def sql(self, text):
        """Runs one statement beside the hub, for what only time or an operator would bring about; its rows as text."""
        if self.postgres:
            return self.postgres.sql(text)
        base = sqlite3.connect(self.data / "hub.db", timeout=120)
        with base:
            rows = base.execute(text).fetchall()
        base.close()
        return "\n".join("|".join(map(str, row)) for row in rows)

    def program(self, *words):
        return run(PROGRAMS / "medperf-hub", *words)

    def add_user(self, name, *more):
        self.program("user", "add", "--config", self.config, "--username", name, "--email", name + "@example.org",
                     "--password-file", self.password_file, *more)

    def environment(self):
        return {"PATH": os.environ["PATH"], **{"MEDPERF_HUB_" + k: str(v) for k, v in self.settings.items()}}

    def start(self):
        # 2,100 slow connections need as many files, here and there.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.process = subprocess.Popen([str(PROGRAMS / "medperf-hub"), "serve", "--config", str(self.config)],
                                        stdout=subprocess.PIPE, stderr=open(self.log, "ab"), env=self.environment())
        line = self.process.stdout.readline().decode()
        if "listening on" not in line:
            raise RuntimeError("the hub does not start: " + self.log.read_text(errors="replace")[-2000:])
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(180)

    def alive(self):
        return self.process.poll() is None

    def claims(self, user, **changes):
        now = int(time.time())
        claims = {"iss": "https://hub.test", "aud": "https://hub.test", "sub": user, "iat": now, "exp": now + 3600,
                  "https://medperf.org/email": user + "@example.org"}
        claims.update(changes)
        return {k: v for k, v in claims.items() if v is not None}

    def token(self, user):
        if user not in self.tokens:
            self.tokens[user] = jwt(self.claims(user), self.key)
        return self.tokens[user]

    def connect(self, source="127.0.0.1", timeout=120):
        """A connected socket; with TLS when the hub has it."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0))
        if not self.tls:
            return raw
        context = ssl.create_default_context(cafile=str(self.certificate))
        return context.wrap_socket(raw, server_hostname="localhost")

    def raw(self, data, timeout=120):
        """Sends bytes, returns all that comes until the hub closes."""
        with self.connect(timeout=timeout) as link:
            try:
                link.sendall(data)
            except OSError:
                pass
            received = b""
            while True:
                try:
                    piece = link.recv(65536)
                except OSError:
                    break
                if not piece:
                    break
                received += piece
        return received

    def session(self, source="127.0.0.1"):
        return Session(self, source)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Session:
    """One kept-alive connection, from an address of loopback."""

    def __init__(self, hub, source="127.0.0.1"):
        self.hub, self.source, self.link = hub, source, None

    def call(self, user, method, path, body=None, headers=None, token=None):
        """`user` is a name, or None without credentials; `body` an object, or bytes as they are."""
        headers = dict(headers or {})
        token = token if token is not None else user and self.hub.token(user)
        if token is not None:
            headers.setdefault("Authorization", "Bearer " + token)
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if not path.startswith("/"):
            path = API + path
        for attempt in (1, 2):
            if self.link is None:
                if self.hub.tls:
                    context = ssl.create_default_context(cafile=str(self.hub.certificate))
                    self.link = http.client.HTTPSConnection("localhost", self.hub.port, timeout=180, context=context,
                                                            source_address=(self.source, 0))
                else:
                    self.link = http.client.HTTPConnection("127.0.0.1", self.hub.port, timeout=180, source_address=(self.source, 0))
            try:
                self.link.request(method, path, data, headers)
                answer = self.link.getresponse()
                return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
            except (http.client.HTTPException, OSError):
                self.link.close()
                self.link = None
                if attempt == 2:
                    raise

    def must(self, status, user, method, path, body=None):
        answer = self.call(user, method, path, body)
        if answer.status != status:
            raise RuntimeError(f"{user} {method} {path} {body}: {answer}")
        return answer.json


class World:
    """What the cases act on: `group` owns a benchmark, `hospital` a dataset, `vendor` a model, all approved."""
    USERS = ("group", "hospital", "vendor", "stranger")

    def __init__(self, session, name="w", join=True, approve=True):
        self.s, self.name = session, name
        self.preparation = self.container("group", "preparation")
        self.evaluator = self.container("group", "evaluator")
        self.reference = self.model("group", "reference")
        self.benchmark = self.new_benchmark("group", "benchmark")
        if approve:
            session.must(200, "admin", "PUT", f"benchmarks/{self.benchmark}/", {"approval_status": "APPROVED"})
        self.dataset = self.new_dataset("hospital", "data")
        self.vendor_model = self.model("vendor", "model")
        if join:
            self.join("dataset", "hospital", self.dataset)
            self.join("model", "vendor", self.vendor_model)

    def container_body(self, name, state="OPERATION"):
        return {"name": self.name + name, "container_config": {"image": name, "container_type": "DockerImage"},
                "parameters_config": {"n": self.name + name}, "image_hash": self.name + name,
                "additional_files_tarball_hash": "", "state": state}

    def container(self, user, name, state="OPERATION"):
        return self.s.must(201, user, "POST", "mlcubes/", self.container_body(name, state))["id"]

    def model(self, user, name, state="OPERATION"):
        return self.s.must(201, user, "POST", "models/", {
            "name": self.name + name, "type": "CONTAINER", "state": state,
            "container": self.container_body(name + " container", state)})["id"]

    def benchmark_body(self, name, state="OPERATION"):
        return {"name": self.name + name, "demo_dataset_tarball_url": "https://g/demo", "state": state,
                "demo_dataset_tarball_hash": "01", "demo_dataset_generated_uid": "02",
                "data_preparation_mlcube": self.preparation, "reference_model": self.reference,
                "data_evaluator_mlcube": self.evaluator}

    def new_benchmark(self, user, name, state="OPERATION"):
        return self.s.must(201, user, "POST", "benchmarks/", self.benchmark_body(name, state))["id"]

    def dataset_body(self, name):
        return {"name": self.name + name, "input_data_hash": "in", "generated_uid": self.name + name, "split_seed": 0,
                "data_preparation_mlcube": self.preparation, "submitted_as_prepared": False}

    def new_dataset(self, user, name, state="OPERATION"):
        made = self.s.must(201, user, "POST", "datasets/", self.dataset_body(name))["id"]
        if state == "OPERATION":
            self.s.must(200, user, "PUT", f"datasets/{made}/", {"state": state})
        return made

    def ask(self, kind, user, member):
        self.s.must(201, user, "POST", f"{kind}s/benchmarks/",
                    {kind: member, "benchmark": self.benchmark, "metadata": {}})

    def decide(self, kind, user, member, status):
        self.s.must(200, user, "PUT", f"{kind}s/{member}/benchmarks/{self.benchmark}/", {"approval_status": status})

    def join(self, kind, user, member):
        self.ask(kind, user, member)
        self.decide(kind, "group", member, "APPROVED")
