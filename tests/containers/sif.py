#!/usr/bin/env python3
"""From registration to result on a machine without any container engine: the built-in runner alone, as root and as an ordinary user.

The benchmark's preparation, evaluation and reference model are docker-archives; two models join it as .sif files made by Debian's
siftool, one of them encrypted. Both hold the reference's program and weights, so they must predict what the reference predicts.
Every engine that this machine has is hidden in a mount namespace of the test's own.

BUILD (default build/release) holds the programs. Needs root, bubblewrap, siftool, squashfs-tools, gpg, openssl. Leaves nothing behind."""
import json, os, pathlib, pwd, shutil, subprocess, sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import real_hub, small_study, tally
from patience import wait_for

PROGRAMS = pathlib.Path(os.environ.get("BUILD", TOP / "build/release")).resolve() / "src/apps"
DELEGATE, GROUP = TOP / "scripts/cgroup-delegate.sh", "medperf-sif"
ENGINES = ("podman", "docker", "dockerd", "containerd", "runc", "crun", "apptainer", "singularity")
NEEDED = ("bwrap", "siftool", "mksquashfs", "unsquashfs", "gpg", "openssl")
counted = tally.Tally()
check = counted.case


def hide_engines(folder):
    """In this mount namespace no engine can be started. Returns what was hidden."""
    nothing = folder / "no-engine"
    nothing.touch(mode=0o644)
    places = {os.path.realpath(os.path.join(place, name)) for place in (*os.environ["PATH"].split(":"), "/usr/local/bin", "/usr/bin", "/bin",
              "/usr/sbin", "/sbin", "/usr/local/sbin") for name in ENGINES}
    hidden = [place for place in sorted(places) if os.path.isfile(place)]
    for place in hidden:
        subprocess.run(["mount", "--bind", nothing, place], check=True)
    return hidden


class Study(small_study.Study):
    """A benchmark of docker-archives. What is asked of a workspace `user-...` runs as an ordinary user."""

    user, cgroup = "", ""

    def _set_up(self):
        """The group registers everything by the command line, as people do."""
        self.hub.add_user("clinic", small_study.PASSWORD)
        self.tokens = {name: self.hub.sign_in(name, small_study.PASSWORD) for name in ("admin", "group", "vendor", "hospital", "clinic")}
        self.files = os.path.join(self.folder, "served")
        os.makedirs(self.files)
        self.server = small_study.FileServer(self.files, self.hub.cert, self.hub.key)
        hide_engines(pathlib.Path(self.folder))
        group = self.new_workspace("group", user="group")
        spec = pathlib.Path(small_study.BENCHMARK)
        archive, _ = self._image("preparation", "cxr_prepare")
        preparation = self.submit(group, "container", "preparation", spec / "preparation/container_config.yaml", archive, "--parameters",
                                  spec / "preparation/parameters.yaml")
        archive, _ = self._image("evaluation", "medperf_evaluate")
        evaluation = self.submit(group, "container", "evaluation", TOP / "benchmarks/standard/evaluation/container_config.yaml", archive,
                                 "--parameters", spec / "evaluation/parameters.yaml")
        weights = (spec / "models/lr-pixel/weights.csv").read_bytes()
        archive, _ = self._image("reference", "cxr_lr_pixel", {"weights": (weights, 0o644)})
        self.models = [self.submit(group, "model", "reference", spec / "models/lr-pixel/container_config.yaml", archive)]
        demo = self.demo_archive()
        url, _ = self.served(demo)
        self.run(group, "benchmark", "submit", "--yes", "--spec", spec / "benchmark.yaml", "--data-preparation-mlcube", preparation,
                 "--reference-model", self.models[0], "--evaluator-mlcube", evaluation, "--demo-archive", demo, "--demo-url", url, "--operational")
        self.benchmark = self.answer(group, "benchmark", "ls", "--mine")[0]["id"]
        self.must("admin", "PUT", "benchmarks/%d/" % self.benchmark, {"approval_status": "APPROVED"}, 200)

    def submit(self, workspace, kind, name, config, archive, *more):
        """A container or model of `workspace`, its archive served from now on: its number."""
        url, _ = self.served(archive) if os.path.dirname(archive) != self.files else (self.server.url + os.path.basename(archive), None)
        self.run(workspace, kind, "submit", "--yes", "--name", name, "--config", config, "--archive", archive, "--image-url", url,
                 "--operational", *more)
        return next(row["id"] for row in self.answer(workspace, kind, "ls", "--mine") if row["name"] == name)

    # Words of an ordinary user's workspace run as that user, in a control group that root has delegated.

    def of_user(self, workspace):
        return bool(self.user) and os.path.basename(workspace).startswith("user-")

    def command(self, workspace, *words):
        start = [DELEGATE, "exec", self.user, GROUP, "--"] if self.of_user(workspace) else []
        return [*map(str, start), *super().command(workspace, *words)]

    def run(self, workspace, *words, more=None, **options):
        if self.of_user(workspace):
            account = pwd.getpwnam(self.user)
            for base, folders, files in os.walk(workspace):  # what the test itself wrote there
                for name in (".", *folders, *files):
                    os.lchown(os.path.join(base, name), account.pw_uid, account.pw_gid)
            more = {"MEDPERF_ENGINE_CGROUP": self.cgroup, "MEDPERF_ENGINE": "builtin", "HOME": account.pw_dir, **(more or {})}
        return super().run(workspace, *words, more=more, **options)

    def answer(self, workspace, *words, **options):
        return json.loads(self.run(workspace, *words, "--json", **options).stdout)


