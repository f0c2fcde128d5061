#!/usr/bin/env python3
"""The container contract against a real hub and a real engine: a model started from its benchmark, a preparation that
reports its progress and leaves manual work, what a person wants of a run, and a container verified without running it.

BUILD (default build/release) holds the programs. Needs root, podman, cmake and a C++ compiler. Leaves nothing behind."""
import hashlib, json, os, pathlib, shutil, subprocess, sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import small_study  # noqa: E402

PROGRAMS = pathlib.Path(os.environ.get("BUILD", TOP / "build/release")).resolve() / "src/apps"
passed = failed = 0

# Of a container of the shell alone, without programs: what it does are its builtins.
PREPARE = """case $1 in
prepare)
  echo case_id > /v/data/cases.csv
  echo meta > /v/metadata/kept
  if [ -e /v/data/done ]; then s=3 n=DONE; else s=1 n=drawn; fi
  echo "status: {'John Doe': $s, b: 3}" > /v/report.yaml
  echo "status_name: {'John Doe': $n, b: DONE}" >> /v/report.yaml
  i=0; while [ $i -lt 1500000 ]; do i=$((i+1)); done
  echo "level=$MEDPERF_LOGLEVEL" ;;
sanity_check) [ -e /v/metadata/kept ] && [ -e /v/data/done ] || { echo 'a drawing is missing'; exit 1; } ;;
statistics) echo 'cases: 2' > /v/statistics.yaml ;;
esac
"""


