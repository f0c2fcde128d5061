#!/usr/bin/env python3
"""Encrypted containers, model and evaluator, on a real Slurm: with podman and the built-in runner, as root and as an ordinary
user, with a client and with nodes that are killed. What comes out is what one machine gives, the keys reach a node's memory
alone, and neither key nor plaintext lies in any file afterwards: not in the shared workspace, nor on the nodes, nor in Slurm's
own state, nor in the memory of a node that was struck while the plaintext lay there.

sealed.py [FOLDER]: the folder with medperf and medperf-hub. Root, podman, bwrap, gpg, slurm-wlm, munge, cc. Two minutes."""
import concurrent.futures
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ("support", "containers")]
import granted_key  # noqa: E402
import real_hub  # noqa: E402
import slurm_cluster  # noqa: E402
import small_study  # noqa: E402
import tally  # noqa: E402
from patience import wait_for  # noqa: E402

DELEGATE, BASE = os.path.join(real_hub.TOP, "scripts/cgroup-delegate.sh"), "medperf-sealed"
SHARDS, NODES = 2, 7
# Before the model: so that it is still running when it is looked for.
SLOW = """#include <unistd.h>
int main(int count, char** words) { (void)count; sleep(3); execv("/real", words); return 127; }
"""
counted = tally.Tally()
case = counted.case


class Study(granted_key.SealedStudy):
    """The vendor's model and the group's evaluator are encrypted; each image holds a marker that no other file has."""

    marker = os.urandom(32).hex().encode()

    def __init__(self, programs, models):
        super().__init__(programs, models)
        self.user, self.of_user = "medperf-sealed-%d" % os.getpid(), set()

    def __enter__(self):
        super().__enter__()
        try:
            # Of this user only: a checkout may lie where others may not look.
            for name in ("medperf", "medperf-probe"):
                shutil.copy(os.path.join(self.programs, name), self.folder)
            self.medperf = os.path.join(self.folder, "medperf")
            subprocess.run(["useradd", "--create-home", self.user], check=True)
            self.group_of_user = subprocess.run([DELEGATE, "add", self.user, BASE], check=True, capture_output=True,
                                                text=True).stdout.strip()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *about):
        subprocess.run([DELEGATE, "remove", self.user, BASE], capture_output=True)
        subprocess.run(["pkill", "-KILL", "-u", self.user], capture_output=True)
        wait_for(lambda: subprocess.run(["userdel", "--remove", self.user], capture_output=True).returncode in (0, 6, 12), 60, 0.2)
        super().__exit__(*about)

    def _image(self, name, program, more=None):
        files = dict(more or {})
        if name == "evaluation" or name.startswith("model-"):
            files["marker"] = (self.marker, 0o644)
        if name.startswith("model-"):
            slow = os.path.join(self.folder, "slow")
            subprocess.run(["cc", "-static", "-Os", "-x", "c", "-", "-o", slow], input=SLOW, text=True, check=True)
            files.update({"program": (pathlib.Path(slow).read_bytes(), 0o755),
                          "real": (pathlib.Path(small_study.find_program(self.programs, program)).read_bytes(), 0o755)})
        return super()._image(name, program, files)

    def _container(self, name, config, archive, image, parameters=None):
        if name == "evaluation":
            self.group = self.owner_workspace("group")
            self.evaluator_key, sealed = os.path.join(self.group, "evaluator.key"), archive + ".gpg"
            self.run(self.group, "container", "encrypt", "--archive", archive, "--out", sealed, "--key", self.evaluator_key)
            os.unlink(archive)
            config, archive = {**config, "container_type": "EncryptedDockerArchive"}, sealed
        return super()._container(name, config, archive, image, parameters)

    def command(self, workspace, *words):
        command = super().command(workspace, *words)
        return [DELEGATE, "exec", self.user, BASE, "--", *command] if workspace in self.of_user else command

    def hospital(self, base, name, engine, user, nodes, storage=None):
        """A copy of the hospital's workspace whose runs go to these nodes of the cluster."""
        others = ",".join("n%d" % node for node in range(1, NODES + 1) if node not in nodes)
        storage = storage or name
        folder = os.path.join(self.folder, "nodes-" + storage)
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o1777)  # as /var/tmp
        chosen = slurm_cluster.slurm_options(self, storage, SHARDS, {"options": "--exclude=%s" % others})
        workspace = slurm_cluster.copy_of(self, base, name, {
            **chosen, "engine": {"kind": engine, **({"cgroup": self.group_of_user} if user else {})}})
        if user:
            subprocess.run(["chown", "-R", "%s:" % self.user, workspace], check=True)
            self.of_user.add(workspace)
        return workspace


