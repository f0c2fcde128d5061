#!/usr/bin/env python3
"""Ten models on four shards each, on a real Slurm of three nodes: what comes out must be what one machine gives, byte
for byte, although a node dies on the way, the client is killed, or somebody presses Ctrl-C.

run.py [FOLDER]: the folder with medperf and medperf-hub. Root, podman, slurm-wlm, munge. About two minutes."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import real_hub  # noqa: E402
import small_study  # noqa: E402

MODELS, SHARDS, NODES = 10, 4, 3
HERE = os.path.dirname(os.path.abspath(__file__))
passed = failed = 0


def case(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%s %s%s" % ("ok  " if good else "FAIL", name, "" if good else ": %s" % (detail,)), flush=True)
    return good


def wait_for(question, seconds, pause=0.05):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = question()
        if answer:
            return answer
        time.sleep(pause)
    return None


class Cluster:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "slurm")
        self.environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
                            "SLURM_BASE_PORT": str(real_hub.free_port() // 20 * 10 + 10000), "SLURM_CPUS_PER_NODE": "1",
                            "SLURM_NODE_TIMEOUT": "10"}

    def __enter__(self):
        done = subprocess.run([HERE + "/cluster.sh", "start", self.folder, str(NODES)], env=self.environment,
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            self.__exit__()
            raise SystemExit("Slurm does not start: " + done.stderr)
        self.environment["SLURM_CONF"] = done.stdout.strip().split("\n")[-1]
        return self

    def __exit__(self, *_):
        subprocess.run([HERE + "/cluster.sh", "stop", self.folder], env=self.environment, timeout=120)

    def ask(self, *words):
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=30).stdout

    def queue(self):
        return [line for line in self.ask("squeue", "-h", "-r", "-o", "%i %T %N").split("\n") if line.strip()]

    def jobs(self):
        """Every task that Slurm knows, ended ones too."""
        text = self.ask("scontrol", "--oneliner", "show", "job")
        return [dict(word.split("=", 1) for word in line.split() if "=" in word)
                for line in text.split("\n") if line.strip()]

    def tasks_of(self, node):
        """Pids of what runs on a node, found by the environment that Slurm gives its tasks."""
        mark = ("SLURMD_NODENAME=%s" % node).encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as file:
                    if mark in file.read().split(b"\0"):
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def kill_node(self, node):
        """A power cut: slurmd, its stepds and every task at once."""
        with open("%s/run/slurmd-%s.pid" % (self.folder, node)) as file:
            victims = [int(file.read())]
        tasks = self.tasks_of(node)
        for pid in tasks:
            try:
                with open("/proc/%d/status" % pid) as file:
                    parent = int(file.read().split("PPid:")[1].split()[0])
                with open("/proc/%d/comm" % parent) as file:
                    if file.read().startswith("slurmstepd"):
                        victims.append(parent)
            except OSError:
                pass
        for pid in victims + tasks:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return len(tasks)

    def revive_node(self, node):
        subprocess.run(["slurmd", "-N", node], env=self.environment, timeout=30, check=True)
        return wait_for(lambda: node in self.ask("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split(), 30)


def copy_of(study, workspace, name, options):
    """A hospital at the same point with a configuration of its own: nothing ran yet."""
    folder = os.path.join(study.folder, name)
    # With owners and modes: what a container prepared belongs to its user.
    subprocess.run(["cp", "-a", workspace, folder], check=True, timeout=60)
    for name in ("podman", "leases", "engine"):
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    with open(os.path.join(folder, "config.yaml")) as file:
        config = json.load(file)
    config.update(options)
    with open(os.path.join(folder, "config.yaml"), "w") as file:
        json.dump(config, file)
    return folder


def slurm_options(study, name):
    return {"scheduler": {"kind": "slurm", "shards": SHARDS, "slurm": {
        "partition": "main", "node_storage": os.path.join(study.folder, "nodes-" + name), "spare_seconds": 600}}}


def start(study, cluster, workspace, log, *more):
    """A client that answers nothing: it stops where a person must approve what is sent."""
    with open(log, "ab") as out:
        return subprocess.Popen(
            study.command(workspace, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, *more),
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
            env=study.environment({"SLURM_CONF": cluster.environment["SLURM_CONF"]}))


def outcomes(workspace):
    """Finished inference runs so far, from the journals."""
    count = 0
    folder = os.path.join(workspace, "journal")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as file:
            count += sum('"step":"infer-shard"' in line for line in file)
    return count


def text_of(path):
    with open(path, errors="replace") as file:
        return file.read()


def all_outputs(study, workspace):
    return {model: study.outputs(workspace, model) for model in study.models}


def node_dies(study, cluster, base, expected):
    workspace = copy_of(study, base, "slurm-node", slurm_options(study, "a"))
    log = os.path.join(study.folder, "slurm-node.log")
    client = start(study, cluster, workspace, log)
    # Struck while it works, when some outcomes are there and many are not.
    struck = wait_for(lambda: outcomes(workspace) >= 5 and cluster.tasks_of("n2"), 120, 0.01)
    tasks = cluster.kill_node("n2")
    at = outcomes(workspace)
    case("node n2 is killed while its tasks run", struck and tasks > 0 and at < MODELS * SHARDS, (struck, tasks, at))
    code = client.wait(300)
    case("the run ends where a person is needed", code == 20, (code, text_of(log)[-3000:]))
    jobs = cluster.jobs()
    case("what ran on the dead node was queued again", any(job.get("Restarts", "0") != "0" for job in jobs),
         [(job["JobId"], job["JobState"]) for job in jobs][:5])
    case("no task ran on the dead node afterwards", not cluster.tasks_of("n2"))
    case("results and predictions are those of one machine", all_outputs(study, workspace) == expected,
         {m: (o, expected[m]) for m, o in all_outputs(study, workspace).items() if o != expected[m]})
    case("each shard is noted once", outcomes(workspace) == MODELS * SHARDS, outcomes(workspace))
    left = [name for folder in ("jobs", "batches") for name in os.listdir(workspace + "/scheduler/" + folder)]
    case("nothing is left in the folder of the nodes", not left, left)
    tries = [name for model in study.models for name in os.listdir(study.run_folder(workspace, model)) if ".part" in name]
    case("no folder of another try is left", not tries, tries)
    case("the dead node comes back", cluster.revive_node("n2"))


def client_dies(study, cluster, base, expected):
    workspace = copy_of(study, base, "slurm-client", slurm_options(study, "a"))
    log = os.path.join(study.folder, "slurm-client.log")
    before = {job["ArrayJobId"] for job in cluster.jobs() if "ArrayJobId" in job}
    client = start(study, cluster, workspace, log, "-m", study.models[1])
    found = wait_for(lambda: any("RUNNING" in line for line in cluster.queue()), 60, 0.01)
    client.kill()
    client.wait()
    case("the client is killed while its tasks run", bool(found))
    client = start(study, cluster, workspace, log, "-m", study.models[1])
    code = client.wait(120)
    case("a second client ends the work", code == 20, (code, text_of(log)[-2000:]))
    arrays = {job["ArrayJobId"] for job in cluster.jobs() if "ArrayJobId" in job} - before
    # One array of inference, one of evaluation: nothing was submitted twice.
    case("and submits nothing twice", len(arrays) == 2, (arrays, text_of(log)[-1500:]))
    case("with the same result", study.outputs(workspace, study.models[1]) == expected[study.models[1]])


def somebody_stops(study, cluster, base):
    workspace = copy_of(study, base, "slurm-stop", slurm_options(study, "a"))
    log = os.path.join(study.folder, "slurm-stop.log")
    client = start(study, cluster, workspace, log)
    found = wait_for(lambda: any("RUNNING" in line for line in cluster.queue()), 60, 0.01)
    client.send_signal(signal.SIGINT)
    code = client.wait(60)
    case("Ctrl-C ends the client", found and code not in (0, 20), (found, code))
    case("and its tasks", wait_for(lambda: not cluster.queue(), 30), cluster.queue())


def nothing_left(study):
    containers = wait_for(lambda: not small_study.left_running(study.folder + "/nodes-a"), 20)
    case("no container and no process of a task is left", containers, small_study.left_running(study.folder + "/nodes-a"))


def main():
    programs = real_hub.programs(sys.argv[1:])
    missing = [name for name in ("podman", "sbatch", "slurmctld", "slurmd", "munged")
               if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if os.geteuid() != 0 or missing:
        print("skipped: needs root and %s" % ", ".join(missing or ["nothing else"]))
        print("0 passed, 0 failed")
        return 0
    with small_study.Study(programs, MODELS) as study:
        workspace = study.new_workspace("base")
        study.join(workspace)
        shutil.rmtree(os.path.join(workspace, "runs"))
        for name in os.listdir(os.path.join(workspace, "journal")):
            if name.startswith("b"):
                os.remove(os.path.join(workspace, "journal", name))
        local = copy_of(study, workspace, "local", {})
        began = time.monotonic()
        study.run(local, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, expect=(20,))
        print("one machine, no shards: %.1f s" % (time.monotonic() - began))
        expected = all_outputs(study, local)
        # On twenty cases two models may rank alike; their scores never are.
        case("ten models give ten different predictions",
             len({o["predictions/predictions.csv"] for o in expected.values()}) == MODELS, expected)
        began = time.monotonic()
        sharded = copy_of(study, workspace, "sharded", {"scheduler": {"shards": SHARDS}})
        study.run(sharded, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, expect=(20,))
        print("one machine, %d shards: %.1f s" % (SHARDS, time.monotonic() - began))
        case("four shards on one machine give the same bytes", all_outputs(study, sharded) == expected)
        with Cluster(study.folder) as cluster:
            for part in (node_dies, client_dies):
                began = time.monotonic()
                part(study, cluster, workspace, expected)
                print("%s: %.1f s" % (part.__name__, time.monotonic() - began))
            somebody_stops(study, cluster, workspace)
            nothing_left(study)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
