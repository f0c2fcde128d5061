#!/usr/bin/env python3
"""Ten models on four shards each, on a real Slurm of three nodes: what comes out must be what one machine gives, byte
for byte, although a node dies on the way, the client is killed, or somebody presses Ctrl-C.

run.py [FOLDER]: the folder with medperf and medperf-hub. Root, podman, slurm-wlm, munge. About two minutes."""
import json
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import real_hub  # noqa: E402
import small_study  # noqa: E402
import slurm_cluster  # noqa: E402
from patience import wait_for  # noqa: E402
import tally  # noqa: E402

MODELS, SHARDS, NODES = 10, 4, 3
counted = tally.Tally()
case = counted.case


def outcomes(workspace):
    """Finished inference runs so far, from the journals."""
    count = 0
    folder = os.path.join(workspace, "journal")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as file:
            count += sum('"step":"infer-shard"' in line for line in file)
    return count


def all_outputs(study, workspace):
    return {model: study.outputs(workspace, model) for model in study.models}


def node_dies(study, cluster, base, expected):
    workspace = slurm_cluster.copy_of(study, base, "slurm-node", slurm_cluster.slurm_options(study, "a", SHARDS))
    log = os.path.join(study.folder, "slurm-node.log")
    client = slurm_cluster.start(study, cluster, workspace, log)
    # Struck while it works, when some outcomes are there and many are not.
    struck = wait_for(lambda: outcomes(workspace) >= 5 and cluster.hold_tasks("n2"), 600, 0.01)
    tasks = cluster.kill_node("n2")
    at = outcomes(workspace)
    case("node n2 is killed while its tasks run", struck and tasks > 0 and at < MODELS * SHARDS, (struck, tasks, at))
    code = client.wait(1200)
    case("the run ends where a person is needed", code == 20, (code, slurm_cluster.text_of(log)[-3000:]))
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
    workspace = slurm_cluster.copy_of(study, base, "slurm-client", slurm_cluster.slurm_options(study, "a", SHARDS))
    log = os.path.join(study.folder, "slurm-client.log")
    before = {job["ArrayJobId"] for job in cluster.jobs() if "ArrayJobId" in job}
    client = slurm_cluster.start(study, cluster, workspace, log, "-m", study.models[1])
    found = wait_for(lambda: any("RUNNING" in line for line in cluster.queue()), pause=0.01)
    client.kill()
    client.wait()
    case("the client is killed while its tasks run", bool(found))
    client = slurm_cluster.start(study, cluster, workspace, log, "-m", study.models[1])
    code = client.wait(600)
    case("a second client ends the work", code == 20, (code, slurm_cluster.text_of(log)[-2000:]))
    arrays = {job["ArrayJobId"] for job in cluster.jobs() if "ArrayJobId" in job} - before
    # One array of inference, one of evaluation: nothing was submitted twice.
    case("and submits nothing twice", len(arrays) == 2, (arrays, slurm_cluster.text_of(log)[-1500:]))
    case("with the same result", study.outputs(workspace, study.models[1]) == expected[study.models[1]])


def somebody_stops(study, cluster, base):
    workspace = slurm_cluster.copy_of(study, base, "slurm-stop", slurm_cluster.slurm_options(study, "a", SHARDS))
    log = os.path.join(study.folder, "slurm-stop.log")
    client = slurm_cluster.start(study, cluster, workspace, log)
    found = wait_for(lambda: any("RUNNING" in line for line in cluster.queue()), pause=0.01)
    client.send_signal(signal.SIGINT)
    code = client.wait(300)
    case("Ctrl-C ends the client", found and code not in (0, 20), (found, code))
    case("and its tasks", wait_for(lambda: not cluster.queue()), cluster.queue())


def nothing_left(study):
    left = small_study.left_running(study.folder + "/nodes-a")
    case("no container and no process of a task is left", not left, left)


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
        local = slurm_cluster.copy_of(study, workspace, "local", {})
        began = time.monotonic()
        study.run(local, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, expect=(20,))
        print("one machine, no shards: %.1f s" % (time.monotonic() - began))
        expected = all_outputs(study, local)
        # On twenty cases two models may rank alike; their scores never are.
        case("ten models give ten different predictions",
             len({o["predictions/predictions.csv"] for o in expected.values()}) == MODELS, expected)
        began = time.monotonic()
        sharded = slurm_cluster.copy_of(study, workspace, "sharded", {"scheduler": {"shards": SHARDS}})
        study.run(sharded, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, expect=(20,))
        print("one machine, %d shards: %.1f s" % (SHARDS, time.monotonic() - began))
        case("four shards on one machine give the same bytes", all_outputs(study, sharded) == expected)
        with slurm_cluster.Cluster(study.folder, NODES, {"SLURM_NODE_TIMEOUT": "10"}) as cluster:
            for part in (node_dies, client_dies):
                began = time.monotonic()
                part(study, cluster, workspace, expected)
                print("%s: %.1f s" % (part.__name__, time.monotonic() - began))
            somebody_stops(study, cluster, workspace)
            nothing_left(study)
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
