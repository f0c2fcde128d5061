"""Closed groups from outside: what is in one is answered exactly as an id that was never given."""
import re
import statistics
import time

from harness import World

OUTSIDERS = (None, "stranger")
UNKNOWN = (1 << 41) + 987654321
FIRST_DRAWN, LAST_DRAWN = 1 << 40, 1 << 53
PASSING = ("date", "x-request-id", "etag", "content-length")  # of this answer alone; lengths are compared by the body


class Inside(World):
    """A world of which every object belongs to a closed group of "group", with the hospital and the vendor let in."""

    def __init__(self, session, name):
        self.s, self.name = session, name
        self.circle = session.must(201, "group", "POST", "closed_groups/", {"name": name})["id"]
        self.seat = 0
        for user in ("hospital", "vendor"):
            number = session.must(200, user, "GET", "me/")["id"]
            self.seat = session.must(201, "group", "POST", f"closed_groups/{self.circle}/members/", {"member": number})["id"]
        super().__init__(session, name)
        self.asset = session.must(201, "vendor", "POST", "assets/", {**asset(name), "closed_group": self.circle})["id"]
        self.inner = session.must(200, "vendor", "GET", f"models/{self.vendor_model}/")["container"]["id"]
        self.result = session.must(201, "hospital", "POST", "results/", {
            "benchmark": self.benchmark, "model": self.vendor_model, "dataset": self.dataset})["id"]
        self.registries()

    def registries(self):
        """An authority with a certificate, a key of a container, and an experiment with all that runs it."""
        must, circle = self.s.must, {"closed_group": self.circle}
        self.ca = must(201, "group", "POST", "cas/", {**authority(self.name), **circle})["id"]
        self.certificate = must(201, "hospital", "POST", "certificates/", certificate(self.name, self.ca))["id"]
        self.key = must(201, "vendor", "POST", "encrypted_keys/bulk/", [container_key(self.name, self.certificate, self.inner)])[0]["id"]
        self.aggregator = must(201, "vendor", "POST", "aggregators/", {**aggregator(self.name, self.evaluator), **circle})["id"]
        self.training = must(201, "group", "POST", "training/", {
            **experiment(self.name, self.preparation, self.evaluator), **circle, "aggregator": self.aggregator, "plan": {"rounds": 1}})["id"]
        must(200, "admin", "PUT", f"training/{self.training}/", {"approval_status": "APPROVED"})
        must(201, "hospital", "POST", "datasets/training/", {"dataset": self.dataset, "training_exp": self.training})
        self.event = must(201, "group", "POST", "training/events/", event(self.name, self.training))["id"]

    def container(self, user, name, state="OPERATION"):
        return self.s.must(201, user, "POST", "mlcubes/", {**self.container_body(name, state), "closed_group": self.circle})["id"]

    def model(self, user, name, state="OPERATION"):
        return self.s.must(201, user, "POST", "models/", {
            "name": self.name + name, "type": "CONTAINER", "state": state, "closed_group": self.circle,
            "container": self.container_body(name + " container", state)})["id"]

    def benchmark_body(self, name, state="OPERATION"):
        return {**super().benchmark_body(name, state), "closed_group": self.circle}

    def by_path(self):
        """The first word of a path, and what is hidden below it."""
        return {"mlcubes": (self.preparation, self.evaluator, self.inner), "models": (self.vendor_model, self.reference),
                "benchmarks": (self.benchmark,), "datasets": (self.dataset,), "results": (self.result,), "assets": (self.asset,),
                "closed_groups": (self.circle,), "cas": (self.ca,), "certificates": (self.certificate,), "encrypted_keys": (self.key,),
                "aggregators": (self.aggregator,), "training": (self.training, self.event)}

    def ids(self):
        return [number for numbers in self.by_path().values() for number in numbers] + [self.seat]


def asset(name):
    return {"name": name + "asset", "asset_hash": name, "asset_url": "local"}


def authority(name, container=1):
    return {"name": name + "authority", "config": {}, "client_mlcube": container, "server_mlcube": 1, "ca_mlcube": 1}


def certificate(name, ca):
    return {"name": name + "certificate", "ca": ca, "certificate_content_base64": "eA=="}


def container_key(name, holder, container):
    return {"name": name + "key", "certificate": holder, "container": container, "encrypted_key_base64": "eA=="}


