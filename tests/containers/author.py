#!/usr/bin/env python3
"""A container's author: check and run with a real engine, no hub. Images are made of the static probe alone.

BUILD (default build/release) holds medperf and medperf-probe. Needs root and podman. Leaves nothing behind."""
import hashlib, io, json, os, pathlib, shutil, subprocess, sys, tarfile, tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("BUILD", TOP / "build/release")).resolve() / "src/apps"
passed = failed = 0

CONFIG = """container_type: DockerArchive
image: image.tar
tasks:
  infer:
    run_args: {command: %s}
    input_volumes:
      data_path: {mount_path: /input, type: directory}
    output_volumes:
      output_path: {mount_path: /output, type: directory}
"""


def check(what, good, seen=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED: {what}: {seen}")


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content, mode in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def make_archive(path, probe, extra=()):
    """A docker-archive of one layer with the probe as its entry point."""
    layer = tar_of([("medperf-probe", probe, 0o755), *extra])
    config = json.dumps({"architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
                         "config": {"User": "1000", "Entrypoint": ["/medperf-probe"]},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": ["localhost/own:1"], "Layers": ["layer.tar"]}]).encode()
    path.write_bytes(tar_of([("layer.tar", layer, 0o644), (name, config, 0o644), ("manifest.json", manifest, 0o644)]))


class Author:
    def __init__(self, work):
        self.work, self.workspace = work, work / "workspace"
        self.probe = (PROGRAMS / "medperf-probe").read_bytes()
        self.medperf("policy", "init")
        policy = self.workspace / "policy.yaml"
        policy.write_text(policy.read_text().replace("wall_seconds: 3600", "wall_seconds: 20"))
        make_archive(work / "image.tar", self.probe)
        (work / "data").mkdir()
        (work / "data").chmod(0o755)

    def medperf(self, *arguments):
        given = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST") if name in os.environ}
        environment = {**given, "HOME": str(self.work), "MEDPERF_HOME": str(self.workspace)}
        return subprocess.run([PROGRAMS / "medperf", *arguments, "--json", "--no-input"], env=environment, cwd=self.work,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=900)

    def config(self, command, text=CONFIG):
        path = self.work / "config.yaml"
        path.write_text(text % command if "%s" in text else text)
        return path

    def run(self, command):
        return self.medperf("container", "run", "--config", self.config(command), "--archive", self.work / "image.tar", "--task", "infer",
                            "--mount", f"data_path={self.work / 'data'}", f"output_path={self.work / 'out'}", "--log", self.work / "log")

    def check_of(self, config, archive="image.tar"):
        return self.medperf("container", "check", "--config", config, "--archive", self.work / archive)


def cases(author):
    good = author.check_of(author.config("[report]"))
    check("a good container passes its check", good.returncode == 0, good.stdout + good.stderr)
    check("the check is JSON", json.loads(good.stdout)["good"], good.stdout)
    report = json.loads(good.stdout)["report"]
    check("its report names what is mounted", [m["label"] for m in report["tasks"][0]["mounts"]] == ["data_path", "output_path"], good.stdout)
    page = author.medperf("container", "check", "--config", author.config("[report]"), "--archive", author.work / "image.tar",
                          "--html", author.work / "report.html")
    text = (author.work / "report.html").read_text() if page.returncode == 0 else ""
    check("the page holds every finding, the image's digest and no script", report["image"] in text and "<script" not in text and
          report["findings"] and all(f["check"] in text for f in report["findings"]), page.stdout + page.stderr)
    bad = author.check_of(author.config("[report]", CONFIG.replace("data_path", "labels")))
    check("a model that asks for labels does not pass", bad.returncode != 0 and "labels" in bad.stdout, bad.stdout + bad.stderr)
    make_archive(author.work / "secret.tar", author.probe, [("root/.ssh/id_rsa", b"x", 0o600)])
    secret = author.check_of(author.config("[report]"), "secret.tar")
    check("an image with a key file is refused", secret.returncode != 0 and "id_rsa" in secret.stdout, secret.stdout + secret.stderr)

    ran = author.run("[report]")
    check("a task runs", ran.returncode == 0, ran.stdout + ran.stderr)
    log = (author.work / "log").read_text() if (author.work / "log").exists() else ""
    report = json.loads(log.strip().splitlines()[-1]) if "{" in log else {}
    check("behind the walls", report.get("root") == "EROFS" and report.get("input") == "EROFS" and
          report.get("connect") == "ENETUNREACH" and report.get("uid", 0) != 0, log)
    code = author.run("[exit, '7']")
    check("a failure tells its exit code", code.returncode != 0 and "exit code 7" in code.stdout + code.stderr, code.stdout + code.stderr)
    slow = author.run("[sleep, '60']")
    check("the site's time limit holds", slow.returncode != 0 and "longer" in slow.stdout + slow.stderr, slow.stdout + slow.stderr)
    missing = author.medperf("container", "run", "--config", author.config("[report]"), "--archive", author.work / "image.tar",
                             "--task", "infer", "--mount", f"data_path={author.work / 'data'}")
    check("a label without a path is named", missing.returncode != 0 and "output_path" in missing.stdout + missing.stderr,
          missing.stdout + missing.stderr)


def main():
    if os.geteuid() != 0 or shutil.which("podman") is None:
        print("skipped: needs root and podman\n0 passed, 0 failed")
        return 0
    work = pathlib.Path(tempfile.mkdtemp(prefix="medperf-author-", dir="/var/tmp"))
    work.chmod(0o755)
    try:
        cases(Author(work))
    finally:
        subprocess.run(["sh", "-c", f"grep -o '{work}/[^ ]*' /proc/self/mounts | sort -r | xargs -r umount"], check=False)
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
