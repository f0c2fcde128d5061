#!/usr/bin/env python3
"""Encrypted containers on a real Slurm: what comes out is what one machine gives, the key reaches a node's memory alone, and
neither key nor plaintext lies in any file afterwards: not in the shared workspace, nor on the nodes, nor in Slurm's own state.

sealed.py [FOLDER]: the folder with medperf and medperf-hub. Root, podman, gpg, slurm-wlm, munge. About a minute."""
import os
import pathlib
import shutil
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("support", "containers")]
import granted_key  # noqa: E402
import real_hub  # noqa: E402
import slurm_cluster  # noqa: E402
import tally  # noqa: E402
from patience import wait_for  # noqa: E402

SHARDS, NODES = 2, 2
counted = tally.Tally()
case = counted.case


class Study(granted_key.SealedStudy):
    """The encrypted image holds a marker that no other file of the study has."""

    marker = os.urandom(32).hex().encode()

    def _image(self, name, program, more=None):
        sealed = name.startswith("model-")
        return super()._image(name, program, {**(more or {}), **({"marker": (self.marker, 0o644)} if sealed else {})})


def holding(folder, words):
    """Files below that hold one of the words."""
    return [path for word in words for path in granted_key.holding(folder, word)]


def granted(study):
    """A hospital that the key was granted to: it keeps none."""
    some = study.must("group", "GET", "mlcubes/", None, 200)["results"][0]["id"]
    authority = study.must("group", "POST", "cas/", {"name": "authority", "config": {"address": "none"}, "client_mlcube": some,
                                                     "server_mlcube": some, "ca_mlcube": some}, 201)["id"]
    base = study.new_workspace("base", {"engine": {"kind": "podman"}})
    study.join(base)
    study.run(base, "container", "certificate", "--ca", authority, "--name", "hospital@example.org")
    study.run(study.vendor, "container", "grant", study.container, "--benchmark", study.benchmark, "--key", study.key, "--yes")
    return base


def finishes(study, cluster, base, name, expected, kill):
    workspace = slurm_cluster.copy_of(study, base, name, {**slurm_cluster.slurm_options(study, name, SHARDS), "engine": {"kind": "podman"}})
    log = os.path.join(study.folder, name + ".log")
    watched, over = set(), threading.Event()

    def watch():
        while not over.wait(0.02):
            watched.update(holding(workspace + "/scheduler", study.words))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        client = slurm_cluster.start(study, cluster, workspace, log, "-m", study.models[1])
        if kill:
            asked = wait_for(lambda: client.poll() is not None or any("RUNNING" in line for line in cluster.queue()), 600, 0.01)
            client.kill()
            client.wait()
            case(name + ": the client is killed while a task runs or waits for its key", bool(asked))
            client = slurm_cluster.start(study, cluster, workspace, log, "-m", study.models[1])
        code = client.wait(1200)
    finally:
        over.set()
        watcher.join()
    case(name + ": it ends where a person is needed", code == 20, (code, slurm_cluster.text_of(log)[-3000:]))
    case(name + ": the result is that of one machine", study.outputs(workspace, study.models[1]) == expected,
         (study.outputs(workspace, study.models[1]), expected))
    case(name + ": the folder that the nodes see never held key or plaintext", not watched, watched)
    left = [file for folder in ("jobs", "batches") for file in os.listdir(workspace + "/scheduler/" + folder)]
    case(name + ": nothing is left in it", not left, left)


def main():
    programs = real_hub.programs(sys.argv[1:])
    missing = [name for name in ("podman", "gpg", "openssl", "sbatch", "slurmctld", "slurmd", "munged")
               if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if os.geteuid() != 0 or missing:
        print("skipped: needs root and %s" % ", ".join(missing or ["nothing else"]))
        print("0 passed, 0 failed")
        return 0
    before = set(os.listdir("/dev/shm"))
    with Study(programs, 2) as study:
        base = granted(study)
        study.words = [pathlib.Path(study.key).read_bytes().strip(), study.marker]
        for path in (os.path.join(base, "runs"), os.path.join(base, "images")):
            shutil.rmtree(path)
        for name in os.listdir(os.path.join(base, "journal")):
            if name.startswith("b"):
                os.remove(os.path.join(base, "journal", name))
        local = slurm_cluster.copy_of(study, base, "local", {"engine": {"kind": "podman"}})
        study.run(local, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, "-m", study.models[1], expect=(20,))
        expected = study.outputs(local, study.models[1])
        with slurm_cluster.Cluster(study.folder, NODES) as cluster:
            finishes(study, cluster, base, "slurm-sealed", expected, False)
            finishes(study, cluster, base, "slurm-killed", expected, True)
        held = [path for path in holding(study.folder, study.words) if not path.startswith(study.vendor + "/")]
        case("no file of site, nodes, cluster or hub holds key or plaintext", not held, held)
        case("and the scan would see them: the owner's key is found", holding(study.vendor, study.words))
        left = [name for name in set(os.listdir("/dev/shm")) - before if name.startswith("medperf")]
        case("nothing is left in memory", wait_for(lambda: not any(os.path.exists("/dev/shm/" + name) for name in left)), left)
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
