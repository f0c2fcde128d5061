#!/usr/bin/env python3
"""Models given as files and a benchmark whose evaluation is a script, from registration to result, on a real hub and a real engine.

The group registers preparation, script and reference model by the command line, the vendor a model of its own, the hospital evaluates both.
Then signatures, an archive that came by hand, a script in two steps whose cases are shared out, and what can be cleaned away.
Every container is the shell alone. What a model scores is counted here again.

BUILD (default build/release) holds the programs. Needs root, podman, openssl. Leaves nothing behind."""
import io, json, os, pathlib, secrets, shutil, subprocess, sys, tarfile, threading

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import small_study, tally
from patience import wait_for
from small_study import volume

PROGRAMS = pathlib.Path(os.environ.get("BUILD", TOP / "build/release")).resolve() / "src/apps"
NAME = "script-" + secrets.token_hex(6)  # tells the processes of this test from others'
PREPARE = """copy() { while IFS= read -r line; do echo "$line"; done < "$1" > "$2"; }
case $1 in
prepare) copy /v/raw/cases.csv /v/data/cases.csv; copy /v/raw_labels/labels.csv /v/labels/labels.csv ;;
statistics) echo 'cases: 9' > /v/statistics.yaml ;;
esac
"""
# A case is positive from the model's threshold on. A held one waits until somebody takes its file away.
SCRIPT = """read -r threshold < /v/model/deep/threshold
if [ -e /v/model/hang ]; then while :; do :; done; fi
if [ -e /v/model/held ]; then
  echo held > /v/results/held
  while [ -e /v/results/held ]; do :; done
fi
exec 3< /v/labels/labels.csv
n=0 good=0
while IFS=, read -r id value; do
  IFS=, read -r same label <&3
  [ "$id" != case_id ] || continue
  n=$((n+1)) said=0
  [ "$value" -lt "$threshold" ] || said=1
  [ "$said" != "$label" ] || good=$((good+1))
done < /v/data/cases.csv
printf 'n: %d\\naccuracy: 0.%03d\\n' $n $((good * 1000 / n)) > /v/results/results.yaml
echo "on-prem=$MEDPERF_ON_PREM"
"""
# The same in two steps: neither half sees what the other has.
STEPS = """copy_rows() {
  while IFS=, read -r id value; do
    [ "$id" = case_id ] || { said=0; [ "$value" -lt "$threshold" ] || said=1; echo "$id,$said"; }
  done < /v/data/cases.csv
}
case $1 in
infer)
  [ ! -e /v/labels ] || exit 3
  read -r threshold < /v/model/deep/threshold
  { echo case_id,said; copy_rows; } > /v/predictions/predictions.csv ;;
evaluate)
  [ ! -e /v/model ] && [ ! -e /v/data ] || exit 4
  exec 3< /v/labels/labels.csv
  n=0 good=0
  while IFS=, read -r id said; do
    IFS=, read -r same label <&3
    [ "$id" != case_id ] || continue
    [ "$id" = "$same" ] || exit 5
    n=$((n+1))
    [ "$said" != "$label" ] || good=$((good+1))
  done < /v/predictions/predictions.csv
  printf 'n: %d\\naccuracy: 0.%03d\\n' $n $((good * 1000 / n)) > /v/results/results.yaml ;;
esac
"""
SCHEMA = {"$schema": "http://json-schema.org/draft-07/schema#", "x-medperf": {"format": "medperf/result-schema/v1"}, "type": "object",
          "additionalProperties": False, "required": ["n", "accuracy"], "properties": {
              "n": {"type": "integer", "minimum": 0, "maximum": 1000, "x-medperf": {"metric": "case-count", "direction": "none", "unit": "cases"}},
              "accuracy": {"type": "number", "minimum": 0, "maximum": 1,
                           "x-medperf": {"metric": "accuracy", "direction": "higher", "unit": "1", "digits": 3}}}}
SPECIFICATION = {"medperf": "medperf/benchmark/v1", "name": "threshold", "description": "Counts what a threshold gets right.",
                 "clinical_question": "q", "population": "p", "labelling": "l", "metrics": "m", "limits": {"run_script": {"seconds": 600}},
                 "files": {"result_schema": "result-schema.json", "release_policy": "release-policy.yaml"},
                 "cases": {"split": {"tables": ["cases.csv"]}, "merge": {"tables": ["predictions.csv"]}}}