def check(what, good, seen=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED: {what}: {seen}")


def volume(path, kind="directory"):
    return {"mount_path": "/v/" + path, "type": kind}


def preparator_config():
    prepared = {"data_path": volume("data"), "labels_path": volume("labels"), "metadata_path": volume("metadata")}
    return {"container_type": "DockerArchive", "image": "x", "tasks": {
        "prepare": {"run_args": {"command": ["prepare"]},
                    "input_volumes": {"data_path": volume("raw"), "labels_path": volume("raw_labels")},
                    "output_volumes": {"output_path": volume("data"), "output_labels_path": volume("labels"),
                                       "metadata_path": volume("metadata"), "report_file": volume("report.yaml", "file")}},
        "sanity_check": {"run_args": {"command": ["sanity_check"]}, "input_volumes": prepared},
        "statistics": {"run_args": {"command": ["statistics"]}, "input_volumes": prepared,
                       "output_volumes": {"output_path": volume("statistics.yaml", "file")}}}}


class Study(small_study.Study):
    """Its benchmark has demo data and names the source of its reference model."""

    def demo(self):
        return self.served(self.demo_archive())

    def specification(self):
        archive = os.path.join(self.folder, "source.tar.gz")
        subprocess.run([TOP / "benchmarks/chest-xray/models/source.py", archive], check=True)
        url, digest = self.served(archive)
        return {**super().specification(), "source": {"url": url, "hash": digest}}

    def shell_image(self, name, script):
        archive = os.path.join(self.files, name + ".tar")
        return archive, small_study.write_script_image(archive, "script.sh", script)

    def answer(self, workspace, *words, expect=(0,)):
        return self.run(workspace, *words, "--json", expect=expect)


def new_model(study):
    """The reference source, fetched, built alone, checked and run on the demo data: the reference's own predictions."""
    vendor = study.new_workspace("vendor-home", user="vendor")
    folder = pathlib.Path(study.folder) / "my-model"
    made = json.loads(study.answer(vendor, "model", "new", "--from", study.benchmark, "--output", folder, "--yes").stdout)
    check("the folder is made of the source", made["from_source"] and (folder / "src/main.cpp").is_file(), made)
    check("the demo data is prepared", made["prepared_demo"] and (folder / "demo/data/cases.csv").is_file(), made)
    check("the next steps are written", "container run" in (folder / "NEXT-STEPS.md").read_text())
    again = study.run(vendor, "model", "new", "--from", study.benchmark, "--output", folder, "--yes", expect=range(1, 70))
    check("a folder is not written over", again.returncode == 6, again.returncode)
    subprocess.run("cmake -B build > /dev/null && cmake --build build", shell=True, cwd=folder, check=True, timeout=900,
                   stdout=subprocess.DEVNULL)
    image = folder / "image.tar"
    program = (folder / "build/cxr_lr_pixel").read_bytes()
    small_study.write_image(image, {"model": (program, 0o755), "weights": ((folder / "weights.csv").read_bytes(), 0o644)}, ["/model"])
    own = ["--config", folder / "container_config.yaml", "--archive", image]
    good = json.loads(study.answer(vendor, "container", "check", *own).stdout)
    check("what was built passes the check", good["good"], good)
    study.run(vendor, "container", "run", *own, "--task", "infer", "--log", folder / "log", "--mount",
              f"data_path={folder / 'demo/data'}", f"output_path={folder / 'predictions'}")
    rows = (folder / "predictions/predictions.csv").read_text().splitlines()
    cases = (folder / "demo/data/cases.csv").read_text().splitlines()
    check("it predicts every case of the demo data", len(rows) == len(cases) and rows[0] == "case_id,score", rows[:2])
    return vendor, own


def verify(study, vendor, own):
    """Without running: the registered one, a copy of it, a changed copy, one of the author's own."""
    container = study.must("vendor", "GET", "models/%d/" % study.models[0], None, 200)["container"]
    number = container["id"] if isinstance(container, dict) else container
    good = json.loads(study.answer(vendor, "container", "verify", number).stdout)
    check("a registered container is verified", good["good"] and good["archive"].startswith("sha256:"), good)
    changed = pathlib.Path(study.folder) / "changed.tar"
    changed.write_bytes((pathlib.Path(study.files) / "reference.tar").read_bytes() + b"\0")
    bad = study.answer(vendor, "container", "verify", number, "--archive", changed, expect=(11,))
    check("another archive is not it", not json.loads(bad.stdout)["good"], bad.stdout)
    digest = hashlib.sha256(pathlib.Path(own[3]).read_bytes()).hexdigest()
    mine = study.answer(vendor, "container", "verify", *own, "--image-hash", digest)
    check("an archive that lies here is verified", json.loads(mine.stdout)["good"], mine.stdout)
    other = study.answer(vendor, "container", "verify", *own, "--image-hash", "a" * 64, expect=(11,))
    check("with another digest it is not", not json.loads(other.stdout)["good"], other.stdout)


def wishes(study, vendor, own):
    """What a person wants of a run wins, within the policy."""
    run = ["container", "run", *own, "--task", "infer", "--mount", f"data_path={study.folder}/my-model/demo/data",
           f"output_path={study.folder}/wished", "--log", f"{study.folder}/wished.log"]
    study.run(vendor, *run, "--shm-size", "64m", "--gpus", "0", "--container-loglevel", "debug")
    check("a wish that is none is refused", study.run(vendor, *run, "--gpus", "some", expect=range(1, 70)).returncode == 2)
    check("a size that is none is refused", study.run(vendor, *run, "--shm-size", "large", expect=range(1, 70)).returncode == 2)
    policy = pathlib.Path(vendor) / "policy.yaml"
    kept = policy.read_text()
    document = json.loads(kept)
    document["limits"].update(gpus=0, shm_mib=32)
    policy.write_text(json.dumps(document))
    for words in (["--gpus", "1"], ["--shm-size", "64m"]):
        check("the policy wins over " + words[0], study.run(vendor, *run, *words, expect=range(1, 70)).returncode == 12)
        seen = study.answer(vendor, "container", "check", *own, *words, expect=(12,))
        check("and the check says so", "limits." in json.loads(seen.stdout)["report"]["refusal"], seen.stdout)
    policy.write_text(kept)


def preparation(study):
    """Manual work left is exit 1; what is told leaves with consent alone, and is the share by status alone."""
    archive, image = study.shell_image("reporting", PREPARE)
    preparator = study.must("group", "POST", "mlcubes/", study._container("reporting", preparator_config(), archive, image), 201)["id"]
    kept = study.must("group", "GET", "benchmarks/%d/" % study.benchmark, None, 200)
    body = {key: kept[key] for key in ("demo_dataset_tarball_url", "demo_dataset_tarball_hash", "demo_dataset_generated_uid",
                                       "reference_model", "data_evaluator_mlcube", "state", "metadata")}
    benchmark = study.must("group", "POST", "benchmarks/", {**body, "name": "manual", "data_preparation_mlcube": preparator}, 201)["id"]
    study.must("admin", "PUT", "benchmarks/%d/" % benchmark, {"approval_status": "APPROVED"}, 200)
    home = study.new_workspace("manual-home")
    raw = pathlib.Path(study.folder) / "manual-raw"
    for part in ("data", "labels"):
        (raw / part).mkdir(parents=True)
        (raw / part / "x").write_text(part)
    subprocess.run(["chmod", "-R", "a+rX", raw], check=True)
    study.run(home, "dataset", "submit", "--yes", "-b", benchmark, "--data-path", raw / "data", "--labels-path", raw / "labels",
              "--name", "manual", "--description", "d", "--location", "l")
    dataset = json.loads(study.run(home, "dataset", "ls", "--mine", "--json").stdout)[0]["id"]

    def report():
        return study.must("hospital", "GET", "datasets/%d/" % dataset, None, 200)["report"]
    prepare = ["dataset", "prepare", "--yes", "-d", dataset]
    first = study.run(home, *prepare, "--container-loglevel", "debug", expect=(1,))
    check("manual work left says so", "not ready yet" in first.stdout + first.stderr, first.stderr)
    check("nothing was told without consent, nor by --yes", not report(), report())
    log = pathlib.Path(home) / "datasets" / str(dataset) / "logs/prepare.log"
    check("the container was told the log level", "level=DEBUG" in log.read_text(), log.read_text())
    policy = pathlib.Path(home) / "policy.yaml"
    document = json.loads(policy.read_text())
    document["reports"] = {"preparation": "always"}
    policy.write_text(json.dumps(document))
    study.run(home, *prepare, expect=(1,))
    check("what the policy lets be told is the share by status", report() ==
          {"execution_status": "finished", "progress": {"Stage 1": "50.0%", "Stage 3": "50.0%"}}, report())
    check("no name of a case is among it", "Doe" not in json.dumps(report()))
    (pathlib.Path(home) / "datasets" / str(dataset) / "data/done").write_text("")
    ready = json.loads(study.run(home, *prepare, "--json").stdout)
    check("after the manual work it goes on to the end", ready["statistics"] == {"cases": 2}, ready)
    check("and its last report is told", report()["progress"] == {"Stage 3": "100.0%"}, report())


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, ("podman", "cmake", "c++"))):
        print("skipped: needs root, podman, cmake and a C++ compiler\n0 passed, 0 failed")
        return 0
    with Study(str(PROGRAMS), models=1) as study:
        vendor, own = new_model(study)
        verify(study, vendor, own)
        wishes(study, vendor, own)
        preparation(study)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
