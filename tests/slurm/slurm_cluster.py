"""What the tests on a Slurm of several nodes on one machine share: the cluster, a hospital's copy, its client."""
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import ports  # noqa: E402
from patience import wait_for  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


class Cluster:
    """`more`: settings of cluster.sh."""

    def __init__(self, folder, nodes, more=None):
        self.nodes = nodes
        self.folder = os.path.join(folder, "slurm")
        self.environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
                            "SLURM_BASE_PORT": str(ports.free_block()), "SLURM_CPUS_PER_NODE": "1", **(more or {})}

    def __enter__(self):
        done = subprocess.run([HERE + "/cluster.sh", "start", self.folder, str(self.nodes)], env=self.environment,
                              capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            self.__exit__()
            raise SystemExit("Slurm does not start: " + done.stderr)
        self.environment["SLURM_CONF"] = done.stdout.strip().split("\n")[-1]
        return self

    def __exit__(self, *_):
        subprocess.run([HERE + "/cluster.sh", "stop", self.folder], env=self.environment, timeout=300)

    def ask(self, *words):
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=180).stdout

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

    def hold_tasks(self, node):
        """Stops what runs on a node; pids of what was still there then, and cannot end by itself any more."""
        for pid in self.tasks_of(node):
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                pass
        return self.tasks_of(node)

    def blind_node(self, node, file, over):
        """Starts a node anew that sees `file` in the place of `over`."""
        with open("%s/run/slurmd-%s.pid" % (self.folder, node)) as pid:
            os.kill(int(pid.read()), signal.SIGTERM)
        assert wait_for(lambda: not os.path.exists("%s/run/slurmd-%s.pid" % (self.folder, node)))
        subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                        'mount --bind "$1" "$2" && exec slurmd -N "$3"', "sh", file, over, node],
                       env=self.environment, timeout=180, check=True)
        return wait_for(lambda: node in self.ask("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split())

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
        subprocess.run(["slurmd", "-N", node], env=self.environment, timeout=180, check=True)
        return wait_for(lambda: node in self.ask("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split())


def copy_of(study, workspace, name, options):
    """A hospital at the same point with a configuration of its own: nothing ran yet."""
    folder = os.path.join(study.folder, name)
    # With owners and modes: what a container prepared belongs to its user.
    subprocess.run(["cp", "-a", workspace, folder], check=True, timeout=600)
    for name in ("podman", "leases", "engine"):
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    with open(os.path.join(folder, "config.yaml")) as file:
        config = json.load(file)
    config.update(options)
    with open(os.path.join(folder, "config.yaml"), "w") as file:
        json.dump(config, file)
    return folder


def slurm_options(study, name, shards, more=None):
    return {"scheduler": {"kind": "slurm", "shards": shards, "slurm": {
        "partition": "main", "node_storage": os.path.join(study.folder, "nodes-" + name), "spare_seconds": 600,
        **(more or {})}}}


def start(study, cluster, workspace, log, *more):
    """A client that answers nothing: it stops where a person must approve what is sent."""
    with open(log, "ab") as out:
        return subprocess.Popen(
            study.command(workspace, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, *more),
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
            env=study.environment({"SLURM_CONF": cluster.environment["SLURM_CONF"]}))


def text_of(path):
    with open(path, errors="replace") as file:
        return file.read()
