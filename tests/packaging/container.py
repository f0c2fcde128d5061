#!/usr/bin/env python3
"""The container file: built with podman, and the hub run from the image as docs/operations.md says, as nobody special,
without capabilities, on a read-only root. The registry is not asked: a minimal Debian 12 made by mmdebstrap (the tar
of --base, which is made when it is not there) stands under the name of the base image. Needs root and the package
mirror of this machine. Usage: container.py [--build FOLDER] [--base TAR]"""
import argparse, http.client, json, os, pathlib, re, resource, shutil, ssl, subprocess, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from fresh import make_base
from packages import build_packages, case, totals
from ports import free_port

TOP = pathlib.Path(__file__).resolve().parents[2]
FILE = TOP / "deploy/container/Containerfile"
DATA = "/var/lib/medperf-hub"
IMAGE, NAME, PASSWORD = "medperf-hub", "hub", "a long password"


class Podman:
    """podman with a store of its own in a folder, with what the machine's control groups allow."""

    def __init__(self, folder):
        self.folder = folder
        runtime = "crun" if pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists() else "runc"
        files, processes = (min(4096, hard) if (hard := resource.getrlimit(kind)[1]) > 0 else 4096
                            for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC))
        (folder / "containers.conf").write_text(
            f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]\n'
            f'[engine]\nruntime = "{runtime}"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n')
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/run"\n')
        self.environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf"),
                            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf")}

    def __call__(self, *words, text=None):
        return subprocess.run(["podman", *map(str, words)], input=text or "", capture_output=True, text=True,
                              env=self.environment, timeout=900)

    def remove(self):
        self("rm", "--all", "--force", "--time", "5")
        self("volume", "rm", "--all", "--force")
        self("rmi", "--all", "--force")
        shutil.rmtree(self.folder, ignore_errors=True)


def make_certificate(folder):
    folder.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", folder / "hub.key", "-out", folder / "hub.pem", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    folder.chmod(0o755)
    (folder / "hub.key").chmod(0o400)
    os.chown(folder / "hub.key", 10001, 10001)
    return folder


class Site:
    """The image, its volume and certificate, and the hub that runs from them."""

    def __init__(self, podman, tls):
        self.podman, self.port = podman, free_port()
        self.context = ssl.create_default_context(cafile=tls / "hub.pem")
        self.walls = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges",
                      "--volume", f"hub-data:{DATA}", "--volume", f"{tls}:/etc/medperf-hub:ro"]

    def once(self, *words, text=None):
        return self.podman("run", "--rm", "--interactive", *self.walls, IMAGE, *words, text=text)

    def start(self):
        return self.podman("run", "--detach", "--name", NAME, "--stop-timeout", 60, *self.walls, "--publish",
                           f"127.0.0.1:{self.port}:8443", IMAGE)

    def inside(self, *words):
        return self.podman("exec", NAME, *words)

    def ask(self, method, path, body=None):
        """(status, body), or (0, why)."""
        try:
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=60, context=self.context)
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as problem:
            return 0, repr(problem)

    def is_ready(self):
        for _ in range(200):
            if self.ask("GET", "/readyz")[0] == 200:
                return True
            time.sleep(0.05)
        return False

    def state(self):
        return json.loads(self.podman("inspect", NAME).stdout)[0]["State"]


def check_image(podman):
    config = json.loads(podman("image", "inspect", IMAGE).stdout)[0]["Config"]
    case("the image's user is a number, and not root's", config["User"] == "10001:10001", config["User"])
    case("its data is a volume", DATA in config.get("Volumes", {}), config)
    left = podman("run", "--rm", "--entrypoint", "/usr/bin/find", "--user", "0", IMAGE, "/", "-xdev", "(", "-perm", "-4000",
                  "-o", "-name", "*.deb", "-o", "-path", "/var/lib/apt/lists/*_Packages*", ")", "-not", "-path",
                  "/proc/*").stdout.split()
    strange = [p for p in left if p.endswith((".deb", "_Packages")) or "/apt/" in p]
    case("nothing is left of the installation", not strange, strange)