def read(path):
    try:
        return pathlib.Path(path).read_bytes()
    except OSError:
        return b""  # a socket, or gone meanwhile


def holding(folder, words):
    """Files below that hold one of the words."""
    return [path for word in words for path in granted_key.holding(folder, word)]


def processes(text):
    """(pid, words) of what has this in its command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        words = read("/proc/%s/cmdline" % pid).replace(b"\0", b" ").decode(errors="replace")
        if text in words:
            found.append((int(pid), words))
    return found


def ancestors(pid):
    while pid > 1:
        stat = read("/proc/%d/stat" % pid)
        pid = int(stat.rpartition(b") ")[2].split()[1]) if stat else 0
        yield pid


class Strike:
    """A node is killed while the plaintext of an image lies in its memory and a container of it runs."""

    def __init__(self, study, cluster, nodes, with_guards):
        self.study, self.cluster, self.nodes, self.with_guards = study, cluster, nodes, with_guards
        self.node = self.place = self.task = None

    def found(self):
        """A container that runs in memory, and the task on one of the nodes that runs it, which is stopped there."""
        for pid, words in processes("/dev/shm/medperf-memory-"):
            if " guard " in words or not ("bwrap " in words or " run " in words):
                continue
            above = set(ancestors(pid))
            for node in self.nodes:
                tasks = [task for task in self.cluster.tasks_of(node) if task in above and b"\0task\0" in read("/proc/%d/cmdline" % task)]
                if tasks:
                    self.node, self.task = node, tasks[0]
                    self.place = "/dev/shm/medperf-memory-" + words.split("medperf-memory-")[1][:6]
                    os.kill(self.task, signal.SIGSTOP)
                    return True
        return False

    def plaintext(self):
        """As the task's threads see the place (root's is mounted for one of them alone), or as the container or podman does."""
        within = ["/proc/%d/root" % pid for pid in self.below()]
        if any(self.study.marker in read(root + "/marker") for root in within):
            return True
        return any(holding(root + self.place, self.study.words) for root in glob.glob("/proc/%d/task/*/root" % self.task) + within)

    def below(self):
        return [int(pid) for pid in filter(str.isdigit, os.listdir("/proc")) if self.place.encode() in read("/proc/%s/mountinfo" % pid)]

    def strike(self):
        guards = [pid for pid, words in processes(self.place) if " guard " in words]
        tasks = self.cluster.kill_node(self.node)
        for pid in guards if self.with_guards else ():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return tasks > 0

    def remains(self):
        return [path for path in [self.place] if os.path.exists(path)] + processes(self.place) + self.below()


class Places(threading.Thread):
    """The places in memory of this study's runs alone, by their guards: others of the machine may have some too."""

    def __init__(self, study):
        super().__init__()
        self.study, self.seen, self.over = study, set(), threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            for _, words in processes(self.study.folder + "/medperf-probe guard"):
                self.seen.update("/dev/shm/medperf-memory-" + part[:6] for part in words.split("/dev/shm/medperf-memory-")[1:])

    def left(self):
        return [place for place in self.seen if os.path.exists(place)]


