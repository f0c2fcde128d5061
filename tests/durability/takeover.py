"""Taking over an existing hub, whole: from its SQLite file, from what pg_dump wrote, and through the API, into either
database. Every field of every row is compared."""
import calendar, json, time

import existing
from archive import Archive
from fill import Filling
from hub import Hub
from upgrade import as_shown


def as_stored(value):
    """A value of theirs as our tables keep it; documents are compared as what they say."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value in (existing.THEN, existing.LATER):
        whole, _, part = value.partition(".")
        return calendar.timegm(time.strptime(whole, "%Y-%m-%d %H:%M:%S")) * 1000000 + int(part or 0)
    return value


def not_as_there(after):
    wrong = []
    there = existing.rows()
    settings = {row["user_id"]: row["metadata"] for row in there["user_userextension"]}
    for table, name in existing.OURS.items():
        ours = {record["id"]: record for record in after.tables[name].records()}
        kinds = {column: kind for column, kind, _ in existing.columns_of(table)}
        for row in there[table]:
            if row["id"] in existing.REFUSED.get(table, ()):
                if row["id"] in ours:
                    wrong.append((name, row["id"], "was to be refused"))
                continue
            for column, value in row.items():
                if column in existing.NOT_TAKEN:
                    continue
                field = column.removesuffix("_id") if kinds.get(column) == "ref" else column
                found = ours.get(row["id"], {}).get(field, "missing")
                if kinds.get(column) == "json" and isinstance(found, str) and found != "missing":
                    found = json.loads(found)
                if found != as_stored(value):
                    wrong.append((name, row["id"], field, found, value))
            if name == "users" and row["id"] in settings:
                if json.loads(ours[row["id"]]["metadata"]) != settings[row["id"]]:
                    wrong.append((name, row["id"], "metadata"))
    return wrong


def check_works_on(report, label, hub):
    """The hub that took the rows goes on with them by the rules."""
    hub.add_user("admin", admin=True)
    hub.start()
    admin = hub.client("admin")
    pair = admin.must(200, "GET", "datasets/1/training/1/")
    report.case(f"{label}: histories are whole", [r["approval_status"] for r in pair] == ["REJECTED", "APPROVED"], pair)
    event = admin.must(200, "GET", "training/1/event/")
    report.case(f"{label}: the newest event runs", event["name"] == "second" and not event["finished"], event)
    status, _ = admin.send("PUT", "training/1/", {"is_valid": False})
    report.case(f"{label}: and holds its experiment", status == 400, status)
    done = admin.must(200, "PUT", "training/events/2/", {"report": {"rounds": 3}})
    report.case(f"{label}: until it is finished", done["finished"], done)
    new = admin.must(201, "POST", "training/events/", {"name": "third", "training_exp": 1, "participants": {}})
    report.case(f"{label}: ids go on after the last that was given", new["id"] == 51, new)
    status, _ = admin.send("POST", "encrypted_keys/bulk/", [
        {"name": "again", "certificate": 1, "container": 5, "encrypted_key_base64": "c2Vj"}])
    report.case(f"{label}: one valid key for each certificate and container", status == 400, status)
    hub.stop()


def from_database(report, folder, programs, cluster):
    sources = {"sqlite file": existing.as_sqlite(folder / "existing.sqlite3"),
               "dump": existing.as_dump(cluster, folder / "existing.sql", "UTC"),
               "dump of another time zone": existing.as_dump(cluster, folder / "zone.sql", "America/St_Johns")}
    for source, file in sources.items():
        for engine in ("sqlite", "postgres"):
            label = f"import: {source} into {engine}"
            name = f"taken_{source}_{engine}".replace(" ", "_")
            hub = Hub(folder / name, programs, cluster.make_database(name) if engine == "postgres" else None)
            done = hub.run("import", "--from-database", file, "--json", check=False)
            told = json.loads(done.stdout)["entities"] if done.stdout else {}
            refused = sum(len(entity["refused"]) for entity in told.values())
            report.case(f"{label}: one row is refused, with its reason", done.returncode == 12 and refused == 1,
                        (done.returncode, refused, done.stderr[-300:]))
            hub.run("backup", "--to", folder / f"{name}.backup")
            wrong = not_as_there(Archive(folder / f"{name}.backup"))
            report.case(f"{label}: every field of every row is as it was there", not wrong, wrong[:3])
            report.case(f"{label}: sound", hub.run("check", check=False).returncode == 0)
            if told and not wrong:
                check_works_on(report, label, hub)


# The API shows some things to their owners only; `import` says so.
NOT_SHOWN = {"users": {"is_superuser", "is_active", "issuer", "token_generation", "signed_out_at"},
             "benchmarks": {"dataset_auto_approval_allow_list", "model_auto_approval_allow_list"},
             "datasets": {"report"}, "training_associations": None}
TABLES = [*existing.OURS.values(), "results"]


def compared(name, table):
    """Rows without what the API does not show, documents as what they say."""
    hidden = NOT_SHOWN.get(name, set()) | {"uniqueness", "signed"}
    found = {}
    for record in table.records():
        found[record["id"]] = {column: as_shown(column, value) for column, value in record.items()
                               if column not in hidden}
    return found


def read_api(hub, source, token):
    return json.loads(hub.run("import", "--from-url", f"http://127.0.0.1:{source.port}", "--token-file", token, "--json",
                              check=False).stdout)


def from_api(report, folder, programs, cluster):
    """A hub of which every registry has rows is read through its API."""
    source = Hub(folder / "api-source", programs)
    filling = Filling(source)
    for part in (filling.assets, filling.benchmarks, filling.associations, filling.results, filling.certificates,
                 filling.training):
        part()
    token = folder / "api-token"
    token.write_text(filling.clients["admin"].token)
    token.chmod(0o600)
    source.run("backup", "--to", folder / "api-source.backup")
    before = Archive(folder / "api-source.backup")
    for engine in ("sqlite", "postgres"):
        label = f"import: API into {engine}"
        hub = Hub(folder / f"api-{engine}", programs, cluster.make_database("api_taken") if engine == "postgres" else None)
        done = read_api(hub, source, token)
        report.case(f"{label}: it says what the API does not show", len(done["limits"]) == 3, done["limits"])
        hub.run("backup", "--to", folder / f"api-{engine}.backup")
        after = Archive(folder / f"api-{engine}.backup")
        for name in TABLES:
            if NOT_SHOWN.get(name, ()) is None:
                continue
            left, right = compared(name, before.tables[name]), compared(name, after.tables[name])
            report.case(f"{label}: {name}: all {len(left)} rows, every field that is shown", left and left == right,
                        [(i, left.get(i), right.get(i)) for i in left.keys() | right.keys()
                         if left.get(i) != right.get(i)][:1])
        report.case(f"{label}: sound", hub.run("check", check=False).returncode == 0)
        hub.start()
        made = json.loads(hub.run("user", "list", "--json").stdout)
        report.case(f"{label}: everybody is there", {u["username"] for u in made} == set(filling.users), made)
        hub.stop()
    filling.organisations()
    filling.closed_group()
    hub = Hub(folder / "api-closed", programs)
    done = read_api(hub, source, token)
    hub.run("backup", "--to", folder / "api-closed.backup")
    after = Archive(folder / "api-closed.backup")
    inside = {"mlcubes": "hidden evaluator", "models": "hidden reference", "benchmarks": "hidden",
              "datasets": "hidden data", "results": "hidden result", "cas": "hidden ca",
              "certificates": "hidden certificate", "aggregators": "hidden aggregator", "training": "hidden training"}
    for name, thing in inside.items():
        number = filling.ids[thing]
        report.case(f"import: API: {name}: what is in a closed group is refused, and not made public",
                    number in {row["id"] for row in done["entities"][name]["refused"]}
                    and number not in {record["id"] for record in after.tables[name].records()}, done["entities"][name])
    source.stop()


def take_over(report, folder, programs, cluster):
    from_database(report, folder, programs, cluster)
    from_api(report, folder, programs, cluster)
