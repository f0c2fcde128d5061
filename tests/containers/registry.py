#!/usr/bin/env python3
"""Images of a registry, from a real one: Debian's docker-registry over TLS, filled by podman push.

    registry.py [FOLDER of medperf and medperf-hub]

A hub, a hospital and a small study are made; two more registries want a sign-in, one the name and password themselves,
one a token of a token server. Needs root, podman, openssl, docker-registry. Leaves nothing behind.
The last line is "N passed, M failed".
"""
import base64
import hashlib
import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import real_hub  # noqa: E402
import small_study  # noqa: E402
import tally  # noqa: E402

READER, WRITER = ("reader", "s3cret-of-the-hospital"), ("writer", "s3cret-of-the-vendor")
MANIFESTS = ("application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
             "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json")
counted = tally.Tally()
case = counted.case


def basic(who):
    return "Basic " + base64.b64encode(":".join(who).encode()).decode()


class Registry:
    """A docker-registry of its own. `auth`: the lines of its configuration that want a sign-in."""

    def __init__(self, study, name, auth=""):
        self.study, self.host = study, "localhost:%d" % real_hub.free_port()
        self.root, self.log = os.path.join(study.folder, name), os.path.join(study.folder, name + ".log")
        config = self.root + ".yml"
        with open(config, "w") as file:
            file.write("version: 0.1\nlog: {accesslog: {disabled: false}, level: info}\n"
                       "storage: {filesystem: {rootdirectory: %s}}\n"
                       "http: {addr: '%s', tls: {certificate: %s, key: %s}}\n%s" %
                       (self.root, self.host.replace("localhost", "127.0.0.1"), study.hub.cert, study.hub.key, auth))
        with open(self.log, "w") as out:
            self.process = subprocess.Popen(["docker-registry", "serve", config], stdout=out, stderr=out)
        until = time.monotonic() + 180
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                raise SystemExit("docker-registry does not start: " + open(self.log).read()[-2000:])
            time.sleep(0.05)

    def answers(self):
        try:
            self.open("/v2/")
            return True
        except urllib.error.HTTPError as error:
            return error.code == 401
        except OSError:
            return False

    def open(self, path, headers=None, data=None, method=None):
        request = urllib.request.Request("https://%s%s" % (self.host, path), data, headers or {}, method=method)
        with urllib.request.urlopen(request, context=self.study.hub.context, timeout=180) as answer:
            return answer.read()

    def digest(self, name, tag):
        return "sha256:" + hashlib.sha256(self.open("/v2/%s/manifests/%s" % (name, tag), {"Accept": MANIFESTS})).hexdigest()

    def manifest(self, name, tag):
        return json.loads(self.open("/v2/%s/manifests/%s" % (name, tag), {"Accept": MANIFESTS}))

    def asked_for(self, digest):
        """Requests of a blob's content so far."""
        with open(self.log) as file:
            return sum('"GET /v2/' in line and "/blobs/" + digest in line for line in file)

    def blob_file(self, digest):
        value = digest.split(":")[1]
        return os.path.join(self.root, "docker/registry/v2/blobs/sha256", value[:2], value, "data")

    def stop(self):
        self.process.terminate()
        self.process.wait(180)


