"""A small study on a real hub, for tests of a site's work: the chest X-ray benchmark with its real preparation, any
number of models and the standard evaluator, each image one static program. Standard library, root, podman, openssl."""
import hashlib
import http.server
import io
import json
import os
import random
import shutil
import ssl
import subprocess
import tarfile
import tempfile
import threading

import patience
import real_hub

TOP = real_hub.TOP
BENCHMARK = os.path.join(TOP, "benchmarks/chest-xray")
# What a container needs whose program is a script of the shell.
SHELL = {"bin/sh": "/usr/bin/dash", "lib64/ld-linux-x86-64.so.2": "/lib64/ld-linux-x86-64.so.2",
         "lib/x86_64-linux-gnu/libc.so.6": "/lib/x86_64-linux-gnu/libc.so.6"}
PASSWORD = "correct horse battery"


def find_program(folder, name):
    """A program of the build that `folder` (…/src/apps) belongs to."""
    build = os.path.dirname(os.path.dirname(folder))
    for base, _, names in os.walk(build):
        if name in names and os.access(os.path.join(base, name), os.X_OK):
            return os.path.join(base, name)
    raise SystemExit("%s holds no %s: build it first" % (build, name))


def write_image(path, files, entrypoint):
    """A docker-archive of one layer; the same files give the same bytes. Gives its image id."""
    def add(archive, name, data, mode=0o644):
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), mode
        archive.addfile(entry, io.BytesIO(data))
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, (data, mode) in sorted(files.items()):
            add(archive, name, data, mode)
    layer = layer.getvalue()
    diff_id = hashlib.sha256(layer).hexdigest()
    config = json.dumps({"architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
                         "config": {"Entrypoint": entrypoint}, "history": [{"created_by": "test"}],
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff_id]}}).encode()
    image = hashlib.sha256(config).hexdigest()
    manifest = json.dumps([{"Config": image + ".json", "RepoTags": None, "Layers": [diff_id + "/layer.tar"]}]).encode()
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        add(archive, image + ".json", config)
        add(archive, diff_id + "/layer.tar", layer)
        add(archive, "manifest.json", manifest)
    return image


def write_script_image(path, name, script, more=None):
    """An image of the shell and one script; `more` are other programs that need its library only. Gives its image id."""
    files = {}
    for inside, source in {**SHELL, **(more or {})}.items():
        with open(source, "rb") as file:
            files[inside] = (file.read(), 0o755)
    return write_image(path, {**files, name: (script.encode(), 0o755)}, ["/bin/sh", "/" + name])


def volume(path, kind="directory"):
    return {"mount_path": "/v/" + path, "type": kind}


def script_preparation_config():
    """Of a preparation by script: $1 is the task, its folders are in /v."""
    prepared = {"data_path": volume("data"), "labels_path": volume("labels")}
    return {"container_type": "DockerArchive", "image": "x", "tasks": {
        "prepare": {"run_args": {"command": ["prepare"]}, "input_volumes": {"data_path": volume("raw"), "labels_path": volume("raw_labels")},
                    "output_volumes": {"output_path": volume("data"), "output_labels_path": volume("labels")}},
        "sanity_check": {"run_args": {"command": ["sanity_check"]}, "input_volumes": prepared},
        "statistics": {"run_args": {"command": ["statistics"]}, "input_volumes": prepared,
                       "output_volumes": {"output_path": volume("statistics.yaml", "file")}}}}


