#!/usr/bin/env python3
"""Encrypted archives where the site's engine is Docker, whose store cannot lie in memory: another engine runs them, and says so.

A docker daemon of its own; the marker in the image must not come into its store, nor into the workspace. BUILD (default
build/release) holds medperf and medperf-probe. Needs root, docker, gpg, bubblewrap. Leaves nothing behind."""
import json, os, pathlib, shutil, subprocess, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import author

check = author.check
MARKER = os.urandom(32).hex().encode()


class Docker:
    """A daemon below `folder`."""
    def __init__(self, folder):
        self.folder = folder
        self.socket = f"unix://{folder}/docker.sock"

    def do(self, verb):
        return subprocess.run(["bash", "-c", f'. tests/engine/dockerd.sh; {verb}_dockerd "$0"', self.folder], cwd=author.TOP).returncode == 0

    def __enter__(self):
        if not self.do("start"):
            raise SystemExit("0 passed, 1 failed")
        return self

    def __exit__(self, *_):
        self.do("stop")


class Site:
    def __init__(self, work, docker):
        self.work, self.docker = work, docker
        (work / "data").mkdir()
        (work / "data").chmod(0o755)
        done = self.medperf("policy", "init")
        check("the workspace is made", done.returncode == 0, done.stdout)

    def medperf(self, *arguments, hidden=()):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.work), "MEDPERF_HOME": str(self.work / "workspace"), "MEDPERF_ENGINE": "docker",
                       "DOCKER_HOST": self.docker.socket}
        hide = "".join(f"mount --bind /dev/null {shutil.which(name)}; " for name in hidden if shutil.which(name))
        start = ["unshare", "--mount", "sh", "-ec", hide + 'exec "$@"', "sh"] if hide else []
        return subprocess.run([*start, author.PROGRAMS / "medperf", *arguments, "--json", "--no-input"], env=environment, cwd=self.work,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)

    def run(self, archive, kind, *key, **options):
        config = self.work / "config.yaml"
        config.write_text(author.CONFIG.replace("DockerArchive", kind) % "[report]")
        return self.medperf("container", "run", "--config", config, "--archive", self.work / archive, *key, "--task", "infer", "--mount",
                            f"data_path={self.work / 'data'}", f"output_path={self.work / 'out'}", "--log", self.work / "log", **options)

    def report(self):
        log = (self.work / "log").read_text() if (self.work / "log").exists() else ""
        return json.loads(log.strip().splitlines()[-1]) if "{" in log else {}


def holds_marker(*folders):
    """The files below that hold the marker."""
    found = subprocess.run(["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", MARKER.decode(), *folders],
                           stdout=subprocess.PIPE, text=True)
    return found.stdout.splitlines()


def cases(site, docker):
    key = ("--key", site.work / "key")
    author.make_archive(site.work / "plain.tar", (author.PROGRAMS / "medperf-probe").read_bytes(), [("app/weights", MARKER, 0o644)])
    made = site.medperf("container", "encrypt", "--archive", site.work / "plain.tar", "--out", site.work / "sealed.tar.gpg", *key)
    check("the archive is encrypted", made.returncode == 0, made.stdout)
    ran = site.run("sealed.tar.gpg", "EncryptedDockerArchive", *key)
    check("an encrypted archive runs at a site of Docker", ran.returncode == 0, ran.stdout)
    check("it says by what, and why", "encrypted containers run on builtin" in ran.stdout and "keeps images on disk" in ran.stdout, ran.stdout)
    report = site.report()
    check("behind the walls", report.get("root") == "EROFS" and report.get("connect") == "ENETUNREACH" and report.get("uid", 0) != 0, report)
    places = (docker.folder, site.work / "workspace", site.work / "out")
    check("neither Docker's store nor the workspace holds what was encrypted", not holds_marker(*places), holds_marker(*places))
    (site.work / "log").unlink()
    bare = site.run("sealed.tar.gpg", "EncryptedDockerArchive", *key, hidden=("bwrap", "podman"))
    check("without an engine that can, it is refused and says what to install", bare.returncode != 0 and "Install bubblewrap" in bare.stdout and
          not (site.work / "log").exists(), bare.stdout)
    plain = site.run("plain.tar", "DockerArchive")
    check("a plain archive runs on Docker", plain.returncode == 0 and site.report().get("root") == "EROFS", plain.stdout)
    check("and the search finds it there", bool(holds_marker(docker.folder)), "nothing found at all")


def main():
    missing = [name for name in ("dockerd", "gpg", "bwrap") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        print(f"skipped: needs root {' '.join(missing)}\n0 passed, 0 failed")
        return 0
    work = pathlib.Path(tempfile.mkdtemp(prefix="medperf-sealed-", dir="/var/tmp"))
    work.chmod(0o755)
    try:
        with Docker(work / "d") as docker:
            cases(Site(work, docker), docker)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{author.passed} passed, {author.failed} failed")
    return author.failed != 0


if __name__ == "__main__":
    sys.exit(main())