def shell_root(root):
    """As an image builder leaves it: a shell, the environment, a run script that takes the arguments."""
    for folder in ("bin", "lib64", "lib/x86_64-linux-gnu", ".singularity.d/env"):
        (root / folder).mkdir(parents=True)
    shutil.copy("/usr/bin/dash", root / "bin/sh")
    shutil.copy("/lib64/ld-linux-x86-64.so.2", root / "lib64/ld-linux-x86-64.so.2")
    shutil.copy("/lib/x86_64-linux-gnu/libc.so.6", root / "lib/x86_64-linux-gnu/libc.so.6")
    (root / ".singularity.d/env/10-docker.sh").write_text("export MODEL=/program\n")
    script = root / ".singularity.d/runscript"
    script.write_text('#!/bin/sh\nexec "$MODEL" "$@"\n')
    script.chmod(0o755)


def make_sif(study, name, with_script):
    root = pathlib.Path(study.folder) / name
    root.mkdir()
    if with_script:
        shell_root(root)
    shutil.copy(small_study.find_program(study.programs, "cxr_lr_pixel"), root / "program")
    shutil.copy(os.path.join(small_study.BENCHMARK, "models/lr-pixel/weights.csv"), root / "weights")
    (root / "weights").chmod(0o644)
    squashed, sif, recipe = (pathlib.Path(study.folder) / (name + end) for end in (".squashfs", ".sif", ".def"))
    recipe.write_text("bootstrap: scratch\n")
    for words in (["mksquashfs", root, squashed, "-comp", "zstd", "-noappend", "-quiet", "-no-progress", "-all-root"], ["siftool", "new", sif],
                  ["siftool", "add", "--datatype", "1", "--groupid", "1", sif, recipe],
                  ["siftool", "add", "--datatype", "4", "--parttype", "2", "--partfs", "1", "--partarch", "2", "--groupid", "1", sif, squashed]):
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=300)
    return sif


def submit(study, vendor, name, kind, archive, run_args, *more):
    """A model registered by the command line: (model, container)."""
    config = pathlib.Path(vendor) / (name + ".yaml")
    document = study._yaml("models/lr-pixel/container_config.yaml")
    document.update(container_type=kind, image="later")
    document["tasks"]["infer"].update(run_args)
    config.write_text(json.dumps(document))
    model = study.submit(vendor, "model", name, config, archive, *more)
    container = study.must("vendor", "GET", "models/%d/" % model, None, 200)["container"]
    return model, container["id"] if isinstance(container, dict) else container


def join(study, vendor, model):
    study.run(vendor, "model", "associate", "--yes", "-m", model, "-b", study.benchmark)
    study.must("group", "PUT", "models/%d/benchmarks/%d/" % (model, study.benchmark), {"approval_status": "APPROVED"}, 200)
    study.models.append(model)


def vendor_registers(study):
    """Two .sif files, tested on the demo data and taken into the benchmark. Gives containers by name and the key's file."""
    vendor = study.new_workspace("vendor", user="vendor")
    sif = make_sif(study, "model-sif", True)
    model, plain = submit(study, vendor, "model-sif", "SingularityFile", sif, {})
    join(study, vendor, model)
    key, sealed = pathlib.Path(vendor) / "model.key", pathlib.Path(study.folder) / "model-sealed.sif.gpg"
    study.run(vendor, "container", "encrypt", "--archive", make_sif(study, "model-sealed", False), "--out", sealed, "--key", key)
    model, encrypted = submit(study, vendor, "model-sealed", "EncryptedSingularityFile", sealed,
                              {"run_args": {"entrypoint": "/program"}}, "--key", key)
    study.run(vendor, "container", "key", encrypted, "--key", key)
    join(study, vendor, model)
    return {"a .sif": plain, "an encrypted .sif": encrypted}, key


