#!/usr/bin/env python3
"""What the client says when something is wrong: one clear message, a fitting exit code, no stack trace.

Runs the real programs: a hub over TLS, a vendor's web server, the client. Usage: errors.py [FOLDER], the
folder that holds medperf and medperf-hub (default: build/release/src/apps). Needs no container engine;
the case that needs one (a label is missing for an image) is tested where the containers are.
"""
import hashlib
import http.server
import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
from patience import wait_for  # noqa: E402
from ports import free_port  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build/release/src/apps"))
passed, failed = 0, 0


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=600, **more)


def write(path, text, mode=0o600):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def certificate(folder):
    """A self-signed certificate that is its own authority."""
    key, cert = os.path.join(folder, "tls.key"), os.path.join(folder, "tls.pem")
    done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    assert done.returncode == 0, done.stderr
    return key, cert


class Vendor:
    """Serves files from memory over TLS."""

    def __init__(self, key, cert):
        self.files = {}
        files = self.files

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = files.get(self.path)
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda *_: None  # a client that stops early is part of the cases
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return "https://localhost:%d%s" % (self.server.server_address[1], path)


class Hub:
    def __init__(self, folder, key, cert):
        self.folder, self.port = os.path.join(folder, "hub"), free_port()
        self.url = "https://localhost:%d" % self.port
        done = run(os.path.join(PROGRAMS, "medperf-hub"), "init", "--data", self.folder, "--port", str(self.port),
                   "--certificate", cert, "--private-key", key, "--public-url", self.url)
        assert done.returncode == 0, done.stderr
        self.config, self.cert, self.process = os.path.join(self.folder, "hub.yaml"), cert, None

    def add_user(self, name, password_file):
        done = run(os.path.join(PROGRAMS, "medperf-hub"), "user", "add", "--config", self.config, "--username", name,
                   "--email", name + "@example.org", "--password-file", password_file)
        assert done.returncode == 0, done.stderr

    def start(self):
        self.process = subprocess.Popen([os.path.join(PROGRAMS, "medperf-hub"), "serve", "--config", self.config],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        context = ssl.create_default_context(cafile=self.cert)

        def answers():
            try:
                return urllib.request.urlopen(self.url + "/version", context=context, timeout=60)
            except OSError:
                return None
        if not wait_for(answers, 180, 0.05):
            raise SystemExit("the hub does not start")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(180)
            self.process = None

    def call(self, token, method, path, body):
        request = urllib.request.Request(self.url + "/api/v0/" + path, json.dumps(body).encode(), method=method,
                                         headers={"Authorization": "Bearer " + token,
                                                  "Content-Type": "application/json"})
        context = ssl.create_default_context(cafile=self.cert)
        with urllib.request.urlopen(request, context=context, timeout=180) as answer:
            return json.load(answer)


class Account:
    def __init__(self, workspace, hub):
        self.workspace, self.hub = workspace, hub
        self.environment = {"PATH": os.environ["PATH"], "HOME": workspace, "MEDPERF_HOME": workspace}

    def medperf(self, *words, answers=""):
        return subprocess.run([os.path.join(PROGRAMS, "medperf"), *words], input=answers, capture_output=True,
                              text=True, timeout=600, env=self.environment)

    def must(self, *words, answers=""):
        done = self.medperf(*words, answers=answers)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def setup(self):
        self.must("profile", "set", "hub.url=" + self.hub.url, "hub.ca_file=" + self.hub.cert, "hub.retry_seconds=1")

    def token(self):
        with open(os.path.join(self.workspace, "token.json")) as file:
            return json.load(file)["access"]


def expect(name, done, code, *parts):
    """One message on standard error, this exit code, these words, nothing of the inside."""
    global passed, failed
    problems = []
    if done.returncode != code:
        problems.append("exit code %d, expected %d" % (done.returncode, code))
    messages = [line for line in done.stderr.splitlines() if line.startswith("medperf:")]
    if len(messages) != 1:
        problems.append("%d messages, expected one" % len(messages))
    for part in parts:
        if part.lower() not in done.stderr.lower():
            problems.append("does not say '%s'" % part)
    for trace in ("terminate called", "Traceback", "what():", "core dumped", "AddressSanitizer", "std::"):
        if trace in done.stderr + done.stdout:
            problems.append("shows '%s'" % trace)
    if problems:
        failed += 1
        print("FAIL %s: %s\n     %s" % (name, "; ".join(problems), (done.stderr or done.stdout).strip()))
    else:
        passed += 1
        print("ok   %-28s %3d  %s" % (name, code, messages[0][:160]))


def image_archive():
    """A docker-archive of an image with one file."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        info = tarfile.TarInfo("app/run")
        info.size = 7
        tar.addfile(info, io.BytesIO(b"program"))
    layer = layer.getvalue()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"User": "1000"},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}})
    identity = hashlib.sha256(config.encode()).hexdigest()
    manifest = json.dumps([{"Config": identity + ".json", "RepoTags": ["localhost/x:1"], "Layers": ["layer.tar"]}])
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in (("layer.tar", layer), (identity + ".json", config.encode()),
                              ("manifest.json", manifest.encode())):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue(), "sha256:" + identity


def tasks(kind):
    volumes = {"mount_path": "/m/x", "type": "directory"}
    names = {"prepare": ["prepare", "sanity_check", "statistics"], "model": ["infer"], "evaluate": ["evaluate"]}[kind]
    return {name: {"input_volumes": {"data_path": volumes},
                   "output_volumes": {"output_path": dict(volumes, mount_path="/m/y")}} for name in names}


class Preparation:
    """A benchmark of one pending owner, whose preparation image each case replaces."""

    def __init__(self, account, vendor, folder):
        self.account, self.vendor, self.folder = account, vendor, folder
        hub, token = account.hub, account.token()
        self.prepare = hub.call(token, "POST", "mlcubes/", self.container("prepare", "/none", "0" * 64, ""))["id"]
        evaluate = hub.call(token, "POST", "mlcubes/", self.container("evaluate", "/none", "0" * 64, ""))["id"]
        model = hub.call(token, "POST", "models/", {"name": "model", "type": "CONTAINER",
                                                    "container": self.container("model", "/none", "0" * 64, "")})
        self.benchmark = str(hub.call(token, "POST", "benchmarks/", {
            "name": "errors", "demo_dataset_tarball_url": "x", "demo_dataset_tarball_hash": "x",
            "demo_dataset_generated_uid": "x", "data_preparation_mlcube": self.prepare,
            "reference_model": model["id"], "data_evaluator_mlcube": evaluate})["id"])

    def container(self, kind, path, digest, image_id):
        return {"name": kind, "parameters_config": {"for": kind}, "image_hash": digest,
                "additional_files_tarball_hash": "", "metadata": {"medperf": {"image_id": image_id}},
                "container_config": {"container_type": "DockerArchive", "image": self.vendor.url(path),
                                     "tasks": tasks(kind)}}

    def dataset(self, account, name, archive, digest, image_id):
        """A new dataset; its preparation image is `archive`, registered as `digest`."""
        path = "/%s.tar" % name
        if archive is not None:
            self.vendor.files[path] = archive
        self.account.hub.call(self.account.token(), "PUT", "mlcubes/%d/" % self.prepare,
                              self.container("prepare", path, digest, image_id))
        raw = os.path.join(self.folder, "raw-" + name)
        os.makedirs(raw + "/data")
        os.makedirs(raw + "/labels")
        write(raw + "/data/a", name)
        write(raw + "/labels/a", "1")
        done = account.must("dataset", "submit", "-b", self.benchmark, "--data-path", raw + "/data", "--labels-path",
                            raw + "/labels", "--name", name, "--json", answers="y\n")
        return str(json.loads(done.stdout)["id"])


def sign_in_cases(account, folder, good):
    bad = write(os.path.join(folder, "bad"), "wrong\n")
    expect("nobody signed in", account.medperf("auth", "status"), 3, "nobody is signed in", "auth login")
    expect("wrong password", account.medperf("auth", "login", "-u", "alice", "--password-file", bad), 3,
           "user name and password")
    account.must("auth", "login", "-u", "alice", "--password-file", good)
    token_file = os.path.join(account.workspace, "token.json")
    with open(token_file) as file:
        token = json.load(file)
    write(token_file, json.dumps(dict(token, expires_at="2020-01-01T00:00:00Z")))
    expect("expired token", account.medperf("auth", "status"), 3, "expired at 2020-01-01", "auth login")
    write(token_file, json.dumps(dict(token, access=token["access"][:-4] + "AAAA")))
    expect("token the hub refuses", account.medperf("auth", "status"), 3, "auth login")
    write(token_file, json.dumps(token), 0o644)
    expect("token others may read", account.medperf("auth", "status"), 12, "others may read")
    write(token_file, json.dumps(token))


def yaml_cases(account, folder):
    archive, _ = image_archive()
    tar = os.path.join(folder, "image.tar")
    with open(tar, "wb") as file:
        file.write(archive)
    submit = ("container", "submit", "--name", "x", "--image-url", "https://localhost/x.tar")
    bad = write(os.path.join(folder, "bad.yaml"), "container_type: [unclosed\n")
    expect("malformed YAML", account.medperf(*submit, "--config", bad, "--archive", tar), 2, "bad.yaml")
    strange = write(os.path.join(folder, "strange.yaml"), "container_type: Floppy\nimage: x\ntasks: {infer: {}}\n")
    expect("unknown container type", account.medperf(*submit, "--config", strange, "--archive", tar), 2, "DockerArchive")
    config = write(os.path.join(folder, "config.yaml"), json.dumps(
        {"container_type": "DockerArchive", "image": "x", "tasks": tasks("model")}))
    expect("archive not there", account.medperf(*submit, "--config", config, "--archive", folder + "/none"), 5, "none")
    torn = os.path.join(folder, "torn.tar")
    with open(torn, "wb") as file:
        file.write(archive[:len(archive) // 3])
    expect("own archive corrupt", account.medperf(*submit, "--config", config, "--archive", torn), 11, "torn.tar")
    policy = os.path.join(account.workspace, "policy.yaml")
    with open(policy) as file:
        text = file.read()
    write(policy, text.replace("pids: 256", "pids: many"))
    expect("policy with a wrong value", account.medperf("policy", "show"), 2, "limits.pids")
    write(policy, text)
    expect("unknown setting", account.medperf("profile", "set", "hub.adress=https://x"), 2, "hub.adress")


def image_cases(account, preparation):
    archive, identity = image_archive()
    right = hashlib.sha256(archive).hexdigest()
    other = bytearray(archive)
    other[600] ^= 1

    def prepare(name, content, digest):
        return account.medperf("dataset", "prepare", "-d", preparation.dataset(account, name, content, digest, identity))

    expect("missing image", prepare("missing", None, right), 5, "no such file", "/missing.tar")
    expect("wrong digest", prepare("wrong", bytes(other), right), 11, right, "not the registered one")
    half = archive[:len(archive) // 2]
    expect("corrupt archive", prepare("torn", half, hashlib.sha256(half).hexdigest()), 11)
    policy = os.path.join(account.workspace, "policy.yaml")
    os.rename(policy, policy + ".away")
    expect("no policy", prepare("nopolicy", archive, right), 12, "no policy", "policy init")
    os.rename(policy + ".away", policy)


def disk_cases(account, preparation, folder):
    if os.geteuid() != 0:
        print("skip full disk: needs root to mount a small disk")
        return
    small = os.path.join(folder, "small")
    os.mkdir(small)
    if run("mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "none", small).returncode != 0:
        print("skip full disk: no tmpfs can be mounted here")
        return
    try:
        tight = Account(os.path.join(small, "workspace"), account.hub)
        shutil.copytree(account.workspace, tight.workspace,
                        ignore=shutil.ignore_patterns("images", "gate", "podman", "locks", "reviews"))
        os.chmod(tight.workspace, 0o700)
        archive, identity = image_archive()
        big = archive + b"\0" * (8 << 20)
        dataset = preparation.dataset(tight, "big", big, hashlib.sha256(big).hexdigest(), identity)
        expect("full disk, download", tight.medperf("dataset", "prepare", "-d", dataset), 9, "space")
        shutil.rmtree(os.path.join(tight.workspace, "images"))
        os.remove(os.path.join(tight.workspace, "policy.yaml"))
        with open(os.path.join(small, "filler"), "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        expect("full disk, small file", tight.medperf("policy", "init"), 9, "space")
    finally:
        run("umount", small)


def hub_cases(account):
    account.hub.stop()
    expect("hub down", account.medperf("auth", "status"), 9, account.hub.url, "connection refused", "check")
    account.hub.start()
    account.must("profile", "set", "hub.ca_file=")
    expect("certificate not trusted", account.medperf("auth", "status"), 9, "certificate")
    account.setup()


def main():
    folder = tempfile.mkdtemp(prefix="medperf-errors-")
    os.chmod(folder, 0o700)
    key, cert = certificate(folder)
    hub = Hub(folder, key, cert)
    try:
        good = write(os.path.join(folder, "good"), "correct horse battery\n")
        hub.add_user("alice", good)
        hub.start()
        vendor = Vendor(key, cert)
        account = Account(os.path.join(folder, "alice"), hub)
        account.setup()
        account.must("policy", "init")
        sign_in_cases(account, folder, good)
        yaml_cases(account, folder)
        preparation = Preparation(account, vendor, folder)
        image_cases(account, preparation)
        disk_cases(account, preparation, folder)
        hub_cases(account)
    finally:
        hub.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