class Podman:
    """The vendor's podman, with a store of its own."""

    def __init__(self, study):
        self.store = ["--root", study.folder + "/vendor/root", "--runroot", study.folder + "/vendor/run",
                      "--storage-driver", "vfs", "--events-backend", "none"]
        self.certificates = study.folder + "/certificates"
        os.makedirs(self.certificates)
        shutil.copy(study.hub.cert, self.certificates + "/ca.crt")

    def __call__(self, *words):
        done = subprocess.run(["podman", *self.store, *words], capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def push(self, archive, image, place, authfile=None):
        self("load", "--quiet", "--input", archive)
        self("push", "--quiet", "--cert-dir", self.certificates, *(["--authfile", authfile] if authfile else []), image,
             "docker://" + place)


class TokenServer:
    """Gives tokens as the distribution registry's specification says: to the reader for pulling, to the writer for both."""

    def __init__(self, study):
        self.key, self.cert = study.folder + "/token.key", study.folder + "/token.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.cert,
                        "-days", "2", "-subj", "/CN=token"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", self.key, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        name = base64.b32encode(hashlib.sha256(public).digest()[:30]).decode()
        self.key_id = ":".join(name[i:i + 4] for i in range(0, len(name), 4))
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(study.hub.cert, study.hub.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "https://localhost:%d/token" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        sent = handler.headers.get("Authorization", "")
        self.asked.append((handler.path, sent))
        rights = {basic(READER): ["pull"], basic(WRITER): ["pull", "push"]}.get(sent)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(handler.path).query)
        body = b"{}"
        if rights is not None:
            access = [{"type": "repository", "name": scope.split(":")[1], "actions": rights} for scope in query.get("scope", [])]
            body = json.dumps({"token": self.token(access), "expires_in": 300}).encode()
        handler.send_response(200 if rights is not None else 401)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def token(self, access):
        def part(value):
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            return base64.urlsafe_b64encode(data).rstrip(b"=")
        now = int(time.time())
        signed = part({"typ": "JWT", "alg": "RS256", "kid": self.key_id}) + b"." + part(
            {"iss": "issuer", "sub": "x", "aud": "registry", "nbf": now - 10, "iat": now - 10, "exp": now + 300, "jti": "1",
             "access": access})
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed, check=True,
                                   capture_output=True).stdout
        return (signed + b"." + part(signature)).decode()


class World:
    def __init__(self, study):
        self.study, self.podman = study, Podman(study)
        self.registry = Registry(study, "open")
        self.config = study._yaml("models/lr-pixel/container_config.yaml")
        self.count = 0

    def image(self, name, text="", architecture="amd64"):
        """(archive, image id) of a model that predicts by its weights, here with a file of its own."""
        with open(os.path.join(small_study.BENCHMARK, "models/lr-pixel/weights.csv"), "rb") as file:
            weights = file.read()
        archive, image = self.study._image(name, "cxr_lr_pixel", {"weights": (weights, 0o644), "note": (text.encode(), 0o644)})
        if architecture == "amd64":
            return archive, image
        with tarfile.open(archive) as tar:
            content = {entry.name: tar.extractfile(entry).read() for entry in tar}
        config = content.pop(image + ".json").replace(b'"amd64"', b'"%s"' % architecture.encode())
        image = hashlib.sha256(config).hexdigest()
        manifest = json.loads(content.pop("manifest.json"))
        manifest[0]["Config"] = image + ".json"
        content.update({image + ".json": config, "manifest.json": json.dumps(manifest).encode()})
        with tarfile.open(archive, "w") as tar:
            for entry, data in content.items():
                info = tarfile.TarInfo(entry)
                info.size = len(data)
                tar.addfile(info, small_study.io.BytesIO(data))
        return archive, image

    def register(self, place, hash_value):
        """A model on the hub whose image is in a registry: (model, container)."""
        self.count += 1
        config = {**json.loads(json.dumps(self.config)), "container_type": "DockerImage", "image": place}
        name = "of-registry-%d" % self.count
        body = {"name": name, "type": "CONTAINER", "state": "OPERATION", "container": {
            "name": name, "container_config": config, "parameters_config": {}, "image_hash": hash_value,
            "additional_files_tarball_hash": "", "state": "OPERATION", "metadata": {}}}
        model = self.study.must("vendor", "POST", "models/", body, 201)
        return model["id"], model["container"]["id"]

    def associate(self, model):
        self.study.must("vendor", "POST", "models/benchmarks/", {
            "model": model, "benchmark": self.study.benchmark, "approval_status": "PENDING", "metadata": {}}, 201)
        self.study.must("group", "PUT", "models/%d/benchmarks/%d/" % (model, self.study.benchmark),
                        {"approval_status": "APPROVED"}, 200)

    def ask(self, workspace, *words, more=None):
        """(exit code, all it said)."""
        done = subprocess.run(self.study.command(workspace, *words), capture_output=True, text=True, timeout=600,
                              stdin=subprocess.DEVNULL, env=self.study.environment(more))
        return done.returncode, done.stdout + done.stderr

    def report(self, workspace, container, more=None):
        return self.ask(workspace, "container", "report", container, "--json", more=more)


