"""A medperf-hub over TLS in a folder of its own, for black-box tests. Needs the standard library and openssl."""
import http.client
import json
import os
import signal
import ssl
import subprocess

from patience import wait_for
from ports import free_port

# Names that no name server knows: only through a proxy that does is what has them reached.
FAR_HUB, FAR_FILES = FAR_NAMES = "hub.medperf.invalid", "files.medperf.invalid"
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def programs(arguments):
    """The folder that holds medperf and medperf-hub: an argument, or the release build."""
    return os.path.abspath(arguments[0] if arguments else os.path.join(TOP, "build/release/src/apps"))


def _run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


class RealHub:
    """Started by `with`; stopped and checked (`medperf-hub check`) at the end."""

    def __init__(self, folder, program_folder, more_options="", public_name="localhost"):
        self.program = os.path.join(program_folder, "medperf-hub")
        self.folder, self.port = os.path.join(folder, "hub"), free_port()
        self.key, self.cert = os.path.join(folder, "tls.key"), os.path.join(folder, "tls.pem")
        _run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", self.key, "-out", self.cert, "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1," + ",".join("DNS:" + name for name in FAR_NAMES))
        self.url = "https://localhost:%d" % self.port
        _run(self.program, "init", "--data", self.folder, "--port", str(self.port), "--certificate", self.cert,
             "--private-key", self.key, "--public-url", "https://%s:%d" % (public_name, self.port))
        self.config, self.log = os.path.join(self.folder, "hub.yaml"), os.path.join(folder, "hub.log")
        with open(self.config, "a") as file:
            file.write(more_options)
        self.context, self.process = ssl.create_default_context(cafile=self.cert), None

    def add_user(self, name, password, admin=False):
        file = os.path.join(self.folder, name + ".password")
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(password)
        _run(self.program, "user", "add", "--config", self.config, "--username", name, "--email",
             name + "@example.org", "--password-file", file, *(["--admin"] if admin else []))

    def __enter__(self):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([self.program, "serve", "--config", self.config], stdout=log, stderr=log)
        if wait_for(lambda: self._answers() or self.process.poll() is not None, 180, 0.05) and self.process.poll() is None:
            return self
        raise SystemExit("the hub does not start: " + open(self.log).read())

    def _answers(self):
        try:
            return self.exchange("GET", "/version")
        except OSError:
            return None

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(180)
        _run(self.program, "check", "--config", self.config)

    def exchange(self, method, path, body=None, token=None, source=None):
        """(status, parsed body or None) of one request; `path` from the top, `source` an address of loopback to come from."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        data = None if body is None else json.dumps(body).encode()
        link = http.client.HTTPSConnection("localhost", self.port, timeout=180, context=self.context,
                                           source_address=(source, 0) if source else None)
        try:
            link.request(method, path, data, headers)
            answer = link.getresponse()
            text, status = answer.read(), answer.status
        finally:
            link.close()
        return status, json.loads(text) if text else None

    def sign_in(self, name, password, source=None):
        status, body = self.exchange("POST", "/api/v0/auth/login", {"username": name, "password": password}, source=source)
        assert status == 200, body
        return body["access"]