def aggregator(name, container):
    return {"name": name + "aggregator", "config": {}, "aggregation_mlcube": container}


def experiment(name, preparation, trainer):
    return {"name": name + "experiment", "demo_dataset_tarball_url": "https://g/demo", "demo_dataset_tarball_hash": "01",
            "demo_dataset_generated_uid": "02", "data_preparation_mlcube": preparation, "fl_mlcube": trainer}


def event(name, training):
    return {"name": name + "event", "training_exp": training, "participants": {}}


class Outside:
    """One object of each kind that the stranger owns, in a public world."""

    def __init__(self, session, world):
        self.container = world.container("stranger", "of a stranger")
        self.model = world.model("stranger", "model of a stranger")
        self.dataset = world.new_dataset("stranger", "data of a stranger")
        self.benchmark = world.new_benchmark("stranger", "benchmark of a stranger", "DEVELOPMENT")
        self.asset = session.must(201, "stranger", "POST", "assets/", asset("of a stranger "))["id"]
        must, name = session.must, "of a stranger "
        self.ca = must(201, "stranger", "POST", "cas/", authority(name))["id"]
        self.certificate = must(201, "stranger", "POST", "certificates/", certificate(name, self.ca))["id"]
        self.key = must(201, "stranger", "POST", "encrypted_keys/bulk/", [container_key(name, self.certificate, self.container)])[0]["id"]
        self.aggregator = must(201, "stranger", "POST", "aggregators/", aggregator(name, self.container))["id"]
        self.training = must(201, "stranger", "POST", "training/", experiment(name, world.preparation, self.container))["id"]
        self.ids = {"mlcubes": self.container, "models": self.model, "datasets": self.dataset, "benchmarks": self.benchmark, "assets": self.asset,
                    "cas": self.ca, "certificates": self.certificate, "encrypted_keys": self.key, "aggregators": self.aggregator,
                    "training": self.training}


def alike(cases, session, user, method, path, body, hidden):
    """Sends a request twice, with "ID" once the hidden number and once one that nobody was given."""
    answers = []
    for number in (hidden, UNKNOWN):
        concrete = with_number(body, number)
        answer = session.call(user, method, path.replace("ID", str(number)), concrete)
        headers = {k: v for k, v in answer.headers.items() if k not in PASSING}
        text = re.sub(rb'"modified_at":"[^"]*"', b"", answer.body).replace(str(number).encode(), b"ID")
        answers.append((answer.status, text, headers))
    cases.check(f"{user} {method} {path} {body if body else ''}: hidden and unknown alike", answers[0] == answers[1] and answers[0][0] != 201, answers)


def with_number(body, number):
    if isinstance(body, dict):
        return {k: with_number(v, number) for k, v in body.items()}
    if isinstance(body, list):
        return [with_number(v, number) for v in body]
    return number if body == "ID" else body


def by_id(cases, session, document, inside, outside):
    """Every path with an id, by every method, and with the second id hidden."""
    for path, methods in document["paths"].items():
        words = path.removeprefix("/api/v0/").split("/")
        if "{" not in path or path == words[0]:
            continue
        for method in [m.upper() for m in methods if m in ("get", "post", "put", "delete")] + ["PATCH", "OPTIONS", "HEAD"]:
            body = {} if method in ("POST", "PUT") else None
            for user in OUTSIDERS:
                for number in inside.by_path().get(words[0], ()):
                    for other in (outside.benchmark, inside.benchmark):
                        concrete = re.sub(r"\{[a-z_]+\}", "ID", path, count=1)
                        concrete = re.sub(r"\{[a-z_]+\}", str(other), concrete)
                        alike(cases, session, user, method, concrete, body, number)
                if path.count("{") == 2:
                    first = outside.ids.get(words[0], inside.circle)
                    for number in (inside.benchmark, inside.seat, inside.training):
                        concrete = re.sub(r"\{[a-z_]+\}", str(first), path, count=1)
                        alike(cases, session, user, method, re.sub(r"\{[a-z_]+\}", "ID", concrete), body, number)
    for words, numbers in inside.by_path().items():
        for number in numbers:
            for body in ({"name": "x"}, {"is_valid": False}, {"state": "OPERATION"}, {"approval_status": "REJECTED"}, {"closed_group": None}, {"metadata": {"a": 1}}):
                alike(cases, session, "stranger", "PUT", f"{words}/ID/", body, number)


