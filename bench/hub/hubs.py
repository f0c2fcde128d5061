"""Hubs for measuring: a data folder, a database of either kind, a running process."""
import atexit, glob, json, mmap, os, pathlib, pwd, signal, socket, sqlite3, subprocess, tempfile, time, urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
HUB = pathlib.Path(os.environ.get("MEDPERF_BENCH_HUB", TOP / "build/release/src/apps/medperf-hub"))
PASSWORD = "a password of the benchmark"
# One user at one address makes all the load, far above what a person may.
UNLIMITED = {"MEDPERF_HUB_LIMITS_USER_RATE": "0", "MEDPERF_HUB_LIMITS_ADDRESS_RATE": "0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Postgres:
    """A cluster with the settings that Debian ships, synced commits included, on a unix socket."""

    def __init__(self, folder):
        programs = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        self.folder = folder / "postgres"
        self.folder.mkdir()
        user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if user else {}
        if user:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        subprocess.run([programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C"], check=True, stdout=subprocess.DEVNULL, cwd="/", **self.as_user)
        self.process = subprocess.Popen([programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-c",
                                         "listen_addresses="], cwd="/", stdout=subprocess.DEVNULL,
                                        stderr=open(folder / "postgres.log", "w"), **self.as_user)
        for _ in range(200):
            if self.sql("SELECT 1", check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL did not start")

    def connection(self, name):
        return f"host={self.folder} user=postgres dbname={name}"

    def sql(self, text, name="postgres", check=True):
        return subprocess.run(["psql", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.connection(name)], input=text,
                              text=True, check=check, stdout=subprocess.PIPE, stderr=None if check else subprocess.DEVNULL)

    def wal_syncs(self):
        return int(self.sql("SELECT pg_stat_force_next_flush(); SELECT wal_sync FROM pg_stat_wal").stdout.split()[-1])

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


class Hub:
    """One hub with its own database, filled by the SQL that `seed` gives."""

    def __init__(self, folder, name, postgres=None, tls=False):
        self.folder, self.name, self.postgres = folder / name, name, postgres
        self.port, self.tls, self.process = free_port(), tls, None
        arguments = ["--data", self.folder, "--port", str(self.port)]
        if postgres:
            postgres.sql(f"CREATE DATABASE {name}")
            arguments += ["--postgres", postgres.connection(name)]
        self.folder.mkdir()
        if tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-keyout", self.folder / "key.pem", "-out", self.folder / "certificate.pem", "-days", "2",
                            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                           check=True, stderr=subprocess.DEVNULL)
            arguments += ["--certificate", self.folder / "certificate.pem", "--private-key", self.folder / "key.pem"]
        self.command("init", *arguments)
        password = self.folder / "password"
        password.write_text(PASSWORD)
        for user, admin in (("chief", True), ("hospital", False)):
            self.command("user", "add", "--config", self.folder / "hub.yaml", "--username", user, "--email",
                         f"{user}@example.org", "--password-file", password, *(["--admin"] if admin else []))

    def command(self, *arguments):
        subprocess.run([HUB, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

    def sql(self, text):
        if self.postgres:
            return self.postgres.sql(text, self.name).stdout.strip()
        with sqlite3.connect(self.folder / "hub.db") as database:
            database.execute("PRAGMA synchronous=OFF")
            database.execute("PRAGMA cache_size=-200000")
            rows = None
            for statement in text.split(";\n"):
                if statement.strip():
                    rows = database.execute(statement).fetchall()
        database.close()
        return "\n".join("|".join(map(str, row)) for row in rows or [])

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def start(self, remembers=False):
        """Returns the seconds until it answered. Unless it `remembers`, each answer is made anew."""
        memory = {} if remembers else {"MEDPERF_HUB_LIMITS_ANSWER_MEMORY": "0"}
        library = self.folder.parent / "count_syncs.so"
        counter = self.folder / "syncs"
        counter.write_bytes(bytes(8))
        self.counter = mmap.mmap(os.open(counter, os.O_RDWR), 8)
        begin = time.monotonic()
        self.process = subprocess.Popen([HUB, "serve", "--config", self.folder / "hub.yaml"], stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / "hub.log", "w"),
                                        env={**os.environ, **UNLIMITED, **memory, "LD_PRELOAD": str(library), "MEDPERF_SYNC_COUNT": str(counter),
                                             # One user asks as fast as the hub can answer.
                                             "MEDPERF_HUB_LIMITS_USER_RATE": "0", "MEDPERF_HUB_LIMITS_ADDRESS_RATE": "0"})
        atexit.register(self.stop)  # also when a figure cannot be had
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > begin + 60:
                    raise RuntimeError(f"{self.name}: the hub did not start: {(self.folder / 'hub.log').read_text()[-500:]}")
                time.sleep(0.005)
        seconds = time.monotonic() - begin
        for user in ("chief", "hospital"):
            (self.folder / f"{user}.token").write_text(self.sign_in(user) + "\n")
        return seconds

    def sign_in(self, user):
        import ssl
        trusted = ssl.create_default_context(cafile=self.folder / "certificate.pem") if self.tls else None
        body = json.dumps({"username": user, "password": PASSWORD}).encode()
        question = urllib.request.Request(f"{self.url}/api/v0/auth/login", body, {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(question, context=trusted))["access"]

    def ask(self, user, path):
        import ssl
        trusted = ssl.create_default_context(cafile=self.folder / "certificate.pem") if self.tls else None
        token = (self.folder / f"{user}.token").read_text().strip()
        question = urllib.request.Request(self.url + path, headers={"Authorization": "Bearer " + token})
        return json.load(urllib.request.urlopen(question, context=trusted))

    def syncs(self):
        return self.postgres.wal_syncs() if self.postgres else int.from_bytes(self.counter[:8], "little")

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


def build_counter(folder):
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", folder / "count_syncs.so",
                    pathlib.Path(__file__).with_name("count_syncs.c"), "-ldl"], check=True)
