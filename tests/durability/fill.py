"""Fills a hub through its API and commands, so that every table of its database has rows: what an organisation has
after a while, in every state that a thing can be in."""
import base64, hashlib, hmac, http.client, json, struct, time

from hub import PASSWORD, benchmark, container, dataset, model

USERS = ("group", "hospital", "clinic", "vendor", "anna", "newcomer")


def code_of(secret, ahead=0):
    """The code of an authenticator app (RFC 6238) for a secret in base32; a hub takes the next step's, `ahead`, too."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + ahead), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7fffffff) % 10 ** 6)


class Filling:
    """One hub that runs, and what is in it by name."""

    def __init__(self, hub):
        self.hub, self.ids = hub, {}
        hub.add_user("admin", admin=True)
        for name in USERS:
            hub.add_user(name)
        hub.start()
        self.clients = {name: hub.client(name) for name in ("admin", *USERS)}
        self.users = {row["username"]: row["id"] for row in self.clients["admin"].all("users/")}

    def do(self, who, method, path, body=None, wanted=None, save=None, headers=None):
        status, answer = self.clients[who].send(method, path, body, headers)
        if status not in ((wanted,) if wanted else (200, 201, 204)):
            raise RuntimeError(f"{who}: {method} {path}: {status}: {answer}")
        if save:
            self.ids[save] = answer["id"]
        return answer

    def post(self, who, path, body, save=None, **more):
        return self.do(who, "POST", path, body, save=save, **more)

    def put(self, who, path, body, **more):
        return self.do(who, "PUT", path, body, **more)

    def approve(self, who, path, decision="APPROVED"):
        return self.put(who, path, {"approval_status": decision})

    def everything(self):
        for part in (self.assets, self.benchmarks, self.associations, self.results, self.certificates, self.training,
                     self.organisations, self.closed_group, self.committee, self.sign_in):
            part()

    def assets(self):
        ids = self.ids
        for name in ("preparation", "evaluator", "training box", "secret box"):
            self.post("group", "mlcubes/", {**container(name), "metadata": {"text": 'quote" tab\t ü', "deep": [1, None, 0.5]}},
                      save=name)
        self.post("vendor", "mlcubes/", container("in development", "DEVELOPMENT"))
        self.post("group", "models/", model("reference"), save="reference", headers={"Idempotency-Key": "the first"})
        for name in ("approved model", "pending model", "rejected model"):
            self.post("vendor", "models/", model(name), save=name)
        self.post("vendor", "models/", {"name": "weights", "type": "ASSET", "state": "OPERATION", "asset": {
            "name": "weights", "asset_hash": "ab", "asset_url": "https://example.com/w", "state": "OPERATION"}})
        self.post("vendor", "assets/", {"name": "alone", "asset_hash": "cd", "asset_url": "local"}, save="alone")
        self.do("admin", "DELETE", f"assets/{ids['alone']}/")  # the last id that was given is not that of a row
        for who in ("hospital", "clinic"):
            key = base64.b64encode(hashlib.sha256(who.encode()).digest()).decode()
            self.do(who, "POST", "me/keys/", {"public_key": key, "algorithm": "ed25519"})

    def benchmarks(self):
        ids = self.ids
        parts = (ids["preparation"], ids["reference"], ids["evaluator"])
        for name, decision in (("rejected benchmark", "REJECTED"), ("main", "APPROVED"), ("second", "APPROVED")):
            self.post("group", "benchmarks/", benchmark(name, *parts), save=name)
            self.approve("admin", f"benchmarks/{ids[name]}/", decision)
        self.post("vendor", "benchmarks/", benchmark("pending benchmark", *parts))
        self.put("group", f"benchmarks/{ids['second']}/", {
            "dataset_auto_approval_mode": "ALLOWLIST", "dataset_auto_approval_allow_list": ["clinic@example.com"]})
        for name, who in (("approved data", "hospital"), ("pending data", "hospital"), ("rejected data", "clinic"),
                          ("revoked data", "clinic"), ("plain data", "clinic")):
            self.post(who, "datasets/", {**dataset(name, ids["preparation"]), "report": {"rows": 7}}, save=name)
            if name != "plain data":
                self.put(who, f"datasets/{ids[name]}/", {"state": "OPERATION"})

    def ask(self, who, kind, thing, chosen, decision=None):
        self.post(who, f"{kind}s/benchmarks/", {kind: self.ids[thing], "benchmark": self.ids[chosen], "metadata": {}})
        if decision:
            self.approve("group", f"{kind}s/{self.ids[thing]}/benchmarks/{self.ids[chosen]}/", decision)

    def associations(self):
        self.ask("hospital", "dataset", "approved data", "main", "APPROVED")
        self.ask("hospital", "dataset", "pending data", "main")
        self.ask("clinic", "dataset", "rejected data", "main", "REJECTED")
        self.ask("clinic", "dataset", "revoked data", "main", "APPROVED")
        self.post("clinic", "datasets/benchmarks/", {
            "dataset": self.ids["revoked data"], "benchmark": self.ids["main"], "metadata": {"why": "no more"},
            "approval_status": "REJECTED"})
        self.ask("clinic", "dataset", "revoked data", "second")  # approved at once: on the allow list
        self.ask("vendor", "model", "approved model", "main", "APPROVED")
        self.ask("vendor", "model", "pending model", "main")
        self.ask("vendor", "model", "rejected model", "main", "REJECTED")
        self.put("group", f"models/{self.ids['approved model']}/benchmarks/{self.ids['main']}/", {"priority": 5})

    def result(self, who, name, chosen, used, data, **more):
        body = {"name": name, "benchmark": self.ids[chosen], "model": self.ids[used], "dataset": self.ids[data],
                "results": {}, "metadata": {}}
        self.post(who, "results/", {**body, **more}, save=name)

    def results(self):
        final = {"results": {"auc": 0.8125, "n": 9007199254740991}, "metadata": {"note": "as measured"}}
        for name in ("approved result", "rejected result", "final result"):
            self.result("hospital", name, "main", "approved model", "approved data")
            self.put("hospital", f"results/{self.ids[name]}/", final)
        self.approve("group", f"results/{self.ids['approved result']}/")
        self.approve("group", f"results/{self.ids['rejected result']}/", "REJECTED")
        self.result("hospital", "compatibility", "main", "reference", "pending data")
        self.result("hospital", "open result", "main", "approved model", "approved data")
        self.put("hospital", f"results/{self.ids['open result']}/", {"model_report": {"step": "infer"}})

    def certificates(self):
        ids = self.ids
        self.post("group", "cas/", {"name": "authority", "config": {"address": "ca", "port": 1}, "client_mlcube": 1,
                                    "server_mlcube": 1, "ca_mlcube": 1}, save="ca")
        for who, kind, valid in (("hospital", "RSA", True), ("hospital", "EC", True), ("clinic", "RSA", False)):
            self.post(who, "certificates/", {"name": f"{who} {kind}", "ca": ids["ca"], "key_type": kind,
                                             "certificate_content_base64": "TUlJ", "is_valid": valid},
                      save=f"{who} {kind}")
        self.post("group", "encrypted_keys/bulk/", [
            {"name": f"key {n}", "certificate": ids[f"hospital {kind}"], "container": ids["secret box"],
             "encrypted_key_base64": "c2Vj", "is_valid": n != 3} for n, kind in ((1, "RSA"), (2, "EC"), (3, "EC"))])

    def training(self):
        ids = self.ids
        self.post("vendor", "aggregators/", {"name": "aggregator", "aggregation_mlcube": ids["training box"],
                                             "config": {"address": "a", "port": 1, "admin_port": 2}}, save="aggregator")
        plain = {"demo_dataset_tarball_url": "https://example.com/demo", "demo_dataset_tarball_hash": "01",
                 "demo_dataset_generated_uid": "02", "data_preparation_mlcube": ids["preparation"],
                 "fl_mlcube": ids["training box"]}
        for name, decision in (("rejected training", "REJECTED"), ("experiment", "APPROVED"), ("quiet", "APPROVED"),
                               ("pending training", None)):
            self.post("group", "training/", {**plain, "name": name}, save=name)
            if decision:
                self.approve("admin", f"training/{ids[name]}/", decision)
        for name in ("experiment", "quiet"):
            self.put("group", f"training/{ids[name]}/", {"aggregator": ids["aggregator"]})
            self.put("group", f"training/{ids[name]}/", {"plan": {"rounds": 3}, "state": "OPERATION"})
        for who, data, decision in (("hospital", "approved data", "APPROVED"), ("clinic", "rejected data", "REJECTED"),
                                    ("clinic", "revoked data", None)):
            self.post(who, "datasets/training/", {"dataset": ids[data], "training_exp": ids["experiment"]})
            if decision:
                self.approve("group", f"datasets/{ids[data]}/training/{ids['experiment']}/", decision)
        event = {"training_exp": ids["experiment"], "participants": {"site": "hospital@example.com"}}
        self.post("group", "training/events/", {**event, "name": "first run"}, save="first run")
        self.put("vendor", f"training/events/{ids['first run']}/", {"report": {"rounds": 3}})
        self.post("group", "training/events/", {**event, "name": "second run"})

    def organisations(self):
        ids, users = self.ids, self.users
        self.post("anna", "organisations/", {"name": "Institute", "description": "of radiology"}, save="institute")
        for who in ("clinic", "newcomer"):
            self.post("anna", f"organisations/{ids['institute']}/members/", {"member": users[who]})
        seat = f"organisations/{ids['institute']}/members/{users['clinic']}/"
        self.put("clinic", seat, {"status": "ACCEPTED"})
        self.put("clinic", seat, {"active": True})
        self.post("clinic", "datasets/", dataset("data of the institute", ids["preparation"]), save="institute data")
        self.put("anna", f"datasets/{ids['institute data']}/", {"state": "OPERATION"})
        self.ask("anna", "dataset", "institute data", "main", "APPROVED")
        self.result("clinic", "result of the institute", "main", "approved model", "institute data")

    def closed_group(self):
        """A pilot that nobody outside may know of, whose names others have too."""
        ids = self.ids
        self.post("group", "closed_groups/", {"name": "pilot"}, save="pilot")
        inside = {"closed_group": ids["pilot"]}
        members = f"closed_groups/{ids['pilot']}/members/"
        self.post("group", members, {"member": self.users["hospital"]})
        self.post("group", members, {"organisation": ids["institute"]})
        self.post("group", "mlcubes/", {**container("evaluator"), **inside}, save="hidden evaluator")
        boxed = model("reference")
        self.post("group", "models/", {**boxed, **inside, "container": {**boxed["container"], **inside}},
                  save="hidden reference")
        self.post("group", "benchmarks/", {**benchmark("main", ids["preparation"], ids["hidden reference"],
                                                       ids["hidden evaluator"]), **inside}, save="hidden")
        self.approve("admin", f"benchmarks/{ids['hidden']}/")
        self.post("hospital", "datasets/", {**dataset("hidden data", ids["preparation"]), **inside}, save="hidden data")
        self.put("hospital", f"datasets/{ids['hidden data']}/", {"state": "OPERATION"})
        self.ask("hospital", "dataset", "hidden data", "hidden", "APPROVED")
        self.result("hospital", "hidden result", "hidden", "hidden reference", "hidden data")
        self.put("hospital", f"results/{ids['hidden result']}/", {"results": {"auc": 0.5}})
        self.closed_registries(inside)

    def closed_registries(self, inside):
        """Keys and training of the pilot, again under the names of others."""
        ids = self.ids
        box = ids["hidden evaluator"]
        self.post("group", "cas/", {"name": "authority", "config": {}, "client_mlcube": box, "server_mlcube": 1,
                                    "ca_mlcube": 1, **inside}, save="hidden ca")
        self.post("hospital", "certificates/", {"name": "hospital RSA", "ca": ids["hidden ca"],
                                                "certificate_content_base64": "TUlJ"}, save="hidden certificate")
        self.post("group", "encrypted_keys/bulk/", [{"name": "key 1", "certificate": ids["hidden certificate"],
                                                     "container": box, "encrypted_key_base64": "c2Vj"}])
        self.post("group", "aggregators/", {"name": "aggregator", "aggregation_mlcube": box, "config": {}, **inside},
                  save="hidden aggregator")
        self.approve("admin", f"training/{ids['pending training']}/", "REJECTED")  # each owner has one that waits
        self.post("group", "training/", {
            "name": "experiment", "demo_dataset_tarball_url": "https://example.com/demo",
            "demo_dataset_tarball_hash": "01", "demo_dataset_generated_uid": "02",
            "data_preparation_mlcube": ids["preparation"], "fl_mlcube": box, "plan": {"rounds": 1},
            "aggregator": ids["hidden aggregator"], "state": "OPERATION", **inside}, save="hidden training")
        self.approve("admin", f"training/{ids['hidden training']}/")
        self.post("hospital", "datasets/training/", {"dataset": ids["hidden data"],
                                                     "training_exp": ids["hidden training"]})
        self.post("group", "training/events/", {"name": "first run", "training_exp": ids["hidden training"],
                                                "participants": {}})

    def committee(self):
        ids, users = self.ids, self.users
        self.put("group", f"benchmarks/{ids['second']}/committee/", {
            "threshold": 2, "members": [users["group"], users["anna"], users["vendor"]]})
        self.post("hospital", "datasets/benchmarks/", {"dataset": ids["approved data"], "benchmark": ids["second"],
                                                       "metadata": {}})
        for who in ("group", "vendor"):
            self.approve(who, f"datasets/{ids['approved data']}/benchmarks/{ids['second']}/")
        self.post("vendor", "models/benchmarks/", {"model": ids["approved model"], "benchmark": ids["second"],
                                                   "metadata": {}})
        self.approve("anna", f"models/{ids['approved model']}/benchmarks/{ids['second']}/", "REJECTED")
        self.result("hospital", "second result", "second", "reference", "approved data")
        self.put("hospital", f"results/{ids['second result']}/", {"results": {"auc": 0.25}})
        self.approve("anna", f"results/{ids['second result']}/")

    def second_factor(self, who, confirm):
        secret = self.post(who, "me/second_factor/", {})["secret"]
        if confirm:
            self.post(who, "me/second_factor/confirm/", {"code": code_of(secret)})

    def sign_in(self):
        for scope, days in (("read", 5), ("write", 300)):
            ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))
            self.post("anna", "me/access_tokens/", {"name": f"to {scope}", "scope": scope, "expires_at": ends})
        self.second_factor("vendor", True)
        self.second_factor("clinic", False)
        self.post("anna", "auth/session/", {"username": "anna", "password": PASSWORD})
        for decision in (None, "approve", "deny"):
            code = self.post("anna", "auth/device/code/", {"client": f"device {decision}"})["user_code"]
            if decision:
                self.post("anna", "auth/device/approval/", {"user_code": code, "decision": decision})
        self.post("admin", "invitations/", {"email": "someone@example.com"})
        invited = self.post("admin", "invitations/", {})["invitation"]
        self.post("admin", "auth/sign_up/", {"username": "invited", "email": "invited@example.com",
                                             "password": "a good long sentence", "invitation": invited})
        self.post("admin", f"users/{self.users['newcomer']}/password_reset/", {})
        self.put("admin", f"users/{self.users['newcomer']}/active/", {"active": False})
        self.post("admin", "auth/login", {"username": "hospital", "password": "wrong"}, wanted=401)