def by_reference(cases, session, world, inside, outside):
    """Every key of a body that names an object, all others right and the stranger's."""
    container = {**world.container_body("by reference"), "state": "DEVELOPMENT"}
    data = world.dataset_body("by reference")
    benchmark = {**world.benchmark_body("by reference", "DEVELOPMENT"), "reference_model": outside.model}
    pair = {"benchmark": world.benchmark, "metadata": {}}
    bodies = [
        ("datasets/", {**data, "data_preparation_mlcube": "ID"}, inside.preparation),
        ("benchmarks/", {**benchmark, "data_preparation_mlcube": "ID"}, inside.preparation),
        ("benchmarks/", {**benchmark, "data_evaluator_mlcube": "ID"}, inside.evaluator),
        ("benchmarks/", {**benchmark, "reference_model": "ID"}, inside.reference),
        ("benchmarks/", {**benchmark, "reference_model": "ID"}, inside.vendor_model),
        ("results/", {"benchmark": "ID", "model": outside.model, "dataset": outside.dataset}, inside.benchmark),
        ("results/", {"benchmark": world.benchmark, "model": "ID", "dataset": outside.dataset}, inside.vendor_model),
        ("results/", {"benchmark": world.benchmark, "model": outside.model, "dataset": "ID"}, inside.dataset),
        ("datasets/benchmarks/", {**pair, "dataset": outside.dataset, "benchmark": "ID"}, inside.benchmark),
        ("datasets/benchmarks/", {**pair, "dataset": "ID"}, inside.dataset),
        ("models/benchmarks/", {**pair, "model": outside.model, "benchmark": "ID"}, inside.benchmark),
        ("models/benchmarks/", {**pair, "model": "ID"}, inside.vendor_model),
        ("models/", {"name": "by reference", "type": "ASSET", "asset": "ID"}, inside.asset),
        ("models/", {"name": "by reference", "type": "CONTAINER", "container": "ID"}, inside.inner),
        ("aggregators/", {"name": "by reference", "config": {}, "aggregation_mlcube": "ID"}, inside.preparation),
        ("aggregators/", {**aggregator("by reference ", outside.container), "closed_group": "ID"}, inside.circle),
        ("cas/", {**authority("by reference ", "ID")}, inside.preparation),
        ("cas/", {**authority("by reference "), "closed_group": "ID"}, inside.circle),
        ("cas/", {**authority(inside.name), "closed_group": "ID"}, inside.circle),
        ("certificates/", certificate("by reference ", "ID"), inside.ca),
        ("certificates/", certificate(inside.name, "ID"), inside.ca),
        ("encrypted_keys/bulk/", [container_key("by reference ", "ID", outside.container)], inside.certificate),
        ("encrypted_keys/bulk/", [container_key("by reference ", outside.certificate, "ID")], inside.inner),
        ("training/", experiment("by reference ", "ID", outside.container), inside.preparation),
        ("training/", experiment("by reference ", world.preparation, "ID"), inside.evaluator),
        ("training/", {**experiment("by reference ", world.preparation, outside.container), "aggregator": "ID"}, inside.aggregator),
        ("training/", {**experiment("by reference ", world.preparation, outside.container), "closed_group": "ID"}, inside.circle),
        ("training/events/", event("by reference ", "ID"), inside.training),
        ("datasets/training/", {"dataset": outside.dataset, "training_exp": "ID"}, inside.training),
        ("datasets/training/", {"dataset": "ID", "training_exp": outside.training}, inside.dataset),
        ("mlcubes/", {**container, "closed_group": "ID"}, inside.circle),
        ("assets/", {**asset("by reference "), "closed_group": "ID"}, inside.circle),
        ("models/", {"name": "by reference", "type": "CONTAINER", "container": container, "closed_group": "ID"}, inside.circle),
        ("benchmarks/", {**benchmark, "closed_group": "ID"}, inside.circle),
        ("datasets/", {**data, "closed_group": "ID"}, inside.circle),
        ("mlcubes/", {**container, "name": inside.name + "preparation", "closed_group": "ID"}, inside.circle),
    ]
    for path, body, hidden in bodies:
        for user in OUTSIDERS:
            alike(cases, session, user, "POST", path, body, hidden)
    answer = session.call("stranger", "POST", "datasets/", {**data, "data_preparation_mlcube": inside.preparation})
    cases.check("a hidden reference is an invalid one", answer.status == 400 and answer.json == {
        "data_preparation_mlcube": [f'Invalid pk "{inside.preparation}" - object does not exist.']}, answer)
    for path, body, hidden in (
            (f"benchmarks/{outside.benchmark}/", {"reference_model": "ID"}, inside.reference),
            (f"benchmarks/{outside.benchmark}/", {"data_preparation_mlcube": "ID"}, inside.preparation),
            (f"benchmarks/{outside.benchmark}/", {"data_evaluator_mlcube": "ID"}, inside.evaluator),
            (f"datasets/{outside.dataset}/", {"data_preparation_mlcube": "ID"}, inside.preparation),
            (f"models/{outside.model}/", {"container": "ID"}, inside.inner),
            (f"models/{outside.model}/", {"asset": "ID"}, inside.asset),
            (f"training/{outside.training}/", {"aggregator": "ID"}, inside.aggregator),
            (f"training/{outside.training}/", {"fl_mlcube": "ID"}, inside.evaluator),
            ("encrypted_keys/bulk/", [{"id": "ID", "is_valid": False, "encrypted_key_base64": "-"}], inside.key)):
        alike(cases, session, "stranger", "PUT", path, body, hidden)
    for path, hidden in (("mlcubes/", inside.preparation), ("models/", inside.vendor_model), ("benchmarks/", inside.benchmark)):
        for text in ("ID", [], {}, str(hidden), float(hidden), -hidden):
            answer = session.call("stranger", "POST", "datasets/", {**data, "data_preparation_mlcube": with_number(text, hidden)})
            cases.check(f"{path} as {type(text).__name__}: refused", answer.status == 400, answer)


