"""Who may do what, in every state of the objects, against relations written down here by hand.

The rows come from the hub's own description; what they allow is checked against ALLOWED, so that a row that
opens a door is noticed. Permitted writes carry bodies that change nothing, so that the states stay as they are."""
import re

# operation prefix or path pattern -> who, beside admin; "any" is everybody signed in. Only what is gated is listed by relation.
DATASET, MODEL, GROUP = "hospital", "vendor", "group"
GATED = [  # method, path, those allowed always, those allowed when the association of their object is approved
    ("GET", "users/", (), ()), ("GET", "results/", (), ()),
    ("PUT", "mlcubes/{preparation}/", (GROUP,), ()), ("DELETE", "mlcubes/{preparation}/", (), ()),
    ("GET", "mlcubes/{preparation}/datasets/", (GROUP,), ()),
    ("PUT", "models/{model}/", (MODEL,), ()), ("DELETE", "models/{model}/", (), ()),
    ("PUT", "benchmarks/{benchmark}/", (GROUP,), ()), ("DELETE", "benchmarks/{benchmark}/", (), ()),
    ("PUT+approval", "benchmarks/{benchmark}/", (), ()),
    ("GET", "benchmarks/{benchmark}/models/", (GROUP,), (DATASET,)), ("GET", "benchmarks/{benchmark}/datasets/", (GROUP,), (MODEL,)),
    ("GET", "benchmarks/{benchmark}/results/", (GROUP,), ()), ("GET", "benchmarks/{benchmark}/participants_info/", (GROUP,), ()),
    ("PUT", "datasets/{dataset}/", (DATASET,), ()), ("DELETE", "datasets/{dataset}/", (), ()),
    ("GET", "datasets/{dataset}/benchmarks/", (DATASET,), ()), ("GET", "models/{model}/benchmarks/", (MODEL,), ()),
    ("POST", "datasets/benchmarks/", (DATASET, GROUP), ()), ("POST", "models/benchmarks/", (MODEL, GROUP), ()),
    ("PUT", "datasets/{dataset}/benchmarks/{benchmark}/", (DATASET, GROUP), ()), ("PUT", "models/{model}/benchmarks/{benchmark}/", (MODEL, GROUP), ()),
    ("PUT+priority", "models/{model}/benchmarks/{benchmark}/", (GROUP,), ()),
    ("GET", "datasets/{dataset}/benchmarks/{benchmark}/", (DATASET, GROUP), ()), ("GET", "models/{model}/benchmarks/{benchmark}/", (MODEL, GROUP), ()),
    ("DELETE", "datasets/{dataset}/benchmarks/{benchmark}/", (), ()), ("DELETE", "models/{model}/benchmarks/{benchmark}/", (), ()),
    ("POST", "results/", (DATASET,), ()), ("GET", "results/{result}/", (DATASET, GROUP), ()), ("DELETE", "results/{result}/", (), ()),
    ("GET", "benchmarks/{benchmark}/", ("any",), ()), ("GET", "datasets/{dataset}/", ("any",), ()), ("GET", "models/{model}/", ("any",), ()),
    ("GET", "mlcubes/{preparation}/", ("any",), ()), ("GET", "mlcubes/", ("any",), ()), ("GET", "models/", ("any",), ()), ("GET", "datasets/", ("any",), ()),
    ("GET", "benchmarks/", ("any",), ()), ("GET", "me/", ("any",), ()), ("GET", "me/datasets/", ("any",), ()), ("GET", "me/results/", ("any",), ()),
]
ACTORS = (None, "stranger", GROUP, DATASET, MODEL, "admin")


def allowed(actor, always, when_approved, joined):
    if actor == "admin" or "any" in always or actor in always:
        return True
    return actor in when_approved and joined.get(actor) == "APPROVED"


def check_state(cases, session, world, state, joined):
    ids = {"preparation": world.preparation, "model": world.vendor_model, "benchmark": world.benchmark, "dataset": world.dataset, "result": world.result}
    for method, template, always, when_approved in GATED:
        if "{result}" in template and not world.result:
            continue
        path = template.format(**ids)
        verb, _, with_key = method.partition("+")
        body = None
        if verb == "PUT":
            body = {"approval": {"approval_status": "nonsense"}, "priority": {"priority": "nonsense"}}.get(with_key, {})
        elif verb == "POST":
            body = {"dataset": world.dataset, "model": world.vendor_model, "benchmark": world.benchmark, "metadata": None, "results": None}
        for actor in ACTORS:
            if verb == "DELETE" and actor == "admin":
                continue  # it would be done
            status = session.call(actor, verb, path, body).status
            name = f"{state}: {actor} {method} {template}"
            if actor is None:
                cases.equal(name, status, 401)
            elif allowed(actor, always, when_approved, joined):
                cases.check(name, status in (200, 400, 404), status)  # 404: no row of the pair yet
            else:
                cases.equal(name, status, 403)