def sign_ins(world, name, who=READER, mode=0o600, host=None):
    path = os.path.join(world.study.folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        json.dump({"auths": {host: {"auth": basic(who)[6:]}}}, file)
    os.chmod(path, mode)
    return path


def swapped(world, workspace):
    """Checked by digest, the tag moved on, and run: with the archive still here, and with it to be fetched again."""
    place = world.registry.host + "/group/model"
    archive, image = world.image("first", "first")
    world.podman.push(archive, image, place + ":1")
    digest = world.registry.digest("group/model", "1")
    model, container = world.register(place + ":1", digest)
    world.associate(model)
    code, text = world.report(workspace, container)
    case("an image is fetched by its manifest's digest", code == 0 and "sha256:" + image in text, (code, text[-1500:]))
    archive, other = world.image("second", "second")
    world.podman.push(archive, other, place + ":1")
    case("the tag stands for another image now", other != image and world.registry.digest("group/model", "1") != digest)
    for path in os.listdir(workspace + "/images"):  # so that running must fetch again
        os.remove(os.path.join(workspace, "images", path))
    study = world.study
    code, text = world.ask(workspace, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, "-m", model)
    case("the model runs after the tag was swapped", code == 20, (code, text[-2500:]))
    with open(os.path.join(workspace, "audit.jsonl") if os.path.exists(workspace + "/audit.jsonl") else
              subprocess.run(["find", workspace, "-name", "audit*"], capture_output=True, text=True).stdout.split()[0]) as file:
        log = file.read()
    case("and the checked one ran", image in log and other not in log, log[-1500:])
    older, container = world.register(place + ":1", image)
    code, text = world.report(workspace, container)
    case("an older registration names the image: another under the tag is refused", code != 0 and other in text, (code, text[-800:]))
    older, container = world.register(place + ":1", other)
    code, text = world.report(workspace, container)
    case("and the named one is taken", code == 0 and "sha256:" + other in text, (code, text[-1500:]))


def platforms(world, workspace):
    registry, name = world.registry, "group/platforms"
    place = registry.host + "/" + name
    archive, mine = world.image("mine", "mine")
    world.podman.push(archive, mine, place + ":mine")
    archive, foreign = world.image("foreign", "foreign", "arm64")
    world.podman.push(archive, foreign, place + ":foreign")
    podman = world.podman
    for index, members in (("both", ("foreign", "mine")), ("none", ("foreign",))):
        podman("manifest", "create", index)
        for member in members:
            podman("manifest", "add", "--cert-dir", podman.certificates, index, "docker://%s:%s" % (place, member))
        podman("manifest", "push", "--all", "--cert-dir", podman.certificates, index, "docker://%s:%s" % (place, index))
    case("podman pushed an index of two platforms", len(registry.manifest(name, "both").get("manifests", [])) == 2,
         registry.manifest(name, "both"))
    _, container = world.register(place + ":both", registry.digest(name, "both"))
    code, text = world.report(workspace, container)
    case("of an index, this machine's image is taken", code == 0 and "sha256:" + mine in text, (code, text[-1500:]))
    layers = [layer["digest"] for layer in registry.manifest(name, "foreign")["layers"]]
    before = sum(registry.asked_for(layer) for layer in layers)
    for tag in ("none", "foreign"):
        _, container = world.register("%s:%s" % (place, tag), registry.digest(name, tag))
        code, text = world.report(workspace, container)
        case("an image for arm64 alone is refused (%s)" % ("an index" if tag == "none" else "one manifest"),
             code != 0 and "arm64" in text, (code, text[-800:]))
    case("before any of its layers was asked for", sum(registry.asked_for(layer) for layer in layers) == before)


def wrong_bytes(world, workspace):
    name = "group/damaged"
    place = world.registry.host + "/" + name
    archive, image = world.image("damaged", "damaged")
    world.podman.push(archive, image, place + ":1")
    layer = world.registry.manifest(name, "1")["layers"][-1]
    with open(world.registry.blob_file(layer["digest"]), "r+b") as file:
        file.seek(layer["size"] // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    _, container = world.register(place + ":1", world.registry.digest(name, "1"))
    kept = set(os.listdir(workspace + "/images"))
    code, text = world.report(workspace, container)
    case("a layer with one wrong bit is refused", code != 0 and "SHA-256" in text, (code, text[-800:]))
    left = set(os.listdir(workspace + "/images")) - kept
    case("and nothing of it is kept", not left, sorted(left))


def signed_in(world, workspace, registry, what):
    place = registry.host + "/group/closed"
    archive, image = world.image("closed-" + what, what)
    world.podman.push(archive, image, place + ":1", sign_ins(world, "writer-%s.json" % what, WRITER, host=registry.host))
    # The reader's digest of it, asked as the hospital would not need to.
    with open(archive, "rb"):
        _, container = world.register(place + ":1", image)
    code, text = world.report(workspace, container)
    case("%s: without a sign-in it is refused" % what, code != 0 and "registry.credentials" in text, (code, text[-800:]))
    wrong = sign_ins(world, "wrong-%s.json" % what, (READER[0], "guessed-wrongly"), host=registry.host)
    code, text = world.report(workspace, container, {"MEDPERF_REGISTRY_CREDENTIALS": wrong})
    case("%s: with a wrong one too, and it is not shown" % what, code != 0 and "sign-in" in text and "guessed" not in text and
         basic((READER[0], "guessed-wrongly"))[6:] not in text, (code, text[-800:]))
    readable = sign_ins(world, "readable-%s.json" % what, mode=0o644, host=registry.host)
    code, text = world.report(workspace, container, {"MEDPERF_REGISTRY_CREDENTIALS": readable})
    case("%s: a file that others may read is not used" % what, code != 0 and "600" in text, (code, text[-800:]))
    good = sign_ins(world, "reader-%s.json" % what, host=registry.host)
    code, text = world.report(workspace, container, {"MEDPERF_REGISTRY_CREDENTIALS": good, "MEDPERF_LOG_LEVEL": "debug"})
    case("%s: with the hospital's own it is fetched" % what, code == 0 and "sha256:" + image in text, (code, text[-1500:]))
    return text


def secrets_stay(world, workspace, said):
    secrets = [READER[1].encode(), basic(READER)[6:].encode(), b"eyJ"]
    found = [secret for secret in secrets if secret in said.encode()]
    for base, _, names in os.walk(workspace):
        for name in names:
            path = os.path.join(base, name)
            if os.path.islink(path) or name == "token" or "token" in name:
                continue
            with open(path, "rb") as file:
                content = file.read()
            found += [(path, secret) for secret in secrets[:2] if secret in content]
    case("no name, password or token is in output, log or workspace", not found, found)


def main():
    missing = [name for name in ("podman", "openssl", "docker-registry") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        print("skipped: needs root and %s\n0 passed, 0 failed" % ", ".join(missing or ["nothing else"]))
        return 0
    with small_study.Study(real_hub.programs(sys.argv[1:]), 1) as study:
        world, servers = World(study), []
        servers.append(world.registry)
        try:
            workspace = study.new_workspace("hospital")
            study.join(workspace)
            swapped(world, workspace)
            platforms(world, workspace)
            wrong_bytes(world, workspace)
            accounts = study.folder + "/htpasswd"
            with open(accounts, "w") as file:
                for user, password in (READER, WRITER):
                    file.write("%s:%s\n" % (user, crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))))
            servers.append(Registry(study, "basic", "auth: {htpasswd: {realm: closed, path: %s}}\n" % accounts))
            said = signed_in(world, workspace, servers[-1], "name and password")
            tokens = TokenServer(study)
            servers.append(Registry(study, "token", "auth: {token: {realm: '%s', service: registry, issuer: issuer, "
                                    "rootcertbundle: %s}}\n" % (tokens.url, tokens.cert)))
            said += signed_in(world, workspace, servers[-1], "token")
            case("the hospital asks the token server for reading alone",
                 any(sent == basic(READER) and "%3Apull" in path and "push" not in path for path, sent in tokens.asked), tokens.asked)
            secrets_stay(world, workspace, said)
        finally:
            for server in servers:
                server.stop()
            subprocess.run(["podman", *world.podman.store, "system", "reset", "--force"], capture_output=True, timeout=300)
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