def filters(cases, session, document, inside):
    """Each filter of each list with a hidden number."""
    for path, methods in document["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            name = parameter.get("name")
            if parameter.get("in") != "query" or name in ("limit", "offset", "ordering") or "{" in path:
                continue
            for number in inside.ids():
                alike(cases, session, "stranger", "GET", f"{path}?{name}=ID", None, number)


def lists_of(session, document, user, ids):
    """Every answer of a reader that does not speak of this very request."""
    seen = {}
    for path, methods in document["paths"].items():
        if "get" not in methods or "session" in path or not path.startswith("/api/v0/") or "{key_id}" in path:
            continue
        words = path.removeprefix("/api/v0/").split("/")
        concrete = path.replace("{id}", str(ids.get(words[0], 1)), 1)
        concrete = re.sub(r"\{[a-z_]+\}", str(ids["benchmarks"]), concrete)
        for query in ("", "?limit=1", "?limit=1&offset=1", "?limit=1000&offset=2", "?ordering=-id", "?ordering=name"):
            answer = session.call(user, "GET", concrete + query)
            seen[concrete + query] = (answer.status, answer.body)
    return seen


def walked(cases, session, path, wanted):
    """All pages of a list by their links: as many rows as `count` says, and none that was drawn."""
    rows, address, pages = [], path + "?limit=2", 0
    while address and pages < 500:
        page = session.must(200, "stranger", "GET", address)
        rows += page["results"]
        address, pages = page["next"] and "/" + page["next"].split("/", 3)[3], pages + 1
        good = page["previous"] is None or str(1 << 40)[:6] not in page["previous"]
    cases.check(f"{path}: its pages hold what it counts", len(rows) == page["count"] == len({r["id"] for r in rows}) and good, (len(rows), page["count"]))
    cases.check(f"{path}: nothing hidden", all(r["id"] < FIRST_DRAWN and "closed_group" not in r for r in rows), wanted)


def names(cases, session, inside):
    """What is taken inside is free outside, for whoever is outside and for whoever is inside."""
    twin = World(session, inside.name)  # the same names, uids and digests
    cases.check("the same names outside", twin.benchmark < FIRST_DRAWN and twin.dataset < FIRST_DRAWN, vars(twin))
    session.must(201, "stranger", "POST", "assets/", asset(inside.name))
    ca = session.must(201, "stranger", "POST", "cas/", authority(inside.name))["id"]
    holder = session.must(201, "stranger", "POST", "certificates/", certificate(inside.name, ca))["id"]
    session.must(201, "vendor", "POST", "encrypted_keys/bulk/", [container_key(
        inside.name, holder, session.must(200, "vendor", "GET", f"models/{twin.vendor_model}/")["container"]["id"])])
    session.must(201, "vendor", "POST", "aggregators/", aggregator(inside.name, twin.evaluator))
    session.must(201, "vendor", "POST", "training/", experiment(inside.name, twin.preparation, twin.evaluator))
    answer = session.call("vendor", "POST", "cas/", {**authority(inside.name), "closed_group": inside.circle})
    cases.check("inside an authority's name is taken", answer.status == 400 and "name" in answer.json, answer)
    number = session.must(201, "stranger", "POST", "mlcubes/", twin.container_body("next"))["id"]
    later = session.must(201, "stranger", "POST", "mlcubes/", twin.container_body("after"))["id"]
    cases.equal("public ids leave no gap", later, number + 1)
    session.must(201, "group", "POST", "mlcubes/", {**twin.container_body("hidden once more"), "closed_group": inside.circle})
    cases.equal("not by what is hidden either", session.must(201, "stranger", "POST", "mlcubes/", twin.container_body("last"))["id"], later + 1)
    answer = session.call("vendor", "POST", "mlcubes/", {**twin.container_body("evaluator"), "closed_group": inside.circle})
    cases.check("inside a name is taken", answer.status == 400 and "name" in answer.json, answer)
    for number in inside.ids():
        cases.check(f"id {number} is drawn", FIRST_DRAWN <= number < LAST_DRAWN, number)
    cases.equal("and no two are near", len({number >> 24 for number in inside.ids()}), len(inside.ids()))


def timing(cases, session, inside):
    """The quartile of many interleaved requests: a busy machine moves both alike."""
    for path, hidden, body in (("benchmarks/ID/", inside.benchmark, None), ("datasets/ID/", inside.dataset, None), ("models/ID/", inside.vendor_model, None),
                               ("results/ID/", inside.result, None), ("datasets/", inside.preparation, {"data_preparation_mlcube": "ID"})):
        waits = {hidden: [], UNKNOWN: []}
        for i in range(250):
            for number in (hidden, UNKNOWN) if i % 2 else (UNKNOWN, hidden):
                begin = time.perf_counter()
                session.call("stranger", "POST" if body else "GET", path.replace("ID", str(number)), body and with_number(body, number))
                waits[number].append(time.perf_counter() - begin)
        one, other = (statistics.quantiles(w, n=4)[0] for w in (waits[hidden], waits[UNKNOWN]))
        cases.check(f"{path}: hidden and unknown take as long", abs(one - other) < 0.3 * max(one, other) + 0.00015, f"{one * 1e6:.0f} us, {other * 1e6:.0f} us")


def closed_groups(cases, session):
    document = session.must(200, None, "GET", "/openapi.json")
    world = World(session, "open ")
    outside = Outside(session, world)
    before = lists_of(session, document, "stranger", outside.ids)
    inside = Inside(session, "twin ")
    after = lists_of(session, document, "stranger", outside.ids)
    for path, answer in before.items():
        cases.equal(f"{path}: as if no group had been made", after[path], answer)
    cases.equal("those inside see it", session.call("vendor", "GET", f"benchmarks/{inside.benchmark}/").status, 200)
    by_id(cases, session, document, inside, outside)
    by_reference(cases, session, world, inside, outside)
    filters(cases, session, document, inside)
    for path in ("mlcubes/", "models/", "benchmarks/", "datasets/", "assets/", "cas/", "aggregators/", "training/"):
        walked(cases, session, path, inside.ids())
    timing(cases, session, inside)
    names(cases, session, inside)
    cases.equal("and nothing inside has changed", session.must(200, "group", "GET", f"closed_groups/{inside.circle}/members/")["count"], 3)
    session.must(204, "group", "DELETE", f"closed_groups/{inside.circle}/members/{inside.seat}/")
    for path, number in (("benchmarks", inside.benchmark), ("datasets", inside.dataset), ("mlcubes", inside.evaluator)):
        alike(cases, session, "vendor", "GET", f"{path}/ID/", None, number)
    cases.section("closed groups")
