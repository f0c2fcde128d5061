"""What the durability tests share: a hub made by `init` on either database, a PostgreSQL cluster that can be killed,
a client that speaks JSON. Everything lies in one temporary folder and listens on 127.0.0.1 or a socket in it."""
import glob, http.client, json, os, pathlib, pwd, shutil, signal, subprocess, sys, tempfile, threading, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from patience import wait_for
from ports import free_port

TOP = pathlib.Path(__file__).resolve().parents[2]
PASSWORD = "correct horse 27"


def programs_folder(given=None):
    folder = pathlib.Path(given or os.environ.get("MEDPERF_PROGRAMS", TOP / "build/release/src/apps")).resolve()
    if not (folder / "medperf-hub").exists():
        sys.exit(f"{folder} holds no medperf-hub: run ./dev build")
    return folder


class Report:
    """Counts cases and prints the last line that tests/run.sh reads."""

    def __init__(self):
        self.passed = self.failed = 0

    def case(self, name, good, detail=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"{'ok  ' if good else 'FAIL'} {name}{' ' + str(detail) if detail and not good else ''}", flush=True)
        return good

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed else 0)


class Folder:
    """A temporary folder that user postgres may enter."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="medperf-durability-", dir=os.environ.get("TMPDIR", "/tmp")))
        self.path.chmod(0o711)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Postgres:
    """A cluster of its own, reached by a socket in its folder."""

    def __init__(self, folder, data=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(mode=0o755, exist_ok=True)
        self.data = pathlib.Path(data or self.folder / "data")
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not found:
            sys.exit("PostgreSQL's server programs are not installed (package postgresql-15)")
        self.bin = pathlib.Path(found[-1]).parent
        self.log = self.folder / "log"
        self.server = None
        as_root = os.geteuid() == 0
        self.owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if as_root else {}
        if as_root:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            if data:
                os.chown(self.data, owner.pw_uid, owner.pw_gid)
        elsewhere = ["-X", self.folder / "wal"] if data else []
        done = subprocess.run([self.bin / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                               "--locale=C", "--no-sync", *elsewhere], capture_output=True, text=True, cwd="/",
                              **self.owner)
        if done.returncode != 0:
            sys.exit(done.stderr)
        self.start()

    def start(self):
        """Starts the server; tries again while processes of the one that was killed still end."""
        for _ in range(600):
            with open(self.log, "ab") as log:
                self.server = subprocess.Popen(
                    [self.bin / "postgres", "-D", self.data, "-k", self.folder, "-c", "listen_addresses=",
                     "-c", "max_connections=60", "-c", "shared_buffers=32MB"],
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **self.owner)
            if wait_for(lambda: self.server.poll() is not None or self.answers(), 180):
                if self.server.poll() is None:
                    return self
            time.sleep(0.1)
        sys.exit(f"PostgreSQL does not start: {self.log.read_text()[-2000:]}")

    def answers(self):
        return subprocess.run([self.bin / "pg_isready", "-q", "-h", self.folder], cwd="/").returncode == 0

    def sql(self, text, database="postgres"):
        done = subprocess.run([self.bin / "psql", "-h", self.folder, "-U", "postgres", "-d", database, "-Atqc", text],
                              capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def make_database(self, name):
        self.sql(f"CREATE DATABASE {name}")
        return f"host={self.folder} user=postgres dbname={name}"

    def kill(self):
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(600)


class Hub:
    """One hub process and the data folder it serves. `postgres`: a connection text, or None for SQLite."""

    def __init__(self, folder, programs, postgres=None, init=True, settings=""):
        self.program = programs / "medperf-hub"
        self.folder = pathlib.Path(folder)
        self.port, self.watch_port = free_port(), free_port()
        self.log = pathlib.Path(str(folder) + ".log")
        self.process = None
        if init:
            self.init(postgres, settings)

    @property
    def config(self):
        return self.folder / "hub.yaml"

    def init(self, postgres=None, settings=""):
        words = ["init", "--data", self.folder, "--port", str(self.port)]
        self.run(*words, *(["--postgres", postgres] if postgres else []), config=False)
        text = self.config.read_text()
        self.config.write_text(text + f"metrics:\n  port: {self.watch_port}\n" + settings)

    def run(self, *words, config=True, check=True):
        done = subprocess.run([self.program, *words, *(["--config", self.config] if config else [])],
                              capture_output=True, text=True, timeout=900)
        if check and done.returncode != 0:
            raise RuntimeError(f"{words}: exit {done.returncode}: {done.stderr}")
        return done

    def add_user(self, name, admin=False):
        secret = self.folder.parent / f"{self.folder.name}-password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        self.run("user", "add", "--username", name, "--email", f"{name}@example.com", "--password-file", secret,
                 *(["--admin"] if admin else []))
        secret.unlink()

    def start(self, program=None, wait=True):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([program or self.program, "serve", "--config", self.config],
                                            stdout=subprocess.DEVNULL, stderr=log, stdin=subprocess.DEVNULL)
        if wait and not wait_for(lambda: self.process.poll() is not None or self.is_ready()):
            raise RuntimeError(f"the hub does not start: {self.log.read_text()[-2000:]}")
        if wait and self.process.poll() is not None:
            raise RuntimeError(f"the hub ended: {self.log.read_text()[-2000:]}")
        return self

    def ask(self, path, port=None):
        """Status and body of a GET without credentials; (0, "") when nobody answers."""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=120)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        except http.client.HTTPException:
            return 0, ""
        finally:
            connection.close()

    def is_ready(self):
        return self.ask("/readyz")[0] == 200

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(300)
        return self.process.returncode if self.process else None

    def client(self, name):
        return Client(self.port, name).sign_in()


class Client:
    """A signed-in user on a kept-alive connection; of one thread."""

    def __init__(self, port, name, token=None, tls=None):
        self.port, self.name, self.token, self.tls = port, name, token, tls
        self.connection = None

    def sign_in(self):
        status, body = self.send("POST", "auth/login", {"username": self.name, "password": PASSWORD})
        if status != 200:
            raise RuntimeError(f"sign in as {self.name}: {status} {body}")
        self.token = body["access"]
        return self

    def twin(self, port=None):
        """The same user for another thread (or at another hub)."""
        return Client(port or self.port, self.name, self.token, self.tls)

    def send(self, method, path, body=None, headers=None):
        """Status and parsed body; (0, reason) when the connection failed."""
        given = {"Content-Type": "application/json"} if body is not None else {}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        try:
            if self.connection is None:
                self.connection = (
                    http.client.HTTPSConnection("localhost", self.port, timeout=300, context=self.tls) if self.tls
                    else http.client.HTTPConnection("127.0.0.1", self.port, timeout=300))
            self.connection.request(method, f"/api/v0/{path}", None if body is None else json.dumps(body),
                                    {**given, **(headers or {})})
            answer = self.connection.getresponse()
            text = answer.read().decode()
            self.headers = dict(answer.getheaders())
            if answer.getheader("Connection", "").lower() == "close":
                self.close()
            return answer.status, json.loads(text) if text else None
        except json.JSONDecodeError as problem:
            return answer.status, repr(problem)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            self.close()
            return 0, repr(problem)

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def must(self, wanted, method, path, body=None, headers=None):
        status, answer = self.send(method, path, body, headers)
        if status == 0 and method == "GET":  # a kept-alive connection that was closed meanwhile
            status, answer = self.send(method, path, body, headers)
        if status != wanted:
            raise RuntimeError(f"{method} {path}: {status} instead of {wanted}: {answer}")
        return answer

    def all(self, path):
        """Every row of a list."""
        rows, total = [], None
        while total is None or len(rows) < total:
            mark = "&" if "?" in path else "?"
            page = self.must(200, "GET", f"{path}{mark}limit=500&offset={len(rows)}")
            total = page["count"]
            rows += page["results"]
            if not page["results"]:
                break
        return rows


def container(name, state="OPERATION"):
    return {"name": name, "container_config": {"container_type": "DockerArchive", "image": name},
            "parameters_config": {}, "image_hash": name, "additional_files_tarball_hash": "", "state": state}


def model(name, state="OPERATION"):
    return {"name": name, "type": "CONTAINER", "state": state, "container": container(f"{name} container", state)}


def dataset(name, preparation):
    return {"name": name, "input_data_hash": "in", "generated_uid": name, "split_seed": 0,
            "data_preparation_mlcube": preparation, "submitted_as_prepared": False}


def benchmark(name, preparation, reference, evaluator):
    return {"name": name, "demo_dataset_tarball_url": "https://example.com/demo", "demo_dataset_tarball_hash": "01",
            "demo_dataset_generated_uid": "02", "data_preparation_mlcube": preparation, "reference_model": reference,
            "data_evaluator_mlcube": evaluator, "state": "OPERATION"}


class Writer(threading.Thread):
    """Registers models one after another, each two rows and a line of the log in one transaction; repeats what was
    not answered under the same idempotency key. `acknowledged` holds the names that were answered with 201."""

    def __init__(self, client, label, stop):
        super().__init__(daemon=True)
        self.client, self.label, self.stop_event = client, label, stop
        self.acknowledged, self.statuses, self.strange = {}, {}, []

    def run(self):
        number = 0
        while not self.stop_event.is_set():
            name = f"{self.label}-{number}"
            status, body = self.client.send("POST", "models/", model(name), {"Idempotency-Key": name})
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status == 201:
                self.acknowledged[name] = body["id"]
                number += 1
            elif status in (0, 503) or (status == 502 and self.client.tls):
                time.sleep(0.02)  # down (a proxy says 502), or its database is: the same again
                if status == 503 and not (isinstance(body, dict) and body.get("detail")):
                    self.strange.append((status, body))
            else:
                self.strange.append((status, body))
                number += 1


class Load:
    """Several writers at once."""

    def __init__(self, client, writers=4, label="load"):
        self.stop_event = threading.Event()
        self.writers = [Writer(client.twin(), f"{label}-{i}", self.stop_event) for i in range(writers)]
        for writer in self.writers:
            writer.start()

    def acknowledged(self):
        return sum(len(w.acknowledged) for w in self.writers)

    def end(self):
        self.stop_event.set()
        for writer in self.writers:
            writer.join(600)
        names = {}
        for writer in self.writers:
            names.update(writer.acknowledged)
        return names

    def strange(self):
        return [s for w in self.writers for s in w.strange][:5]

    def count_of(self, status):
        return sum(w.statuses.get(status, 0) for w in self.writers)


def check_kept(report, label, hub, client, acknowledged, writers=4):
    """Every acknowledged model is there once, with its container; at most one more per writer that was on its way;
    one line of the log for each; the chain holds."""
    models = {}
    twice = []
    for row in client.all("models/"):
        if row["name"].startswith("load-"):
            if row["name"] in models:
                twice.append(row["name"])
            models[row["name"]] = row
    lost = [n for n, i in acknowledged.items() if n not in models or models[n]["id"] != i]
    report.case(f"{label}: all {len(acknowledged)} acknowledged writes are there", acknowledged and not lost, lost[:5])
    report.case(f"{label}: none is there twice", not twice, twice[:5])
    report.case(f"{label}: none that nobody sent", len(models) - len(acknowledged) <= writers,
                len(models) - len(acknowledged))
    halves = [n for n, row in models.items() if not row["container"] or row["container"]["name"] != f"{n} container"]
    containers = {r["name"] for r in client.all("mlcubes/")}
    alone = [c for c in containers if c.startswith("load-") and c[: -len(" container")] not in models]
    report.case(f"{label}: no half state", not halves and not alone, (halves[:3], alone[:3]))
    checked = hub.run("check", "--json", check=False)
    report.case(f"{label}: the log's chain holds", checked.returncode == 0, checked.stderr)
    if checked.returncode == 0:
        lines = json.loads(checked.stdout)["log"]["lines"]
        report.case(f"{label}: a line of the log for each", lines >= len(models), (lines, len(models)))