counted = tally.Tally()
check = counted.case


SCRIPT_CONFIG = {"container_type": "DockerArchive", "image": "x", "tasks": {"run_script": {
    "input_volumes": {"data_path": volume("data"), "labels_path": volume("labels"), "model_files": volume("model")},
    "output_volumes": {"results_path": volume("results")}}}}


STEPS_CONFIG = {"container_type": "DockerArchive", "image": "x", "tasks": {
    "infer": {"run_args": {"command": ["infer"]}, "input_volumes": {"data_path": volume("data"), "model_files": volume("model")},
              "output_volumes": {"output_path": volume("predictions")}},
    "evaluate": {"run_args": {"command": ["evaluate"]}, "input_volumes": {"predictions": volume("predictions"), "labels": volume("labels")},
                 "output_volumes": {"output_path": volume("results/results.yaml", "file")}}}}


def cases(seed, count):
    """Cases with a value each, and labels of which a threshold gets some wrong."""
    values = [(seed * 7919 + i * 104729) % 100 for i in range(count)]
    return [(f"case-{i}", value, int(value >= 50) ^ (i % 4 == 0)) for i, value in enumerate(values)]


def expected(rows, threshold):
    good = sum(int(value >= threshold) == label for _, value, label in rows)
    return {"n": len(rows), "accuracy": good * 1000 // len(rows) / 1000}


def write_raw(folder, rows):
    for part, name, text in (("data", "cases.csv", "case_id,value\n" + "".join(f"{i},{v}\n" for i, v, _ in rows)),
                             ("labels", "labels.csv", "case_id,label\n" + "".join(f"{i},{l}\n" for i, _, l in rows))):
        (folder / part).mkdir(parents=True)
        (folder / part / name).write_text(text)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder


class Study(small_study.Study):
    def _set_up(self):
        self.tokens = {name: self.hub.sign_in(name, small_study.PASSWORD) for name in ("admin", "group", "vendor", "hospital")}
        self.files = os.path.join(self.folder, "served")
        os.makedirs(self.files)
        self.server = small_study.FileServer(self.files, self.hub.cert, self.hub.key)

    def submit_container(self, workspace, name, config, script):
        archive = os.path.join(self.files, name + ".tar")
        small_study.write_script_image(archive, NAME + ".sh", script)
        file = pathlib.Path(workspace) / (name + ".yaml")
        file.write_text(json.dumps(config))
        self.run(workspace, "container", "submit", "--yes", "--name", name, "--config", file, "--archive", archive, "--image-url",
                 self.server.url + name + ".tar", "--operational")
        return self.number(workspace, "container", name)

    def number(self, workspace, kind, name):
        return next(row["id"] for row in self.answer(workspace, kind, "ls", "--mine") if row["name"] == name)

    def submit_files(self, workspace, name, threshold, *more, served=True):
        """A signed model that is a file, and perhaps other files that change what the script does."""
        archive = os.path.join(self.files, name + ".tar.gz")
        with tarfile.open(archive, "w:gz") as tar:
            for path, text in (("deep/threshold", f"{threshold}\n"), *((extra, "x") for extra in more)):
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(text), 0o600
                tar.addfile(entry, io.BytesIO(text.encode()))
        signature = os.path.join(workspace, name + ".sig.json")
        self.publisher_key = self.answer(workspace, "asset", "sign", "--files", archive, "--out", signature)["ed25519"]
        where = ["--files-url", self.server.url + name + ".tar.gz"] if served else []
        done = self.run(workspace, "model", "submit_files", "--yes", "--name", name, "--files", archive, *where, "--signature", signature,
                        "--operational")
        return self.number(workspace, "model", name), archive, done

    def answer(self, workspace, *words, **options):
        return json.loads(self.run(workspace, *words, "--json", **options).stdout)

    def results(self):
        return {row["model"]: row for row in self.must("hospital", "GET", "me/results/", None, 200)["results"]}

    def runs(self, site):
        """Task and model of every container run that the site's log tells."""
        lines = [json.loads(line) for line in (pathlib.Path(site) / "log/audit.log").read_text().splitlines()]
        return [(body["task"], body["subject"]) for line in lines if line.get("kind") == "run" for body in [line.get("body", line)]]


def submit_benchmark(study, group, name, evaluator):
    spec = pathlib.Path(group) / ("spec-" + name)
    spec.mkdir()
    (spec / "benchmark.yaml").write_text(json.dumps({**SPECIFICATION, "name": name}))
    (spec / "result-schema.json").write_text(json.dumps(SCHEMA))
    (spec / "release-policy.yaml").write_text(json.dumps({"medperf": "medperf/release/v1"}))
    study.run(group, "benchmark", "submit", "--yes", "--spec", spec / "benchmark.yaml", "--data-preparation-mlcube", study.preparation,
              "--reference-model", study.reference, "--evaluator-mlcube", evaluator, "--demo-archive",
              os.path.join(study.files, "demo.tar.gz"), "--demo-url", study.server.url + "demo.tar.gz", "--operational")
    study.benchmark = study.number(group, "benchmark", name)
    study.must("admin", "PUT", "benchmarks/%d/" % study.benchmark, {"approval_status": "APPROVED"}, 200)
    metadata = study.must("group", "GET", "benchmarks/%d/" % study.benchmark, None, 200)["metadata"]
    check(f"{name}: the reference model's demo results are right", metadata["results"] == expected(study.demo_cases, 50), metadata["results"])
    check(f"{name}: and what it took is registered", metadata["medperf"]["demo_run"]["cases"] == len(study.demo_cases), metadata["medperf"].keys())


def register(study):
    """The group's part: the reference model is tested on the demo data by the script."""
    group = study.group = study.new_workspace("group", user="group")
    study.preparation = study.submit_container(group, "preparation", small_study.script_preparation_config(), PREPARE)
    script = study.submit_container(group, "script", SCRIPT_CONFIG, SCRIPT)
    checked = study.answer(group, "container", "check", "--config", pathlib.Path(group) / "script.yaml", "--archive",
                           os.path.join(study.files, "script.tar"))
    check("a script passes the check without a reserve", checked["good"] and not checked.get("problems"), checked)
    study.reference, _, _ = study.submit_files(group, "reference", 50)
    again = study.submit_files(group, "reference", 50)
    check("the same files are registered once", "already" in again[2].stdout + again[2].stderr, again[2])
    demo = write_raw(pathlib.Path(study.folder) / "demo", study.demo_cases)
    (demo / "paths.yaml").write_text("data_path: data\nlabels_path: labels\n")
    archive = os.path.join(study.files, "demo.tar.gz")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(demo, ".")
    submit_benchmark(study, group, "threshold", script)


def join(study, vendor, name, threshold, *more):
    model, archive, _ = study.submit_files(vendor, name, threshold, *more)
    study.run(vendor, "model", "associate", "--yes", "-m", model, "-b", study.benchmark)
    study.must("group", "PUT", "models/%d/benchmarks/%d/" % (model, study.benchmark), {"approval_status": "APPROVED"}, 200)
    return model, archive


def let_join_untested(study, vendor, name, threshold, *more, served=True):
    """One that would not pass the test on the demo data, or not in time."""
    model, archive, _ = study.submit_files(vendor, name, threshold, *more, served=served)
    study.must("vendor", "POST", "models/benchmarks/", {"model": model, "benchmark": study.benchmark, "approval_status": "PENDING",
                                                        "metadata": {}}, 201)
    study.must("group", "PUT", "models/%d/benchmarks/%d/" % (model, study.benchmark), {"approval_status": "APPROVED"}, 200)
    return model, archive


def hospital(study):
    site = study.new_workspace("site")
    policy = pathlib.Path(site) / "policy.yaml"
    document = json.loads(policy.read_text())
    document["run"] = {"approval": "ask", "allowed_publishers": []}  # so that every question is asked, and kept
    document["limits"]["wall_seconds"] = 600
    policy.write_text(json.dumps(document))
    raw = write_raw(pathlib.Path(study.folder) / "raw", study.own_cases)
    study.run(site, "dataset", "submit", "--yes", "-b", study.benchmark, "--data-path", raw / "data", "--labels-path", raw / "labels",
              "--name", "own", "--description", "d", "--location", "l")
    study.dataset = study.answer(site, "dataset", "ls", "--mine")[0]["id"]
    study.join(site)
    return site


def evaluate(study, site, *more, expect=(0,)):
    return study.run(site, "benchmark", "run", "--yes", "-b", study.benchmark, "-d", study.dataset, "--json", *more, expect=expect)


def question_about(site, title):
    texts = [file.read_text() for file in (pathlib.Path(site) / "reviews").glob("*.txt")]
    return next((text for text in texts if text.startswith(title)), "(none)")


def whole_way(study, site, candidate):
    ran = evaluate(study, site)
    results = study.results()
    for model, threshold in ((study.reference, 50), (candidate, 30)):
        row = results[model]
        check(f"model {model}: what the hub holds is right", row["finalized"] and row["results"]["results"] == expected(study.own_cases, threshold),
              (row, ran.stdout))
        folder = pathlib.Path(study.run_folder(site, model))
        check(f"model {model}: the script knew that it was on the premises", "on-prem=1" in (folder / "logs/script.log").read_text())
    asked = question_about(site, "model files")
    claimed = [text for text in [question_about(site, f"model files {study.asset_of(candidate)} ")] if "by the word of the model's owner" in text]
    check("before it ran here its owner's figures are shown as a claim", claimed and f"for {len(study.own_cases)} cases" in claimed[0], asked)
    before = study.runs(site)
    evaluate(study, site)
    check("a second command runs nothing", study.runs(site) == before, study.runs(site)[len(before):])


def struck(study, site, vendor):
    """kill -9 of the client while the script runs: nothing runs on, nothing half counts, the next command ends it."""
    model, _ = let_join_untested(study, vendor, "held", 70, "held")
    before = len(study.runs(site))
    process = subprocess.Popen(study.command(site, "benchmark", "run", "--yes", "-b", study.benchmark, "-d", study.dataset, "-m", model),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=study.environment())
    folder = pathlib.Path(study.run_folder(site, model))
    held = wait_for(lambda: process.poll() is not None or list(folder.glob("evaluation.part*/results/held")))
    running = script_processes()
    hit = bool(held) and bool(running) and process.poll() is None
    process.kill()
    process.wait()
    check("the client was killed while the script ran", hit and not study.results().get(model, {}).get("finalized"), (held, running))
    over = threading.Event()
    letting_go = threading.Thread(target=let_go, args=(folder, over))
    letting_go.start()
    try:
        evaluate(study, site, "-m", str(model))
    finally:
        over.set()
        letting_go.join()
    check("nothing of it runs on", wait_for(lambda: not script_processes()), script_processes())
    row = study.results()[model]
    check("the next command sends the right result", row["results"].get("results") == expected(study.own_cases, 70), row)
    check("it ran this model alone", [task for task, _ in study.runs(site)[before:]] == ["run_script"], study.runs(site)[before:])


def let_go(folder, over):
    """Whatever is held in a run's folder ends, until all is over."""
    while not over.wait(0.02):
        for file in folder.glob("evaluation.part*/results/held"):
            file.unlink(missing_ok=True)


def script_processes():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = pathlib.Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
            state = pathlib.Path("/proc", pid, "stat").read_text().rpartition(") ")[2][0]
        except OSError:
            continue
        if state != "Z" and words[:2] == [b"/bin/sh", b"/" + NAME.encode() + b".sh"]:
            found.append(int(pid))
    return found


def refused(study, site, vendor):
    """Files that are no longer the registered ones, and a script that does not end: each spares the rest and is said."""
    changed, archive = let_join_untested(study, vendor, "changed", 40)
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("deep/threshold"))
    policy = pathlib.Path(site) / "policy.yaml"
    kept = policy.read_text()
    hanging, _ = let_join_untested(study, vendor, "hanging", 40, "hang")
    document = json.loads(kept)
    document["limits"]["wall_seconds"] = 3
    policy.write_text(json.dumps(document))
    runs = {row["model"]: row for row in json.loads(evaluate(study, site, expect=range(1, 70)).stdout)["runs"]}
    policy.write_text(kept)
    check("changed files are refused", runs[changed]["state"] == "refused" and "not the registered one" in runs[changed]["reason"], runs[changed])
    check("a script that does not end is ended", runs[hanging]["state"] == "failed" and "longer than" in runs[hanging]["reason"], runs[hanging])
    check("neither has a result", not any(study.results().get(model, {}).get("finalized") for model in (changed, hanging)))


