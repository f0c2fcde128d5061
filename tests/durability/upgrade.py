"""An upgrade from each schema that there was: a hub that has rows in every table is brought to this program's schema,
and everything that was there still is."""
import datetime, json, pathlib

from archive import Archive
from hub import Hub, container
from older import archive_of

FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
PATHS = {"mlcubes": "mlcubes/", "assets": "assets/", "models": "models/", "benchmarks": "benchmarks/",
         "datasets": "datasets/", "results": "results/", "users": "users/", "cas": "cas/",
         "certificates": "certificates/", "encrypted_keys": "encrypted_keys/", "aggregators": "aggregators/",
         "training": "training/", "training_events": "training/events/", "organisations": "organisations/",
         "closed_groups": "closed_groups/"}
SHOWN = ("name", "username", "owner", "state", "is_valid", "approval_status", "finalized", "finished", "created_at",
         "modified_at", "metadata", "results", "plan", "participants")
# Sums of the rows, which lists are counted by: the lists show whether they are right.
COUNTS = ("list_marks", "list_changes")
# What steps compute for rows that are older than the column.
COMPUTED = {"results": ("compatibility_run",), "users": ("issuer",)}


def archives():
    """Label and archive: each fixture, and the schemas between them."""
    for file in sorted(FIXTURES.glob("schema-*.backup")):
        yield file.stem, Archive(file)
    for schema in range(2, 7):
        yield f"schema-{schema:04}", archive_of(schema)


def renamed(name, record):
    if name == "login_attempts" and "username" in record:
        record["subject"] = "name " + record.pop("username")
    return record


def lost_rows(before, after):
    """(table, row) of what is not there, or is there and was not, and tables whose next id is another."""
    wrong = []
    for name, table in before.tables.items():
        if name in COUNTS:
            continue
        there = after.tables.get(name)
        if there is None:
            wrong.append((name, "is gone"))
            continue
        old = [renamed(name, record) for record in table.records()]
        columns = list(old[0]) if old else []
        now = [{c: record.get(c, "no such column") for c in columns} for record in there.records()]
        if name == "log_lines":  # what was written meanwhile is behind
            now = now[:len(old)]
        remaining = [json.dumps(record) for record in now]
        for record in old:
            text = json.dumps(record)
            if text in remaining:
                remaining.remove(text)
            else:
                wrong.append((name, text))
        wrong += [(name, "new: " + text) for text in (remaining if old else there.rows)]
        if table.last_id != there.last_id:
            wrong.append((name, f"last id {table.last_id}, now {there.last_id}"))
    return wrong


def computed_wrongly(before, after, newest):
    wrong = []
    for name, columns in COMPUTED.items():
        right = {record["id"]: record for record in newest.tables[name].records()}
        ids = {record["id"] for record in before.tables[name].records()}
        wrong += [(name, record["id"], c, record[c]) for record in after.tables[name].records() for c in columns
                  if record["id"] in ids and record[c] != right[record["id"]][c]]
    return wrong


def as_shown(column, value):
    """A stored value as the API shows it."""
    if column.endswith("_at") and value is not None:
        moment = datetime.datetime.fromtimestamp(value // 1000000, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{value % 1000000:06}Z"
    if column in ("is_valid", "finalized", "finished"):
        return bool(value)
    return json.loads(value) if column in ("metadata", "results", "plan", "participants") and value else value


def not_shown(before, client):
    """What an admin's lists do not show as it was: rows, columns, counts."""
    wrong = []
    for name, path in PATHS.items():
        if name not in before.tables:
            continue
        records = before.tables[name].records()
        shown = {row["id"]: row for row in client.all(path)}
        count = client.must(200, "GET", f"{path}?limit=1")["count"]
        if not len(records) == len(shown) == count:
            wrong.append((path, len(records), len(shown), count))
        wrong += [(path, record["id"], c, shown.get(record["id"], {}).get(c)) for record in records for c in SHOWN
                  if c in record and shown.get(record["id"], {}).get(c) != as_shown(c, record[c])]
    return wrong


def upgrade_one(report, folder, programs, label, before, engine, cluster):
    name = f"{label}-{engine}"
    hub = Hub(folder / name, programs, cluster.make_database(name.replace("-", "_")) if engine == "postgres" else None)
    label = f"{label} on {engine}"
    given, taken = folder / f"{name}.backup", folder / f"{name}-after.backup"
    before.write(given)
    hub.run("restore", "--from", given)
    schema = json.loads(hub.run("migrate", "--json").stdout)["schema"]
    report.case(f"{label}: is of this program's schema", schema >= before.head["schema"], schema)
    hub.run("backup", "--to", taken)
    after = Archive(taken)
    wrong = lost_rows(before, after)
    rows = sum(len(table.rows) for table in before.tables.values())
    report.case(f"{label}: all {rows} rows of {len(before.tables)} tables are as they were", not wrong, wrong[:3])
    if 1 < before.head["schema"] < 7:
        wrong = computed_wrongly(before, after, archive_of(7))
        report.case(f"{label}: new columns tell of old rows what is true", not wrong, wrong[:3])
    hub.start()
    client = hub.client("admin")
    wrong = not_shown(before, client)
    report.case(f"{label}: lists show and count them", not wrong, wrong[:3])
    made = client.must(201, "POST", "mlcubes/", container(f"new in {name}"))
    report.case(f"{label}: an id is not given twice", made["id"] == before.tables["mlcubes"].last_id + 1, made["id"])
    report.case(f"{label}: sound", hub.run("check", check=False).returncode == 0)
    hub.stop()


def upgrade(report, folder, programs, cluster):
    for label, before in archives():
        for engine in ("sqlite", "postgres"):
            upgrade_one(report, folder, programs, label, before, engine, cluster)
