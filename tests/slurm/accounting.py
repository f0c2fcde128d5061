#!/usr/bin/env python3
"""Slurm's accounting and GPUs, on a real slurmdbd with a database of its own and without one: jobs carry account, qos
and partition as the site says, what each used is kept and says by whom it was counted, and what a cluster has not got is
refused with the reason.

accounting.py [FOLDER]: the folder with medperf and medperf-hub. Root, podman, slurm-wlm, munge, slurmdbd,
mariadb-server-core, mariadb-client-core. About a minute."""
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import real_hub  # noqa: E402
import slurm_cluster  # noqa: E402
from patience import wait_for  # noqa: E402
import small_study  # noqa: E402
import strikes  # noqa: E402

MODELS, SHARDS = 2, 2
TASKS = MODELS * SHARDS + MODELS  # of inference, of evaluation
passed = failed = 0


def case(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print("%s %s%s" % ("ok  " if good else "FAIL", name, "" if good else ": %s" % (detail,)), flush=True)
    return good


def run(study, cluster, base, name, place, *more):
    """One command on a copy: the workspace, exit code and words."""
    options = slurm_cluster.slurm_options(study, name, SHARDS, place)
    options["scheduler"]["gpus"] = 8
    workspace = slurm_cluster.copy_of(study, base, "slurm-" + name, options)
    log = os.path.join(study.folder, name + ".log")
    client = slurm_cluster.start(study, cluster, workspace, log, *more)
    return workspace, client.wait(900), slurm_cluster.text_of(log)


def used(workspace):
    return [line["body"] for line in strikes.log_lines(workspace, "cluster-use")]


def counted(study, cluster, base, expected):
    workspace, code, said = run(study, cluster, base, "counted", {"account": "hospital", "qos": "night"})
    case("with accounting: the run ends where a person is needed", code == 20, (code, said[-2000:]))
    case("with accounting: results are those of one machine",
         {m: study.outputs(workspace, m) for m in study.models} == expected)
    uses = used(workspace)
    case("with accounting: every task's use is kept, each once",
         len(uses) == TASKS and len({use["job"] for use in uses}) == TASKS, uses)
    case("with accounting: by sacct, with CPU and memory",
         all(use["source"] == "sacct" and use["state"] == "COMPLETED" and use["elapsed_seconds"] >= 0
             and use.get("cpu_seconds", 0) > 0 for use in uses) and
         # Sampled each second: a shorter job may have none.
         any(use.get("peak_memory_bytes", 0) > 1 << 20 for use in uses), uses)
    case("with accounting: they name run and node", {use["subject"] for use in uses} ==
         {"b%d-m%d-d%d" % (study.benchmark, model, study.dataset) for model in study.models} and
         {use["node"] for use in uses} <= {"n1", "n2"}, uses)
    rows = [row.split("|") for row in cluster.ask(
        "sacct", "--noheader", "--parsable2", "--allocations", "--format=JobID,Account,QOS,Partition").split()]
    by_job = {row[0]: row[1:] for row in rows}
    case("Slurm charged account, qos and partition that the site names",
         all(by_job.get(use["job"]) == ["hospital", "night", "main"] for use in uses), rows)
    shown = study.run(workspace, "run", "show", "b%d-m%d-d%d" % (study.benchmark, study.models[1], study.dataset)).stdout
    case("'run show' tells it", shown.count("(sacct)") == SHARDS + 1 and "s of CPU" in shown, shown)


def refused(study, cluster, base, name, place, reason, *more):
    workspace, code, said = run(study, cluster, base, name, place, *more)
    case("refused, %s: with Slurm's reason" % name, code not in (0, 20) and reason in said, (code, said[-1500:]))
    case("refused, %s: nothing is queued or left" % name,
         # Tasks of the run before this one may still be completing.
         wait_for(lambda: not cluster.queue()) and not os.listdir(workspace + "/scheduler/jobs") and
         not os.listdir(workspace + "/scheduler/batches"), cluster.queue())
    return said


def with_accounting(study, base, expected):
    with slurm_cluster.Cluster(study.folder, 2, {"SLURM_ACCOUNTING": "1", "SLURM_TEST_GPUS": "2"}) as cluster:
        counted(study, cluster, base, expected)
        place = {"account": "hospital"}
        refused(study, cluster, base, "account", {"account": "nobody"}, "Invalid account")
        refused(study, cluster, base, "qos", {**place, "qos": "none"}, "Invalid qos")
        said = refused(study, cluster, base, "gpus", place, "Requested node configuration is not available", "--gpus", "5")
        case("refused, gpus: it says how many and what to do", "--gres=gpu:5" in said and "--gpus 0" in said, said[-1500:])
        # n1 has two made-up ones, which no engine can use: it fails, and says which one it was to have.
        model = ("-m", study.models[1], "--shards", "1", "--gpus", "1")
        workspace, code, said = run(study, cluster, base, "given", place, *model)
        job = cluster.jobs()[-1]
        case("a task that asks for a GPU runs where one is", job.get("NodeList") == "n1" and "gres:gpu:1" in
             job.get("TresPerNode", ""), job)
        case("and its container is given the one that Slurm gave", "nvidia.com/gpu=0" in said and code not in (0, 20),
             (code, said[-1500:]))


def without_accounting(study, base):
    with slurm_cluster.Cluster(study.folder, 1) as cluster:
        workspace, code, said = run(study, cluster, base, "plain", {}, "-m", study.models[1])
        uses = used(workspace)
        case("without accounting: the run ends where a person is needed", code == 20, (code, said[-2000:]))
        case("without accounting: by the controller, which counts time alone, and says so",
             len(uses) == SHARDS + 1 and all(use["source"] == "scontrol" and use["state"] == "COMPLETED" and
                                             use["node"] == "n1" and "cpu_seconds" not in use and
                                             "peak_memory_bytes" not in use for use in uses), uses)
        refused(study, cluster, base, "no-gpus", {}, "Invalid generic resource (gres) specification", "--gpus", "1")


def main():
    programs = real_hub.programs(sys.argv[1:])
    missing = [name for name in ("podman", "sbatch", "slurmctld", "slurmd", "munged", "slurmdbd", "mariadbd", "mariadb")
               if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if os.geteuid() != 0 or missing:
        print("skipped: needs root and %s" % ", ".join(missing or ["nothing else"]))
        print("0 passed, 0 failed")
        return 0
    began = time.monotonic()
    with small_study.Study(programs, MODELS) as study:
        base = study.new_workspace("base")
        study.join(base)
        shutil.rmtree(os.path.join(base, "runs"))
        for name in os.listdir(os.path.join(base, "journal")):
            if name.startswith("b"):
                os.remove(os.path.join(base, "journal", name))
        policy = os.path.join(base, "policy.yaml")
        with open(policy) as file:
            document = json.load(file)
        document["limits"]["gpus"] = 8
        with open(policy, "w") as file:
            json.dump(document, file)
        local = slurm_cluster.copy_of(study, base, "local", {})
        study.run(local, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, expect=(20,))
        expected = {model: study.outputs(local, model) for model in study.models}
        with_accounting(study, base, expected)
        without_accounting(study, base)
    print("%.1f s" % (time.monotonic() - began))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