def change_policy(site, change):
    policy = pathlib.Path(site) / "policy.yaml"
    document = json.loads(policy.read_text())
    change(document)
    policy.write_text(json.dumps(document))


def signed(study, site, candidate):
    """A policy that wants signatures: the vendor's files count by its key alone."""
    asset = study.asset_of(candidate)
    listed = {row["id"]: row for row in study.answer(site, "asset", "ls")}
    check("files are listed and shown", asset in listed and study.answer(site, "asset", "view", asset)["name"] == listed[asset]["name"], listed)
    owner = study.must("vendor", "GET", "me/", None, 200)["id"]
    change_policy(site, lambda policy: policy["images"].update(require_signature=True))
    words = ("asset", "verify", asset, "--json")
    refused = json.loads(study.run(site, *words, expect=range(1, 70)).stdout)
    check("without its key in the policy a publisher's files are refused", [v["good"] for v in refused["verdicts"]] == [True, False], refused)
    change_policy(site, lambda policy: policy["images"].update(publisher_keys=[{"user": owner, "ed25519": study.publisher_key}]))
    verified = json.loads(study.run(site, *words).stdout)
    check("with it they are verified", verified["good"] and "publisher's key" in verified["verdicts"][1]["text"], verified)
    change_policy(site, lambda policy: policy["images"].update(require_signature=False))