class FileServer:
    """Serves one folder over TLS with the hub's certificate, under one of the certificate's names."""

    def __init__(self, folder, cert, key, name="localhost"):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folder)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "https://%s:%d/" % (name, self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Study:
    """`with Study(programs, models=10) as study:`; users admin, group, vendor, hospital."""

    # Names of the server of images, in what is registered, and of the hub, in what is signed.
    file_host = hub_host = "localhost"
    release_policy = None

    def __init__(self, programs, models, wall_seconds=600, cpus=1, pids=64, memory_mib=256):
        self.programs, self.count = programs, models
        self.limits = {"memory_mib": memory_mib, "pids": pids, "cpus": cpus, "wall_seconds": wall_seconds}
        self.medperf = os.path.join(programs, "medperf")

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="medperf-study-", dir=os.environ.get("TMPDIR", "/tmp"))
        os.chmod(self.folder, 0o755)
        self.hub = real_hub.RealHub(self.folder, self.programs, public_name=self.hub_host)
        for name in ("admin", "group", "vendor", "hospital"):
            self.hub.add_user(name, PASSWORD, admin=name == "admin")
        self.hub.__enter__()
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.hub.process.terminate()
        self.hub.process.wait(180)
        # podman's store holds overlay mounts while something runs.
        with open("/proc/self/mounts") as mounts:
            below = [line.split()[1] for line in mounts if line.split()[1].startswith(self.folder + "/")]
        for mount in sorted(below, reverse=True):
            subprocess.run(["umount", mount], capture_output=True)
        if not os.environ.get("MEDPERF_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- the hub's side ---

    def must(self, who, method, path, body, status):
        code, answer = self.hub.exchange(method, "/api/v0/" + path, body, self.tokens[who])
        assert code == status, (who, method, path, code, answer)
        return answer

    def pooled(self, who):
        """What the hub pools of the first model's results, as `who` sees it; None where it shows nothing."""
        report = self.must(who, "GET", "benchmarks/%d/aggregate/" % self.benchmark, None, 200)
        return report["models"][0]["pooled"] if report["models"] else None

    def _container(self, name, config, archive, image, parameters=None):
        config = json.loads(json.dumps(config))
        config["image"] = self.server.url + os.path.basename(archive)
        with open(archive, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        return {"name": name, "container_config": config, "parameters_config": parameters or {}, "image_hash": digest,
                "additional_files_tarball_hash": "", "state": "OPERATION",
                "metadata": {"medperf": {"image_id": "sha256:" + image}}}

    def _yaml(self, name):
        """A YAML file of the benchmark as JSON, read by the program that the project has for it."""
        import yaml  # Debian: python3-yaml
        with open(os.path.join(BENCHMARK, name) if not name.startswith("/") else name) as file:
            return yaml.safe_load(file)

    def _image(self, name, program, more=None):
        with open(find_program(self.programs, program), "rb") as file:
            files = {"program": (file.read(), 0o755), **(more or {})}
        archive = os.path.join(self.files, name + ".tar")
        return archive, write_image(archive, files, ["/program"])

    def _model(self, name, config, seed):
        with open(os.path.join(BENCHMARK, "models/lr-pixel/weights.csv")) as file:
            lines = file.read().split("\n")
        if seed:  # each model scores in its own way
            chance = random.Random(seed)
            lines = [",".join(self._shaken(cell, chance) for cell in line.split(",")) for line in lines]
        archive, image = self._image(name, "cxr_lr_pixel", {"weights": ("\n".join(lines).encode(), 0o644)})
        body = {"name": name, "type": "CONTAINER", "state": "OPERATION",
                "container": self._container(name, config, archive, image)}
        return self.must("vendor" if seed else "group", "POST", "models/", body, 201)["id"]

    @staticmethod
    def _shaken(cell, chance):
        try:
            value = float(cell)
        except ValueError:
            return cell
        return cell if value == int(value) else "%.9g" % (value * chance.uniform(0.6, 1.4))

    # What a test may put in.

    def demo(self):
        """Address and digest of the demo data; here of none."""
        return "https://localhost/none", "0" * 64

    def specification(self):
        return self._yaml("benchmark.yaml")

    def preparation_container(self):
        """Archive, image, configuration and parameters."""
        archive, image = self._image("preparation", "cxr_prepare")
        return archive, image, self._yaml("preparation/container_config.yaml"), self._yaml("preparation/parameters.yaml")

    def evaluation_parameters(self):
        return self._yaml("evaluation/parameters.yaml")

    def result_schema(self):
        with open(os.path.join(BENCHMARK, "result-schema.json")) as file:
            return json.load(file)

    def served(self, path):
        """Address and digest of a file that is served from now on."""
        shutil.copyfile(path, os.path.join(self.files, os.path.basename(path)))
        with open(path, "rb") as file:
            return self.server.url + os.path.basename(path), hashlib.sha256(file.read()).hexdigest()

    def _set_up(self):
        self.tokens = {name: self.hub.sign_in(name, PASSWORD) for name in ("admin", "group", "vendor", "hospital")}
        self.files = os.path.join(self.folder, "served")
        os.makedirs(self.files)
        self.server = FileServer(self.files, self.hub.cert, self.hub.key, self.file_host)
        archive, image, config, parameters = self.preparation_container()
        preparation = self.must("group", "POST", "mlcubes/", self._container("preparation", config, archive, image, parameters),
                                201)["id"]
        archive, image = self._image("evaluation", "medperf_evaluate")
        evaluation = self.must("group", "POST", "mlcubes/", self._container(
            "evaluation", self._yaml(os.path.join(TOP, "benchmarks/standard/evaluation/container_config.yaml")),
            archive, image, self.evaluation_parameters()), 201)["id"]
        config = self._yaml("models/lr-pixel/container_config.yaml")
        reference = self._model("reference", config, 0)
        agreed = {"specification": self.specification(), "result_schema": self.result_schema()}
        if self.release_policy:
            agreed["release_policy"] = self.release_policy
        demo_url, demo_hash = self.demo()
        self.benchmark = self.must("group", "POST", "benchmarks/", {
            "name": "study", "demo_dataset_tarball_url": demo_url, "demo_dataset_tarball_hash": demo_hash,
            "demo_dataset_generated_uid": "0" * 64, "data_preparation_mlcube": preparation,
            "reference_model": reference, "data_evaluator_mlcube": evaluation, "state": "OPERATION",
            "metadata": {"medperf": agreed}}, 201)["id"]
        self.must("admin", "PUT", "benchmarks/%d/" % self.benchmark, {"approval_status": "APPROVED"}, 200)
        self.models = [reference]
        for number in range(1, self.count):
            model = self._model("model-%d" % number, config, number)
            self.must("vendor", "POST", "models/benchmarks/", {
                "model": model, "benchmark": self.benchmark, "approval_status": "PENDING",
                "metadata": {}}, 201)
            self.must("group", "PUT", "models/%d/benchmarks/%d/" % (model, self.benchmark),
                      {"approval_status": "APPROVED"}, 200)
            self.models.append(model)

    # --- the hospital's side ---

    def new_workspace(self, name, options=None, user="hospital"):
        """A signed-in hospital that lets the group's and the vendor's containers run unasked."""
        folder = os.path.join(self.folder, name)
        os.makedirs(folder, mode=0o700)
        owners = [self.must(who, "GET", "me/", None, 200)["id"] for who in ("group", "vendor")]
        with open(os.open(os.path.join(folder, "config.yaml"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump({"hub": {"url": self.hub.url, "ca_file": self.hub.cert}, **(options or {})}, file)
        self.run(folder, "policy", "init")
        policy = self._yaml(os.path.join(folder, "policy.yaml"))
        policy["limits"].update(self.limits)
        policy["run"] = {"approval": "allowed", "allowed_publishers": owners}
        with open(os.path.join(folder, "policy.yaml"), "w") as file:
            json.dump(policy, file)
        password = os.path.join(folder, "password")
        with open(os.open(password, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(PASSWORD)
        self.run(folder, "auth", "login", "--username", user, "--password-file", password)
        return folder

    def environment(self, more=None):
        return {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "HOME": self.folder, "LANG": "C.UTF-8", **(more or {})}

    def command(self, workspace, *words):
        return [self.medperf, "--workspace", workspace, *map(str, words)]

    def run(self, workspace, *words, expect=(0,), more=None, timeout=900):
        done = subprocess.run(self.command(workspace, *words), capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, env=self.environment(more))
        assert done.returncode in expect, (words, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
        return done

    def demo_archive(self):
        archive = os.path.join(self.folder, "demo.tar.gz")
        if not os.path.exists(archive):
            subprocess.run(["python3", os.path.join(BENCHMARK, "demo-data/build.py"),
                            os.path.join(BENCHMARK, "data/pneumoniamnist.npz"), archive], check=True, timeout=600)
        return archive

    def raw_data(self):
        """The demo data of the benchmark, readable by containers of root."""
        raw = os.path.join(self.folder, "raw")
        archive = self.demo_archive()
        with tarfile.open(archive) as tar:
            tar.extractall(raw)
        subprocess.run(["chmod", "-R", "a+rX", raw], check=True)
        return raw

    def submit_dataset(self, workspace):
        raw = self.raw_data()
        self.run(workspace, "dataset", "submit", "--yes", "-b", self.benchmark, "--data-path", raw + "/images",
                 "--labels-path", raw + "/labels", "--name", "data", "--description", "test", "--location", "here")
        self.dataset = json.loads(self.run(workspace, "dataset", "ls", "--json").stdout)[0]["id"]
        return self.dataset

    def join(self, workspace):
        """Everything up to a dataset that takes part in the benchmark."""
        dataset = getattr(self, "dataset", None) or self.submit_dataset(workspace)
        self.run(workspace, "dataset", "prepare", "--yes", "-d", dataset)
        self.run(workspace, "dataset", "set_operational", "--yes", "-d", dataset)
        self.run(workspace, "dataset", "associate", "--yes", "-d", dataset, "-b", self.benchmark)
        self.must("group", "PUT", "datasets/%d/benchmarks/%d/" % (dataset, self.benchmark),
                  {"approval_status": "APPROVED"}, 200)
        return dataset

    def run_folder(self, workspace, model):
        return os.path.join(workspace, "runs", "%d-%d-%d" % (self.benchmark, model, self.dataset))

    def outputs(self, workspace, model):
        """SHA-256 of every file of predictions, and of the results, of one model."""
        found = {}
        folder = self.run_folder(workspace, model)
        for base, _, names in os.walk(os.path.join(folder, "predictions")):
            for name in names:
                with open(os.path.join(base, name), "rb") as file:
                    found[os.path.relpath(os.path.join(base, name), folder)] = hashlib.sha256(file.read()).hexdigest()
        for name in ("results.yaml", "envelope.json"):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                with open(path, "rb") as file:
                    found[name] = hashlib.sha256(file.read()).hexdigest()
        return found


def left_running(folder, seconds=120):
    """Processes that name something below `folder`, but not this one's own. A guard outlives its command by what it takes
    to clean up, so it is looked again for up to `seconds`."""
    patience.wait_for(lambda: not _running(folder), seconds, 0.05)
    return _running(folder)


def _running(folder):
    left = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace")
            with open("/proc/%s/stat" % pid) as file:
                state = file.read().rpartition(") ")[2][0]
        except OSError:
            continue
        if folder in words and state != "Z" and int(pid) != os.getpid() and "medperf-hub" not in words:
            left.append((int(pid), words[:160]))
    return left