def check_first_run(site):
    done = site.podman("run", "--rm", *site.walls, IMAGE)
    case("without a data folder it says so", done.returncode == 5 and "hub.yaml" in done.stderr, done.stderr)
    done = site.once("init", "--data", DATA, "--address", "0.0.0.0", "--certificate", "/etc/medperf-hub/hub.pem",
                     "--private-key", "/etc/medperf-hub/hub.key", "--public-url", "https://localhost")
    case("init", done.returncode == 0, done.stderr)
    done = site.once("user", "add", "--config", f"{DATA}/hub.yaml", "--username", "alice", "--email", "a@example.org",
                     "--admin", "--password-fd", "0", text=PASSWORD + "\n")
    case("user add, the password from standard input", done.returncode == 0, done.stderr)


def check_walls(site):
    shown = site.inside("grep", "-E", "^(Uid|CapEff|CapBnd|NoNewPrivs):", "/proc/1/status").stdout
    numbers = dict(re.findall(r"(\w+):\s+(\w+)", shown))
    case("the hub is nobody special", numbers.get("Uid") == "10001", shown)
    case("it has no capability and gets none", numbers.get("CapEff") == numbers.get("CapBnd") == "0" * 16
         and numbers.get("NoNewPrivs") == "1", shown)
    for folder in ("/", "/usr/bin", "/tmp", "/var/tmp", "/etc/medperf-hub"):
        case(f"nothing can be written to {folder}", site.inside("ls", folder).returncode == 0
             and site.inside("touch", f"{folder}/x").returncode == 1)
    modes = site.inside("find", DATA, "-perm", "/077")
    case("its data is its own", modes.returncode == 0 and not modes.stdout.strip(), modes.stdout + modes.stderr)


def check_service(site):
    if not case("starts", site.start().returncode == 0 and site.is_ready(), site.podman("logs", NAME).stderr[-500:]):
        return
    status, _ = site.ask("GET", "/healthz")
    case("is healthy, over TLS, through the published port", status == 200, status)
    check_walls(site)
    status, body = site.ask("POST", "/api/v0/auth/login", {"username": "alice", "password": PASSWORD})
    case("signs in", status == 200, body)
    done = site.inside("medperf-hub", "backup", "--config", f"{DATA}/hub.yaml", "--to", f"{DATA}/one.backup")
    case("backup beside the hub", done.returncode == 0, done.stderr)
    begun = time.monotonic()
    site.podman("stop", NAME)
    took, state = time.monotonic() - begun, site.state()
    case("SIGTERM ends it well, long before it would be killed", state["ExitCode"] == 0 and took < 20, (took, state))
    logs = site.podman("logs", NAME)
    lines = [line for line in logs.stderr.splitlines() if line.startswith("{")]
    case("its log is lines of JSON, without the password", lines and all(json.loads(line)["event"] for line in lines)
         and PASSWORD not in logs.stdout + logs.stderr, logs.stderr[-300:])


def check_again(site):
    site.podman("start", NAME)
    if not case("started again", site.is_ready()):
        return
    site.podman("kill", NAME)
    site.podman("wait", NAME)
    site.podman("rm", NAME)
    case("killed, removed and made anew: the volume is enough", site.start().returncode == 0 and site.is_ready())
    status, _ = site.ask("POST", "/api/v0/auth/login", {"username": "alice", "password": PASSWORD})
    case("the account is there", status == 200, status)
    done = site.inside("medperf-hub", "check", "--config", f"{DATA}/hub.yaml")
    case("sound", done.returncode == 0, done.stderr)
    site.podman("stop", NAME)
    case("and ends well", site.state()["ExitCode"] == 0, site.state())


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, default=TOP / "build/release")
    arguments.add_argument("--base", type=pathlib.Path)
    given = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="medperf-container-"))
    folder.chmod(0o711)
    (folder / "store").mkdir()
    podman = Podman(folder / "store")
    try:
        build_packages(given.build.resolve(), folder)
        base = re.search(r"^FROM (\S+)", FILE.read_text(), re.M).group(1)
        done = podman("import", "--quiet", make_base(given.base or folder / "base.tar"), base)
        case(f"a Debian of this machine's mirror stands for {base}", done.returncode == 0, done.stderr)
        done = podman("build", "--pull=never", "--network=host", "--tag", IMAGE, "--file", FILE, folder)
        case("builds", done.returncode == 0, done.stderr[-800:])
        case("without a warning", "warn" not in (done.stdout + done.stderr).lower(), done.stderr[-800:])
        if done.returncode == 0:
            check_image(podman)
            site = Site(podman, make_certificate(folder / "tls"))
            check_first_run(site)
            check_service(site)
            check_again(site)
    finally:
        podman.remove()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(totals())


if __name__ == "__main__":
    main()