def granted(study):
    """A hospital that the keys were granted to: it keeps none."""
    rows = study.must("group", "GET", "mlcubes/", None, 200)["results"]
    authority = study.must("group", "POST", "cas/", {"name": "authority", "config": {"address": "none"}, "client_mlcube": rows[0]["id"],
                                                     "server_mlcube": rows[0]["id"], "ca_mlcube": rows[0]["id"]}, 201)["id"]
    evaluator = [row["id"] for row in rows if row["name"] == "evaluation"][0]
    base = study.new_workspace("base", {"engine": {"kind": "podman"}})
    # Keys are granted to those who take part; to ask for that the reference model is evaluated, with a key that came by hand.
    study.run(base, "container", "key", evaluator, "--key", study.evaluator_key)
    study.join(base)
    study.run(base, "container", "key", evaluator, "--remove")
    study.run(base, "container", "certificate", "--ca", authority, "--name", "hospital@example.org")
    for owner, container, key in ((study.vendor, study.container, study.key), (study.group, evaluator, study.evaluator_key)):
        study.run(owner, "container", "grant", container, "--benchmark", study.benchmark, "--key", key, "--yes")
    for path in (os.path.join(base, "runs"), os.path.join(base, "images")):
        shutil.rmtree(path)
    for name in os.listdir(os.path.join(base, "journal")):
        if name.startswith("b"):
            os.remove(os.path.join(base, "journal", name))
    return base


class Run:
    """One client on the cluster, and what is seen of its shared folder meanwhile."""

    def __init__(self, study, cluster, workspace):
        self.study, self.cluster, self.workspace = study, cluster, workspace
        self.name = os.path.basename(workspace)
        self.log = os.path.join(study.folder, self.name + ".log")
        self.watched, self.over = set(), threading.Event()

    def start(self):
        return slurm_cluster.start(self.study, self.cluster, self.workspace, self.log, "-m", self.study.models[1])

    def __enter__(self):
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.watcher.join()

    def _watch(self):
        while not self.over.wait(0.02):
            self.watched.update(holding(self.workspace + "/scheduler", self.study.words))

    def judge(self, code, expected):
        name, outputs = self.name, self.study.outputs(self.workspace, self.study.models[1])
        case(name + ": it ends where a person is needed", code == 20, (code, slurm_cluster.text_of(self.log)[-3000:]))
        case(name + ": the result is that of one machine", outputs == expected, (outputs, expected))
        case(name + ": the folder that the nodes see never held key or plaintext", not self.watched, self.watched)
        left = [file for folder in ("jobs", "batches") for file in os.listdir(self.workspace + "/scheduler/" + folder)]
        case(name + ": nothing is left in it", not left, left)


def finishes(study, cluster, workspace, expected):
    with Run(study, cluster, workspace) as run:
        code = run.start().wait(1200)
    run.judge(code, expected)


def client_dies(study, cluster, workspace, expected, nodes):
    with Run(study, cluster, workspace) as run:
        client = run.start()
        begun = wait_for(lambda: client.poll() is not None or any("RUNNING " + node in line for line in cluster.queue() for node in nodes),
                         600, 0.01)
        case(run.name + ": the client is killed while a task runs or waits for its key", begun and client.poll() is None)
        client.kill()
        client.wait()
        code = run.start().wait(1200)
    run.judge(code, expected)


def struck(study, cluster, base, name, engine, user, nodes, with_guards):
    """A client whose container was found running, and stopped; on a crowded machine it may be over before it is found."""
    for attempt in range(5):
        run = Run(study, cluster, study.hospital(base, "%s-%d" % (name, attempt), engine, user, nodes))
        strike = Strike(study, cluster, ["n%d" % node for node in nodes], with_guards)
        client = run.start()
        wait_for(lambda: strike.found() or client.poll() is not None, 600, 0.005)
        if strike.place:
            return run, strike, client
        if client.wait(1200) != 20:
            break
    case(name + ": a container runs in the memory of a node", False, slurm_cluster.text_of(run.log)[-3000:])
    return None