def brought(study, site, vendor):
    """Files that nobody serves come on a stick."""
    model, archive = let_join_untested(study, vendor, "unserved", 60, served=False)
    before = json.loads(evaluate(study, site, "-m", model, expect=range(1, 70)).stdout)["runs"][0]
    check("it is said how they come in", "asset verify" in before["reason"], before)
    taken = study.answer(site, "asset", "verify", study.asset_of(model), "--archive", archive)
    check("they are taken in", taken["good"], taken)
    evaluate(study, site, "-m", model, "--again")
    row = study.results()[model]
    check("and evaluated", row["results"].get("results") == expected(study.own_cases, 60), row)
    return model


def cleaned(study, site, unserved):
    """What came by hand stays; the rest can be fetched again, and is."""
    kept = study.must("vendor", "GET", "models/%d/" % unserved, None, 200)["asset"]["asset_hash"]
    things = [pathlib.Path(thing["path"]).name for thing in study.answer(site, "storage", "clean", "--remove")["things"]]
    models = pathlib.Path(site) / "models"
    left = [file.name for file in models.iterdir()]
    check("models' files are removed, but not what came by hand", kept in things and left == [kept + ".tar.gz"], (things, left))


def in_steps(study, site):
    """The same models by a script in two steps, their cases shared out."""
    steps = study.submit_container(study.group, "steps", STEPS_CONFIG, STEPS)
    checked = study.answer(study.group, "container", "check", "--config", pathlib.Path(study.group) / "steps.yaml", "--archive",
                           os.path.join(study.files, "steps.tar"))
    check("a script in two steps passes the check", checked["good"] and not checked.get("problems"), checked)
    submit_benchmark(study, study.group, "in-steps", steps)
    study.join(site)
    before = len(study.runs(site))
    change_policy(site, lambda policy: policy["limits"].update(wall_seconds=599))  # what joining ran does not count under another policy
    evaluate(study, site, "--shards", 3, "-m", study.reference)
    ran = sorted(task for task, _ in study.runs(site)[before:])
    check("its cases are shared out", ran == ["evaluate", "infer", "infer", "infer"], ran)
    row = [row for row in study.must("hospital", "GET", "me/results/", None, 200)["results"] if row["benchmark"] == study.benchmark]
    check("and the result is right", row and row[0]["results"].get("results") == expected(study.own_cases, 50), row)


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, ("podman", "openssl"))):
        print("skipped: needs root, podman and openssl\n0 passed, 0 failed")
        return 0
    with Study(str(PROGRAMS), models=0) as study:
        study.demo_cases, study.own_cases = cases(1, 8), cases(5, 24)
        study.asset_of = lambda model: study.must("hospital", "GET", "models/%d/" % model, None, 200)["asset"]["id"]
        register(study)
        vendor = study.new_workspace("vendor", user="vendor")
        candidate, _ = join(study, vendor, "candidate", 30)
        site = hospital(study)
        whole_way(study, site, candidate)
        struck(study, site, vendor)
        refused(study, site, vendor)
        signed(study, site, candidate)
        unserved = brought(study, site, vendor)
        in_steps(study, site)
        cleaned(study, site, unserved)
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
