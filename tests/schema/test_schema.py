#!/usr/bin/env python3
"""The hub against its own OpenAPI document: thousands of made requests by several signed-in accounts.

No 5xx, no status that the document does not name, every body valid to its schema. Requests are made by
schemathesis from the served document, half of them wrong on purpose, in a fixed order from a fixed seed.
Usage: test_schema.py [--requests N] [FOLDER], the folder that holds medperf-hub (default: build/release/src/apps).
Its packages are pinned in requirements.txt and installed into build/schema-environment.
"""
import hashlib
import os
import subprocess
import sys
import tempfile
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests/support"))


def inside_environment():
    """Runs this script again with the pinned packages; makes their environment if it is not there or is another."""
    requirements = os.path.join(HERE, "requirements.txt")
    with open(requirements, "rb") as file:
        digest = hashlib.sha256(file.read() + sys.version.encode()).hexdigest()
    folder = os.path.join(TOP, "build/schema-environment")
    python, note = os.path.join(folder, "bin/python"), os.path.join(folder, "installed")
    if not (os.path.exists(note) and open(note).read() == digest):
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r",
                        requirements], check=True)
        with open(note, "w") as file:
            file.write(digest)
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


if os.environ.get("VIRTUAL_ENV_OF_SCHEMA_TEST") != "1":
    os.environ["VIRTUAL_ENV_OF_SCHEMA_TEST"] = "1"
    inside_environment()

import argparse  # noqa: E402  (below: with the packages)
import collections  # noqa: E402
import logging  # noqa: E402
import random  # noqa: E402
import warnings  # noqa: E402

import hypothesis  # noqa: E402
import requests  # noqa: E402
import schemathesis  # noqa: E402
from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (content_type_conformance, response_headers_conformance,  # noqa: E402
                                               response_schema_conformance, status_code_conformance)

import real_hub  # noqa: E402

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]
ACTORS = ("admin", "group", "hospital", "vendor", "stranger")
SEED = 20260102
PASSWORD = "correct horse battery"
# What takes accounts away is asked of spare ones only.
OF_ACCOUNTS = {"users_delete", "users_active"}
OPTIONS = """
accounts:
  sign_up: open
limits:
  anonymous_rate: 0
"""
# What has to have been done at least once: each of them ends something.
ENDING = {*OF_ACCOUNTS, "sign_out_everywhere"}
FURTHER_TRIES = 20
NEAR_IDS = 12  # ids of path and body that likely exist