def data_of(study, name, without):
    """The demo data less one case, since a hub takes the same data once."""
    raw, own = pathlib.Path(study.raw_data()), pathlib.Path(study.folder) / ("raw-" + name)
    shutil.copytree(raw, own)
    (own / "images" / (without + ".png")).unlink()
    labels = own / "labels/labels.csv"
    labels.write_text("".join(line for line in labels.read_text().splitlines(True) if without not in line))
    subprocess.run(["chmod", "-R", "a+rX", own], check=True)
    return own


def hospital(study, name, account, containers, key, without):
    site = study.new_workspace(name, user=account)
    doctor = study.answer(site, "doctor", expect=range(70))
    check(f"{name}: the built-in runner is what there is", "builtin" in json.dumps(doctor), doctor)
    raw = data_of(study, name, without)
    study.run(site, "dataset", "submit", "--yes", "-b", study.benchmark, "--data-path", raw / "images", "--labels-path", raw / "labels",
              "--name", name, "--description", "test", "--location", "here")
    study.dataset = max(row["id"] for row in study.answer(site, "dataset", "ls", "--mine"))
    study.join(site)
    secret = key.read_text().strip()
    for what, container in containers.items():
        if what.startswith("an encrypted"):
            refused = study.run(site, "container", "report", container, expect=range(1, 70))
            check(f"{name}: {what} without its key is refused", "its key is not here" in refused.stdout + refused.stderr, refused)
            own_key = os.path.join(site, "given.key")
            with open(os.open(own_key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(secret)
            study.run(site, "container", "key", container, "--key", own_key)
        page = os.path.join(site, "report.html")
        report = study.answer(site, "container", "report", container, "--html", page)
        check(f"{name}: {what} has a report", report["image"].startswith("sha256:") and "sif" in json.dumps(report) and os.path.getsize(page) > 0,
              report)
        verified = study.answer(site, "container", "verify", container)
        check(f"{name}: {what} is verified without being run", verified["good"] and any(v["what"] == "key" for v in verified["verdicts"]) ==
              what.startswith("an encrypted"), verified)
    ran = study.run(site, "benchmark", "run", "--yes", "--no-input", "-b", study.benchmark, "-d", study.dataset, "--json", expect=range(70))
    outputs = [study.outputs(site, model) for model in study.models]
    check(f"{name}: every model has predictions and a result", all("predictions/predictions.csv" in o and "results.yaml" in o for o in outputs),
          (ran.stdout, ran.stderr))
    for what, output in zip(containers, outputs[1:]):
        check(f"{name}: {what} predicts what the reference does", output == outputs[0], (output, outputs[0]))
    there = study.must(account, "GET", "me/results/", None, 200)["results"]
    sent = {row["model"] for row in there if row["dataset"] == study.dataset and row["finalized"]}
    check(f"{name}: every result is on the hub", sent == set(study.models), (sent, ran.stdout[-1500:], ran.stderr[-500:]))
    left = small_study.left_running(site)
    check(f"{name}: nothing runs on", not left, left)


def in_memory():
    return list(pathlib.Path("/dev/shm").glob("medperf-memory-*"))


def cases(study):
    check("no engine can be started", not any(map(shutil.which, ENGINES)))
    containers, key = vendor_registers(study)
    hospital(study, "root-hospital", "hospital", containers, key, "DEMO0001")
    study.user = "medperf-sif-%d" % os.getpid()
    home = os.path.join(study.folder, "home")
    subprocess.run(["useradd", "--create-home", "--home-dir", home, study.user], check=True, stderr=subprocess.DEVNULL)
    try:
        study.cgroup = subprocess.run([DELEGATE, "add", study.user, GROUP], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        hospital(study, "user-hospital", "clinic", containers, key, "DEMO0002")
    finally:
        subprocess.run([DELEGATE, "remove", study.user, GROUP], stderr=subprocess.DEVNULL)
        subprocess.run(["userdel", study.user], stderr=subprocess.DEVNULL)
    check("nothing decrypted is left in memory", wait_for(lambda: not in_memory()), in_memory())


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, NEEDED)):
        print(f"skipped: needs root and {', '.join(NEEDED)}\n0 passed, 0 failed")
        return 0
    if "--inside" not in sys.argv:
        return subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, __file__, "--inside"]).returncode
    # Its own as well: beside this test, others run encrypted containers.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "medperf-sif", "/dev/shm"], check=True)
    with Study(str(PROGRAMS), models=1) as study:
        cases(study)
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