def node_dies(study, cluster, base, expected, *how):
    begun = struck(study, cluster, base, *how)
    if begun is None:
        return
    run, strike, client = begun
    with run:
        case(run.name + ": plaintext lies in the memory of a node", strike.plaintext())
        case(run.name + ": the node is killed, %s its guards" % ("with" if strike.with_guards else "but not"), strike.strike())
        code = client.wait(1200)
    run.judge(code, expected)
    case(run.name + ": the task of the dead node was queued again",
         any(job.get("Restarts", "0") != "0" and strike.node != job.get("NodeList") for job in cluster.jobs()))
    case(run.name + ": nothing of it is left in the memory of the dead node", wait_for(lambda: not strike.remains(), 300, 0.1), strike.remains())


def node_that_swaps(study, cluster, workspace, node):
    """It says so itself, before it is given the key. (No container starts there: the kernel wants a whole /proc.)"""
    told = os.path.join(study.folder, "meminfo")
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines(True)
    pathlib.Path(told).write_text("".join("SwapTotal:       1048576 kB\n" if line.startswith("SwapTotal:") else line for line in lines))
    if not case("a node is there that has swap", cluster.blind_node(node, told, "/proc/meminfo")):
        return
    run = Run(study, cluster, workspace)
    run.start().wait(1200)
    text = slurm_cluster.text_of(run.log)
    case("the client warns of the swap of that node, once", text.count("node %s has swap" % node) == 1, text[-3000:])


def all_lanes(lanes):
    """Beside each other, each on nodes of its own."""
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for done in [pool.submit(lane) for lane in lanes]:
            try:
                done.result()
            except Exception:  # noqa: BLE001
                case("a lane runs to its end", False, traceback.format_exc())


def on_cluster(study, base, expected):
    with slurm_cluster.Cluster(study.folder, NODES, {"SLURM_NODE_TIMEOUT": "10"}) as cluster:
        def rooted():
            finishes(study, cluster, study.hospital(base, "podman-root", "podman", False, (1, 2)), expected)
            client_dies(study, cluster, study.hospital(base, "client-killed", "podman", False, (1, 2)), expected, ("n1", "n2"))

        def ordinary():
            finishes(study, cluster, study.hospital(base, "builtin-user", "builtin", True, (7,)), expected)
            # It has proved its walls, which it could not now.
            node_that_swaps(study, cluster, study.hospital(base, "swap-user", "builtin", True, (7,), "builtin-user"), "n7")

        all_lanes([lambda: (rooted(), ordinary()),
                   lambda: finishes(study, cluster, study.hospital(base, "builtin-root", "builtin", False, (3, 4)), expected),
                   lambda: node_dies(study, cluster, base, expected, "podman-user", "podman", True, (5, 6), True)])


def main():
    programs = real_hub.programs(sys.argv[1:])
    missing = [name for name in ("cc", "podman", "bwrap", "gpg", "openssl", "sbatch", "slurmctld", "slurmd", "munged")
               if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
    if os.geteuid() != 0 or missing:
        print("skipped: needs root and %s" % ", ".join(missing or ["nothing else"]))
        print("0 passed, 0 failed")
        return 0
    with Study(programs, 2) as study:
        base = granted(study)
        keys = [pathlib.Path(key).read_bytes().strip() for key in (study.key, study.evaluator_key)]
        study.words = [*keys, study.marker]
        local = slurm_cluster.copy_of(study, base, "local", {"engine": {"kind": "podman"}})
        study.run(local, "benchmark", "run", "--no-input", "-b", study.benchmark, "-d", study.dataset, "-m", study.models[1], expect=(20,))
        expected = study.outputs(local, study.models[1])
        places = Places(study)
        places.start()
        try:
            on_cluster(study, base, expected)
        finally:
            places.over.set()
            places.join()
        owners = (study.vendor + "/", study.group + "/")
        held = [path for path in holding(study.folder, study.words) if not path.startswith(owners)]
        case("no file of site, nodes, cluster or hub holds key or plaintext", not held, held)
        case("and the scan would see them: the owners' keys are found", all(holding(owner, study.words) for owner in owners))
        case("nothing is left in memory", places.seen and wait_for(lambda: not places.left()), places.left())
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