def every_row(cases, hub, session, document):
    """Nothing is open but what is meant to be; strangers get no gated row, whatever the id."""
    open_rows = {"/version", "/healthz", "/readyz", "/openapi.json", "/schema/", "/.well-known/jwks.json"}
    open_rows |= {f"/api/v0/auth/{name}" for name in ("login", "session/", "password/", "sign_up/", "password/reset/",
                                                      "device/code/", "device/token/")}
    for path, methods in document["paths"].items():
        concrete = re.sub(r"\{[a-z_]+\}", "1", path)
        for method, row in methods.items():
            if method not in ("get", "post", "put", "delete", "patch"):
                continue
            who = row.get("x-medperf-who", [])
            body = {} if method in ("post", "put") else None
            answer = session.call(None, method.upper(), concrete, body)
            if row.get("security") == []:
                cases.check(f"open row {method} {path} is meant to be open", path in open_rows, who)
            else:
                cases.equal(f"no credentials: {method} {path}", answer.status, 401)
            if who == ["admin"]:
                for actor in ("stranger", "group"):
                    cases.equal(f"{actor} {method} {path}", session.call(actor, method.upper(), concrete, body).status, 403)


def privileges(cases, hub, session, make_world):
    every_row(cases, hub, session, session.must(200, None, "GET", "/openapi.json"))
    world = make_world("states", join=False, approve=False)
    world.result = 0
    joined = {}
    check_state(cases, session, world, "benchmark PENDING", joined)
    session.must(200, "admin", "PUT", f"benchmarks/{world.benchmark}/", {"approval_status": "APPROVED"})
    check_state(cases, session, world, "benchmark APPROVED, nobody asked", joined)
    world.ask("dataset", DATASET, world.dataset)
    world.ask("model", MODEL, world.vendor_model)
    check_state(cases, session, world, "associations PENDING", {DATASET: "PENDING", MODEL: "PENDING"})
    world.decide("dataset", GROUP, world.dataset, "APPROVED")
    check_state(cases, session, world, "dataset APPROVED", {DATASET: "APPROVED", MODEL: "PENDING"})
    world.decide("model", GROUP, world.vendor_model, "APPROVED")
    world.result = session.must(201, DATASET, "POST", "results/", {"benchmark": world.benchmark, "model": world.vendor_model, "dataset": world.dataset})["id"]
    both = {DATASET: "APPROVED", MODEL: "APPROVED"}
    check_state(cases, session, world, "all APPROVED, result open", both)
    session.must(200, DATASET, "PUT", f"results/{world.result}/", {"results": {"auc": 0.5}})
    check_state(cases, session, world, "result finalised", both)
    cases.equal("a finalised result is not written again", session.call(DATASET, "PUT", f"results/{world.result}/", {"results": {}}).status, 400)
    session.must(201, GROUP, "POST", "datasets/benchmarks/", {"dataset": world.dataset, "benchmark": world.benchmark, "metadata": {}, "approval_status": "REJECTED"})
    check_state(cases, session, world, "dataset revoked", {DATASET: "REJECTED", MODEL: "APPROVED"})
    answer = session.call(DATASET, "POST", "results/", {"benchmark": world.benchmark, "model": world.vendor_model, "dataset": world.dataset})
    cases.equal("no result from a revoked dataset", answer.status, 400)
    session.must(200, "admin", "PUT", f"benchmarks/{world.benchmark}/", {"approval_status": "REJECTED"})
    check_state(cases, session, world, "benchmark REJECTED", {DATASET: "REJECTED", MODEL: "APPROVED"})
    frozen = session.call(GROUP, "PUT", f"benchmarks/{world.benchmark}/", {"reference_model": world.vendor_model})
    cases.equal("in operation nothing is repointed", frozen.status, 400)
    cases.equal("and there is no way back", session.call(GROUP, "PUT", f"benchmarks/{world.benchmark}/", {"state": "DEVELOPMENT"}).status, 400)
    cases.section("privileges in eight states")
