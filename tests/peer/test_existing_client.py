#!/usr/bin/env python3
"""Every call that the existing Python client makes, against a real hub over TLS, made the way that client makes it.

The client's package is on no package index, so its wire behaviour is written down here: it builds https://HOST/api/v0
and throws away the scheme it was given; it pages with limit=32 and offset and always adds is_valid=True; it omits the
last slash of some paths; it posts its whole local object with nulls for what the hub gives; it turns NaN into words;
it takes exactly 200 (GET, PUT) and 201 (POST) for success; it reads every error as a JSON object whose values are
texts, lists or objects. Usage: test_existing_client.py [FOLDER], the folder that holds medperf-hub.
"""
import json
import math
import os
import ssl
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import real_hub  # noqa: E402

PAGE = 32
PASSWORD = "correct horse battery"
GIVEN_BY_HUB = {"id": None, "owner": None, "created_at": None, "modified_at": None, "for_test": False}
passed, failed = 0, 0


def case(name, good, seen=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s: %s" % (name, seen))


def without_nan(value):
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


class Refused(Exception):
    """An answer that the client does not take for success, with its text as the client shows it."""


def readable(errors):
    """The client's way to show an error; raises for what it cannot read."""
    lines = []
    for field, messages in errors.items():  # an array or a text has no items(): the client would crash
        if isinstance(messages, dict):
            messages = readable(messages)
        elif isinstance(messages, list):
            messages = "\n".join(messages)
        lines.append("- %s: %s" % (field, messages))
    return "\n".join(lines)


class Client:
    def __init__(self, address, certificate, token):
        self.server = "https://%s/api/v0" % address.split("://")[-1]
        self.context, self.token = ssl.create_default_context(cafile=certificate), token

    def send(self, method, path, body=None):
        data = None if body is None else json.dumps(without_nan(body)).encode()
        request = urllib.request.Request(self.server + path, data, method=method,
                                         headers={"Authorization": "Bearer " + self.token,
                                                  "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=180) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        if status != (201 if method == "POST" else 200):
            raise Refused(readable(json.loads(text)))
        return json.loads(text)

    def get(self, path):
        return self.send("GET", path)

    def post(self, path, body):
        return self.send("POST", path, body)

    def put(self, path, body):
        return self.send("PUT", path, body)

    def list(self, path, filters=None):
        rows, offset = [], 0
        while True:
            query = dict(filters or {}, is_valid=True, limit=PAGE, offset=offset)
            page = self.get(path + "?" + "&".join("%s=%s" % pair for pair in query.items()))
            rows += page["results"]
            offset += len(page["results"])
            if page["next"] is None:
                return rows

    def count(self, path, filters=None):
        query = dict(filters or {}, is_valid=True, limit=1, offset=0)
        return self.get(path + "?" + "&".join("%s=%s" % pair for pair in query.items()))["count"]


def local(**fields):
    """An object as the client has it before the hub knows it."""
    return dict(GIVEN_BY_HUB, is_valid=True, **fields)


def container(name, **more):
    return local(name=name, container_config={"image": "example/" + name}, parameters_config={},
                 image_hash="sha256:" + name, additional_files_tarball_url="", additional_files_tarball_hash="",
                 state="DEVELOPMENT", metadata={}, user_metadata={}, **more)


class Story:
    """One walk through every call, in an order in which each finds what it needs."""

    def __init__(self, clients):
        self.admin, self.group, self.hospital, self.vendor = clients

    def works(self, name, call, *arguments):
        try:
            answer = call(*arguments)
            case(name, True)
            return answer
        except Exception as problem:  # whatever it is, the client would have stopped here
            case(name, False, "%s %s" % (type(problem).__name__, problem))
            return {}

    def refused(self, name, word, call, *arguments):
        try:
            call(*arguments)
            case(name, False, "taken")
        except Refused as refusal:
            case(name, word in str(refusal), refusal)

    def accounts(self):
        me = self.works("current user", self.hospital.get, "/me/")
        case("user object", set(me) >= {"id", "username", "email", "first_name", "last_name", "metadata"}, me)
        self.works("own user", self.hospital.get, "/users/%d/" % me["id"])
        self.works("own metadata", self.hospital.put, "/users/%d/" % me["id"], {"metadata": {"cc": {"on": False}}})
        self.refused("somebody else's user", "permission", self.hospital.get, "/users/1/")

    def containers(self):
        self.preparation = self.works("container", self.group.post, "/mlcubes/", container("preparation"))["id"]
        self.evaluator = self.works("second container", self.group.post, "/mlcubes/", container("evaluator"))["id"]
        self.refused("container again", "already exists", self.group.post, "/mlcubes/", container("preparation"))
        self.works("container by id", self.hospital.get, "/mlcubes/%d/" % self.preparation)
        self.works("containers", self.hospital.list, "/mlcubes/")
        self.works("containers of one owner", self.hospital.list, "/mlcubes/", {"owner": 3})
        case("own containers", self.works("own containers", self.group.count, "/me/mlcubes/") == 2)
        for one in (self.preparation, self.evaluator):
            self.works("container into operation", self.group.put, "/mlcubes/%d/" % one, {"state": "OPERATION"})

    def assets_and_models(self):
        asset = self.works("asset", self.vendor.post, "/assets/", local(
            name="weights", asset_hash="01", asset_url="local", state="DEVELOPMENT", metadata={}, user_metadata={}))
        self.works("asset by id", self.vendor.get, "/assets/%d/" % asset["id"])
        self.works("assets", self.vendor.list, "/assets/")
        self.works("own assets", self.vendor.list, "/me/assets/")
        self.refused("an asset without model", "Not found", self.vendor.get, "/assets/%d/model/" % asset["id"])
        models = []
        for client, name in ((self.group, "reference"), (self.vendor, "candidate")):
            model = self.works("model", client.post, "/models/", local(
                name=name, type="CONTAINER", asset=None, container=container(name + " container"),
                state="DEVELOPMENT", metadata={}, user_metadata={}))
            case("model nests its container", isinstance(model.get("container"), dict), model)
            inner = model["container"]["id"]
            self.works("model of a container", client.get, "/mlcubes/%d/model/" % inner)
            self.works("model into operation", client.put, "/models/%d/" % model["id"], {"state": "OPERATION"})
            models.append(model["id"])
        self.reference, self.candidate = models
        self.works("model by id", self.hospital.get, "/models/%d/" % self.candidate)
        self.works("models by type", self.hospital.list, "/models/", {"type": "CONTAINER"})
        self.works("own models", self.vendor.list, "/me/models/")

    def benchmarks(self):
        self.benchmark = self.works("benchmark", self.group.post, "/benchmarks/", local(
            name="benchmark", description="", docs_url="", demo_dataset_tarball_url="https://example.org/demo",
            demo_dataset_tarball_hash="01", demo_dataset_generated_uid="02",
            data_preparation_mlcube=self.preparation, reference_model=self.reference,
            data_evaluator_mlcube=self.evaluator, state="OPERATION", metadata={}, user_metadata={}, is_active=True,
            approval_status=None, approved_at=None, dataset_auto_approval_mode="NEVER",
            dataset_auto_approval_allow_list=[], model_auto_approval_mode="NEVER",
            model_auto_approval_allow_list=[]))["id"]
        self.works("benchmark without last slash", self.hospital.get, "/benchmarks/%d" % self.benchmark)
        self.works("approval", self.admin.put, "/benchmarks/%d/" % self.benchmark, {"approval_status": "APPROVED"})
        self.works("benchmarks", self.hospital.list, "/benchmarks/", {"approval_status": "APPROVED"})
        self.works("own benchmarks", self.group.list, "/me/benchmarks/")
        self.works("auto approval", self.group.put, "/benchmarks/%d/" % self.benchmark,
                   {"dataset_auto_approval_mode": "NEVER", "dataset_auto_approval_allow_list": ["a@example.org"]})

    def datasets(self):
        body = local(name="data", description="", location="", input_data_hash="01", generated_uid="02", split_seed=0,
                     data_preparation_mlcube=self.preparation, submitted_as_prepared=False, state="DEVELOPMENT",
                     generated_metadata={"mean": float("nan")}, user_metadata={}, report={})
        dataset = self.works("dataset", self.hospital.post, "/datasets/", body)
        case("NaN travels as a word", dataset.get("generated_metadata") == {"mean": "nan"}, dataset)
        self.dataset = dataset["id"]
        path = "/datasets/%d/" % self.dataset
        self.works("report", self.hospital.put, path, {"report": {"stage": 1}})
        self.works("dataset into operation", self.hospital.put, path, dict(body, id=self.dataset, state="OPERATION"))
        self.works("dataset by id", self.group.get, path)
        self.works("datasets", self.group.list, "/datasets/")
        self.works("own datasets", self.hospital.list, "/me/datasets/")
        rows = self.works("datasets of a preparator", self.group.list, "/mlcubes/%d/datasets/" % self.preparation)
        case("with reports", rows and "report" in rows[0], rows)
        self.works("user of a dataset", self.group.get, "/users/%d/" % self.works("me", self.hospital.get, "/me/")["id"])

    def associations(self):
        for client, kind, member in ((self.hospital, "dataset", self.dataset), (self.vendor, "model", self.candidate)):
            pair = {kind: member, "benchmark": self.benchmark}
            self.works(kind + " association", client.post, "/%ss/benchmarks/" % kind,
                       dict(pair, approval_status="PENDING", metadata={}))
            self.refused(kind + " association twice", "non_field_errors", client.post, "/%ss/benchmarks/" % kind,
                         dict(pair, approval_status="PENDING", metadata={}))
            self.works(kind + " approval", self.group.put, "/%ss/%d/benchmarks/%d/" % (kind, member, self.benchmark),
                       {"approval_status": "APPROVED"})
            self.works("associations of a " + kind, client.list, "/%ss/%d/benchmarks/" % (kind, member))
            self.works("own %s associations" % kind, client.list, "/me/%ss/associations/" % kind)
        self.works("priority", self.group.put, "/models/%d/benchmarks/%d/" % (self.candidate, self.benchmark),
                   {"priority": 5})
        rows = self.works("models of a benchmark", self.hospital.list, "/benchmarks/%d/models/" % self.benchmark)
        case("member rows", rows and set(rows[0]) >= {"model", "approval_status", "created_at"}, rows)
        self.works("datasets of a benchmark", self.group.list, "/benchmarks/%d/datasets/" % self.benchmark)
        rows = self.works("participants", self.group.list, "/benchmarks/%d/participants_info/" % self.benchmark)
        case("participant rows", rows and rows[0]["owner"]["email"] == "hospital@example.org", rows)

    def results(self):
        body = local(name="run", benchmark=self.benchmark, model=self.candidate, dataset=self.dataset, results={},
                     metadata={}, user_metadata={}, model_report={}, evaluation_report={}, approval_status=None,
                     approved_at=None, finalized=False, finalized_at=None)
        result = self.works("result", self.hospital.post, "/results/", body)
        path = "/results/%d/" % result["id"]
        self.works("model report", self.hospital.put, path, {"model_report": {"execution_status": "finished"}})
        self.works("evaluation report", self.hospital.put, path, {"evaluation_report": {"execution_status": "ok"}})
        final = self.works("results", self.hospital.put, path, {"results": {"auc": 0.5}, "metadata": {}})
        case("final", final.get("finalized") is True, final)
        self.refused("results twice", "non_field_errors", self.hospital.put, path, {"results": {}})
        self.works("result by id", self.group.get, path)
        self.works("own results", self.hospital.list, "/me/results/", {"benchmark": self.benchmark})
        self.works("results of a benchmark", self.group.list, "/benchmarks/%d/results/" % self.benchmark)
        self.works("every result", self.admin.list, "/results/", {"model": self.candidate})
        self.refused("every result by others", "permission", self.hospital.list, "/results/")

    def certificates(self):
        ca = self.works("authority", self.group.post, "/cas/", local(
            name="ca", config={"address": "a", "port": 1, "fingerprint": "f", "client_provisioner": "c",
                               "server_provisioner": "s"},
            client_mlcube=1, server_mlcube=1, ca_mlcube=1, metadata={}))["id"]
        self.works("authority without last slash", self.hospital.get, "/cas/%d" % ca)
        self.works("authorities", self.hospital.list, "/cas/")
        self.works("own authorities", self.group.list, "/me/cas/")
        one = self.works("certificate", self.hospital.post, "/certificates/", local(
            name="certificate", ca=ca, certificate_content_base64="TUlJ", key_type="RSA"))["id"]
        self.works("certificate without last slash", self.hospital.get, "/certificates/%d" % one)
        self.works("own certificates", self.hospital.list, "/me/certificates/", {"ca": ca})
        rows = self.works("certificates of a benchmark", self.vendor.list,
                          "/benchmarks/%d/datasets_certificates/" % self.benchmark)
        case("with their owners", rows and rows[0]["owner"]["username"] == "hospital", rows)
        secret = self.works("secret container", self.vendor.post, "/mlcubes/", container("secret"))["id"]
        keys = self.works("keys", self.vendor.post, "/encrypted_keys/bulk/", [local(
            name="key", certificate=one, container=secret, encrypted_key_base64="c2Vj", metadata={})])
        self.refused("bad keys", "container", self.admin.post, "/encrypted_keys/bulk/", [{"name": "k"}])
        self.works("key without last slash", self.vendor.get, "/encrypted_keys/%d" % keys[0]["id"])
        self.works("own keys", self.vendor.list, "/me/encrypted_keys/", {"container": secret})
        self.works("keys of a certificate", self.hospital.list, "/certificates/%d/encrypted_keys/" % one)
        self.works("keys withdrawn", self.vendor.put, "/encrypted_keys/bulk/", [
            {"id": keys[0]["id"], "is_valid": False, "encrypted_key_base64": "gone"}])
        self.works("certificate withdrawn", self.hospital.put, "/certificates/%d/" % one, {"is_valid": False})

    def training(self):
        aggregator = self.works("aggregator", self.vendor.post, "/aggregators/", local(
            name="aggregator", config={"address": "a", "port": 1, "admin_port": 2},
            aggregation_mlcube=self.evaluator, metadata={}))["id"]
        self.works("aggregator without last slash", self.group.get, "/aggregators/%d" % aggregator)
        self.works("aggregators", self.group.list, "/aggregators/")
        self.works("own aggregators", self.vendor.list, "/me/aggregators/")
        one = self.works("experiment", self.group.post, "/training/", local(
            name="training", description="", docs_url="", demo_dataset_tarball_url="u", demo_dataset_tarball_hash="h",
            demo_dataset_generated_uid="i", data_preparation_mlcube=self.preparation, fl_mlcube=self.evaluator,
            fl_admin_mlcube=None, plan={}, aggregator=aggregator, state="OPERATION", metadata={}, user_metadata={},
            approval_status=None, approved_at=None))["id"]
        path = "/training/%d/" % one
        self.works("experiment approval", self.admin.put, path, {"approval_status": "APPROVED"})
        self.works("experiment by id", self.hospital.get, path)
        self.works("experiments", self.hospital.list, "/training/")
        self.works("own experiments", self.group.list, "/me/training/")
        self.works("experiments of an aggregator", self.vendor.list,
                   "/aggregators/%d/training_experiments/" % aggregator)
        self.works("training association", self.hospital.post, "/datasets/training/",
                   {"dataset": self.dataset, "training_exp": one, "approval_status": "PENDING"})
        self.works("training approval", self.group.put, "/datasets/%d/training/%d/" % (self.dataset, one),
                   {"approval_status": "APPROVED"})
        self.works("own training associations", self.hospital.list, "/me/datasets/training_associations/")
        event = self.works("event", self.group.post, "/training/events/", local(
            name="event", training_exp=one, participants={"site": "hospital@example.org"}, finished=False,
            finished_at=None, report=None))["id"]
        self.works("event without last slash", self.hospital.get, "/training/events/%d" % event)
        self.works("events", self.admin.list, "/training/events/")
        self.works("own events", self.group.list, "/me/training/events/")
        for part, client in (("datasets", self.group), ("participants_info", self.vendor),
                             ("datasets_certificates", self.vendor)):
            self.works("experiment's " + part, client.list, path + part + "/")
        self.works("experiment's aggregator", self.hospital.get, path + "aggregator/")
        self.works("experiment's event", self.hospital.get, path + "event/")
        self.works("event finished", self.vendor.put, "/training/events/%d/" % event, {"report": {"rounds": 1}})

    def many(self):
        for i in range(PAGE + 5):
            self.works("one of many", self.vendor.post, "/mlcubes/", container("many %d" % i))
        rows = self.works("more than a page", self.vendor.list, "/me/mlcubes/")
        case("each once", len(rows) == len({row["id"] for row in rows}) == self.vendor.count("/me/mlcubes/") > PAGE, rows)


def main():
    with tempfile.TemporaryDirectory(prefix="medperf-peer-") as folder:
        hub = real_hub.RealHub(folder, real_hub.programs(sys.argv[1:]))
        names = ("admin", "group", "hospital", "vendor")
        for name in names:
            hub.add_user(name, PASSWORD, admin=name == "admin")
        with hub:
            address = "http://localhost:%d" % hub.port  # the scheme is thrown away
            story = Story([Client(address, hub.cert, hub.sign_in(name, PASSWORD)) for name in names])
            for chapter in (story.accounts, story.containers, story.assets_and_models, story.benchmarks, story.datasets,
                            story.associations, story.results, story.certificates, story.training, story.many):
                try:
                    chapter()
                except Exception as problem:  # the chapter needs what failed before
                    case(chapter.__name__, False, repr(problem))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