class Spares:
    """Accounts that may be shut out, removed and signed out; made anew as they go, each from an address of its own: sign-ups
    and wrong tries are counted by address, and made requests sign up and try."""

    def __init__(self, hub):
        self.hub, self.made, self.ids = hub, 0, []
        self.name = self.token = None
        self.sign_in()

    def add(self):
        self.made += 1
        name = "spare%d" % self.made
        status, answer = self.hub.exchange("POST", "/api/v0/auth/sign_up/", {
            "username": name, "email": name + "@example.org", "password": PASSWORD}, source=self.address())
        assert status == 201, answer
        return name, answer["id"]

    def sign_in(self):
        """A token that a request may end."""
        if self.name is None:
            self.name, _ = self.add()
        self.token = self.hub.sign_in(self.name, PASSWORD, self.address())

    def address(self):
        return "127.9.%d.%d" % (self.made // 250, self.made % 250 + 1)

    def any_id(self, chance):
        """The id of a spare account, or one that nobody has."""
        if chance.random() < 0.2:
            return 10 ** 6 + chance.randrange(1000)
        if not self.ids:
            self.ids = [self.add()[1] for _ in range(4)]
        return chance.choice(self.ids)


class World:
    """Accounts with tokens and one object of each kind, so that requests find something."""

    def __init__(self, hub):
        self.hub = hub
        self.tokens = {name: hub.sign_in(name, PASSWORD) for name in ACTORS}
        container = {"container_config": {}, "parameters_config": None, "additional_files_tarball_hash": "",
                     "state": "OPERATION"}
        preparation = self.add("group", "mlcubes/", dict(container, name="preparation", image_hash="01"))
        evaluator = self.add("group", "mlcubes/", dict(container, name="evaluator", image_hash="02"))
        self.add("admin", "assets/", {"name": "asset", "asset_hash": "03", "asset_url": "local"})
        models = [self.add(owner, "models/", {
            "name": name, "type": "CONTAINER", "state": "OPERATION",
            "container": dict(container, name=name + " container", image_hash=name)})
            for owner, name in (("group", "reference"), ("vendor", "model"))]
        demo = {"demo_dataset_tarball_url": "https://example.org", "demo_dataset_tarball_hash": "04",
                "demo_dataset_generated_uid": "05", "data_preparation_mlcube": preparation, "state": "OPERATION"}
        benchmark = self.add("group", "benchmarks/", dict(demo, name="benchmark", reference_model=models[0],
                                                          data_evaluator_mlcube=evaluator))
        self.change("admin", "benchmarks/%d/" % benchmark, {"approval_status": "APPROVED"})
        dataset = self.add("hospital", "datasets/", {
            "name": "data", "input_data_hash": "06", "generated_uid": "07", "split_seed": 0,
            "data_preparation_mlcube": preparation, "submitted_as_prepared": False})
        self.change("hospital", "datasets/%d/" % dataset, {"state": "OPERATION"})
        for kind, owner, member in (("datasets", "hospital", dataset), ("models", "vendor", models[1])):
            self.add(owner, kind + "/benchmarks/", {kind[:-1]: member, "benchmark": benchmark, "metadata": {}})
            self.change("group", "%s/%d/benchmarks/%d/" % (kind, member, benchmark), {"approval_status": "APPROVED"})
        self.add("hospital", "results/", {"benchmark": benchmark, "model": models[1], "dataset": dataset})
        certificate = self.add("hospital", "certificates/", {
            "name": "certificate", "ca": 1, "certificate_content_base64": "TUlJ"})
        self.add("group", "encrypted_keys/bulk/", [{
            "name": "key", "certificate": certificate, "container": evaluator, "encrypted_key_base64": "c2Vj"}])
        aggregator = self.add("vendor", "aggregators/", {
            "name": "aggregator", "config": {}, "aggregation_mlcube": evaluator})
        training = self.add("group", "training/", dict(demo, name="training", fl_mlcube=evaluator, plan={},
                                                       aggregator=aggregator))
        self.change("admin", "training/%d/" % training, {"approval_status": "APPROVED"})
        self.add("hospital", "datasets/training/", {"dataset": dataset, "training_exp": training})
        self.add("group", "training/events/", {"name": "event", "training_exp": training, "participants": {}})

    def add(self, actor, path, body):
        status, answer = self.hub.exchange("POST", "/api/v0/" + path, body, self.tokens[actor])
        assert status == 201, (path, answer)
        return (answer[0] if isinstance(answer, list) else answer)["id"]

    def change(self, actor, path, body):
        status, answer = self.hub.exchange("PUT", "/api/v0/" + path, body, self.tokens[actor])
        assert status == 200, (path, answer)


def bring_near(value, chance, references, key=None):
    """Ids that a generator draws from 64 bits hit nothing: most become small, as those that exist."""
    if isinstance(value, dict):
        return {name: bring_near(item, chance, references, name) for name, item in value.items()}
    if isinstance(value, list):
        return [bring_near(item, chance, references, key) for item in value]
    if key in references and isinstance(value, int) and not isinstance(value, bool) and chance.random() < 0.9:
        return chance.randrange(1, NEAR_IDS)
    return value


def reference_names(document):
    """Fields that hold ids: those of the format int64."""
    names = set()
    for schema in document["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            forms = [field, *field.get("anyOf", [])]
            if any(form.get("format") == "int64" for form in forms):
                names.add(name)
    return names


class Run:
    def __init__(self, hub, world, document):
        self.hub, self.world, self.chance = hub, world, random.Random(SEED)
        self.session, self.spares = requests.Session(), Spares(hub)
        self.references = reference_names(document)
        self.statuses, self.done, self.failures = collections.Counter(), collections.Counter(), {}

    def send(self, case):
        """Returns the number of requests sent (one) after judging the answer."""
        for name in case.path_parameters or {}:
            if name in ("id", "other") and self.chance.random() < 0.85:
                case.path_parameters[name] = self.chance.randrange(1, NEAR_IDS)
        operation = case.operation.definition.raw["operationId"]
        if operation in OF_ACCOUNTS:
            case.path_parameters["id"] = self.spares.any_id(self.chance)
        case.body = bring_near(case.body, self.chance, self.references)
        # The credentials are ours; those made up for a case are kept in one of thirty.
        request = case.as_transport_kwargs(base_url=self.hub.url)
        headers = request["headers"] = dict(request.get("headers") or {})
        if self.chance.random() < 0.97:
            for name in [name for name in headers if name.lower() == "authorization"]:
                del headers[name]
            headers["Authorization"] = "Bearer " + (self.spares.token if operation == "sign_out_everywhere" else
                                                    self.world.tokens[self.chance.choice(ACTORS)])
        response = self.session.request(**request, verify=self.hub.cert, timeout=180, allow_redirects=False)
        self.statuses[response.status_code] += 1
        self.done[operation] += response.status_code < 300
        if response.status_code == 204 and operation == "users_delete":
            self.spares.ids.remove(case.path_parameters["id"])
        if response.status_code == 204 and operation == "sign_out_everywhere":
            self.spares.sign_in()
        try:
            case.validate_response(response, checks=CHECKS)
        except Exception as problem:  # the checks raise a group of what they found
            text = "\n".join(str(part) for part in getattr(problem, "exceptions", [problem]))
            self.failures.setdefault((case.operation.label, text.splitlines()[0]), text + "\n" + case.as_curl_command())

    def exercise(self, operation, mode, count):
        """`count` requests of one operation, the same in every run."""
        @hypothesis.seed(SEED)
        @hypothesis.settings(max_examples=count, deadline=None, database=None, phases=[hypothesis.Phase.generate],
                             suppress_health_check=list(hypothesis.HealthCheck))
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def once(case):
            self.send(case)

        try:
            once()
        except (hypothesis.errors.Unsatisfiable, hypothesis.errors.HypothesisException):
            pass  # an operation without parameters and body cannot be asked wrongly


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("folder", nargs="*")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="medperf-schema-") as folder:
        hub = real_hub.RealHub(folder, real_hub.programs(arguments.folder), OPTIONS)
        for name in ACTORS:
            hub.add_user(name, PASSWORD, admin=name == "admin")
        with hub:
            status, document = hub.exchange("GET", "/openapi.json")
            assert status == 200
            schema = schemathesis.openapi.from_dict(document)
            operations = [found.ok() for found in schema.get_all_operations()]
            run = Run(hub, World(hub), document)
            share = max(1, arguments.requests // (2 * len(operations)))
            round_number = 0
            while sum(run.statuses.values()) < arguments.requests and round_number < 20:
                for operation in operations:
                    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                        run.exercise(operation, mode, share)
                missing = arguments.requests - sum(run.statuses.values())
                share, round_number = max(1, missing // len(operations)), round_number + 1
            # Most actors may not: a small share may have met none that may.
            for operation in operations:
                name = operation.definition.raw["operationId"]
                for _ in range(FURTHER_TRIES if name in ENDING else 0):
                    if run.done[name] == 0:
                        run.exercise(operation, GenerationMode.POSITIVE, 5)
    total = sum(run.statuses.values())
    print("%d requests to %d operations: %s" % (total, len(operations), ", ".join(
        "%d x %d" % (count, status) for status, count in sorted(run.statuses.items()))))
    for (label, _), text in run.failures.items():
        print("FAIL %s\n%s\n" % (label, text[:2000]))
    done = sum(count for status, count in run.statuses.items() if status < 300)
    bad = len({label for label, _ in run.failures})
    for name in sorted(ENDING):
        if run.done[name] == 0:
            print("FAIL %s never did anything" % name)
            bad += 1
    if done < total / 20:
        print("FAIL only %d of %d requests did anything: the run proves little" % (done, total))
        bad += 1
    print("%d passed, %d failed" % (len(operations) - bad, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
