"""The database of an existing MedPerf hub, laid down as Django lays it down: an SQLite file, and a PostgreSQL database
that the real pg_dump writes out. Names and types are those of its models' migrations."""
import json, sqlite3, subprocess

THEN, LATER = "2024-05-06 07:08:09.123456", "2024-05-07 22:30:00"
CONTAINER = ("name:text container_config:json parameters_config:json? image_hash:text additional_files_tarball_url:text "
             "additional_files_tarball_hash:text state:text is_valid:bool metadata:json? user_metadata:json? owner_id:ref "
             "created_at:time modified_at:time")
ASSOCIATION = "metadata:json approval_status:text approved_at:time? created_at:time modified_at:time initiated_by_id:ref"
OWNED = "is_valid:bool metadata:json? owner_id:ref created_at:time modified_at:time"
DEMO = ("name:text description:text docs_url:text demo_dataset_tarball_url:text demo_dataset_tarball_hash:text "
        "demo_dataset_generated_uid:text data_preparation_mlcube_id:ref state:text is_valid:bool metadata:json? "
        "user_metadata:json? approval_status:text approved_at:time? owner_id:ref created_at:time modified_at:time")
COLUMNS = {
    "auth_user": "password:text last_login:time? is_superuser:bool username:text first_name:text last_name:text "
                 "email:text is_staff:bool is_active:bool date_joined:time",
    "user_userextension": "metadata:json? user_id:ref",
    "mlcube_mlcube": CONTAINER,
    "asset_asset": "name:text asset_hash:text asset_url:text state:text user_metadata:json? " + OWNED,
    "model_model": "name:text type:text container_id:ref? asset_id:ref? state:text user_metadata:json? " + OWNED,
    "benchmark_benchmark": DEMO + " reference_model_id:ref data_evaluator_mlcube_id:ref is_active:bool "
                           "dataset_auto_approval_mode:text model_auto_approval_mode:text "
                           "dataset_auto_approval_allow_list:json model_auto_approval_allow_list:json",
    "dataset_dataset": "name:text description:text location:text input_data_hash:text generated_uid:text "
                       "split_seed:int data_preparation_mlcube_id:ref submitted_as_prepared:bool state:text "
                       "is_valid:bool generated_metadata:json user_metadata:json? report:json? owner_id:ref "
                       "created_at:time modified_at:time",
    "benchmarkdataset_benchmarkdataset": ASSOCIATION + " benchmark_id:ref dataset_id:ref",
    "benchmarkmodel_benchmarkmodel": ASSOCIATION + " benchmark_id:ref model_id:ref priority:int",
    "ca_ca": "name:text config:json client_mlcube_id:ref server_mlcube_id:ref ca_mlcube_id:ref " + OWNED,
    "certificate_certificate": "name:text ca_id:ref certificate_content_base64:text key_type:text is_valid:bool "
                               "owner_id:ref created_at:time modified_at:time",
    "encrypted_key_encryptedkey": "name:text certificate_id:ref container_id:ref encrypted_key_base64:text " + OWNED,
    "aggregator_aggregator": "name:text config:json aggregation_mlcube_id:ref " + OWNED,
    "training_trainingexperiment": DEMO + " fl_mlcube_id:ref fl_admin_mlcube_id:ref? plan:json? aggregator_id:ref?",
    "traindataset_association_experimentdataset": ASSOCIATION + " dataset_id:ref training_exp_id:ref",
    "trainingevent_trainingevent": "name:text training_exp_id:ref participants:json is_valid:bool finished:bool "
                                   "finished_at:time? report:json? owner_id:ref created_at:time modified_at:time",
}
# Our table of each, and what of theirs has no place here.
OURS = {"auth_user": "users", "mlcube_mlcube": "mlcubes", "asset_asset": "assets", "model_model": "models",
        "benchmark_benchmark": "benchmarks", "dataset_dataset": "datasets",
        "benchmarkdataset_benchmarkdataset": "dataset_associations",
        "benchmarkmodel_benchmarkmodel": "model_associations", "ca_ca": "cas",
        "certificate_certificate": "certificates", "encrypted_key_encryptedkey": "encrypted_keys",
        "aggregator_aggregator": "aggregators", "training_trainingexperiment": "training",
        "traindataset_association_experimentdataset": "training_associations",
        "trainingevent_trainingevent": "training_events"}
NOT_TAKEN = {"password", "last_login", "is_staff", "date_joined"}
# Ids that were given and deleted again.
LAST_IDS = {"certificate_certificate": 40, "trainingevent_trainingevent": 50, "aggregator_aggregator": 60}


def columns_of(table):
    """(name, kind, nullable) of each column but the id."""
    for word in COLUMNS[table].split():
        name, kind = word.split(":")
        yield name, kind.rstrip("?"), kind.endswith("?")


def row(table, number, **given):
    """A whole row as Python values; what is not given is what a new object has."""
    plain = {"text": "", "json": {}, "bool": True, "time": THEN, "ref": 2, "int": 0}
    special = {"state": "OPERATION", "approval_status": "APPROVED", "key_type": "RSA", "type": "CONTAINER",
               "modified_at": LATER, "is_superuser": False, "is_staff": False, "parameters_config": None,
               "data_preparation_mlcube_id": 2, "dataset_auto_approval_mode": "NEVER",
               "model_auto_approval_mode": "NEVER", "dataset_auto_approval_allow_list": [],
               "model_auto_approval_allow_list": [], "asset_id": None, "last_login": None}
    for name, kind, _ in columns_of(table):
        given.setdefault(name, special.get(name, plain[kind]))
    return {"id": number, **given}


def rows():
    """Every row by table: each state, null where it may be, text that needs care, and one row that must be refused."""
    hard = {"text": 'tab\tquote" back\\slash\nüé', "deep": [1, None, 2.5, {"n": 9007199254740991}]}
    made = {
        "auth_user": [dict(username="root", email="root@example.com", is_superuser=True, password="pbkdf2_sha256$x"),
                      dict(username="auth0|group", email="group@example.com", first_name="Gro"),
                      dict(username="auth0|hospital", email="hospital@example.com", is_active=False),
                      dict(username="auth0|vendor", email="vendor@example.com")],
        "user_userextension": [dict(user_id=4, metadata=hard)],
        "mlcube_mlcube": [dict(name="MLCommons CA MLCube", image_hash="none", owner_id=1),
                          dict(name="prep", container_config=hard, image_hash="p", parameters_config={}),
                          dict(name="ref", image_hash="r", user_metadata=None, metadata=None),
                          dict(name="federated", image_hash="f", is_valid=False),
                          dict(name="secret", image_hash="s", state="DEVELOPMENT", owner_id=4)],
        "asset_asset": [dict(name="weights", asset_hash="w", asset_url="https://example.com/w", owner_id=4)],
        "model_model": [dict(name="ref model", container_id=3),
                        dict(name="asset model", type="ASSET", container_id=None, asset_id=1, owner_id=4)],
        "benchmark_benchmark": [dict(name="bench", reference_model_id=1, data_evaluator_mlcube_id=2,
                                     dataset_auto_approval_mode="ALLOWLIST", approved_at=LATER,
                                     dataset_auto_approval_allow_list=["hospital@example.com"])],
        "dataset_dataset": [dict(name="data", generated_uid="u1", split_seed=7, owner_id=3, report={"cases": 5}),
                            dict(name="more", generated_uid="u2", owner_id=4, report=None, user_metadata=None)],
        "benchmarkdataset_benchmarkdataset": [
            dict(approval_status="REJECTED", benchmark_id=1, dataset_id=1, initiated_by_id=3),
            dict(approval_status="APPROVED", benchmark_id=1, dataset_id=1, approved_at=LATER, created_at=LATER)],
        "benchmarkmodel_benchmarkmodel": [dict(approval_status="PENDING", approved_at=None, benchmark_id=1, model_id=1,
                                               priority=4)],
        "ca_ca": [dict(name="MLCommons CA", client_mlcube_id=1, server_mlcube_id=1, ca_mlcube_id=1, owner_id=1),
                  dict(name="institute", config=hard, client_mlcube_id=2, is_valid=False, metadata=None)],
        "certificate_certificate": [
            dict(name="hospital", ca_id=1, certificate_content_base64="TUlJ", owner_id=3),
            dict(name="hospital ec", ca_id=1, certificate_content_base64="TUlK", key_type="EC", owner_id=3),
            dict(name="hospital before", ca_id=1, certificate_content_base64="TUlL", is_valid=False, owner_id=3)],
        "encrypted_key_encryptedkey": [
            dict(name="key", certificate_id=1, container_id=5, encrypted_key_base64="c2Vj", owner_id=4),
            dict(name="key before", certificate_id=1, container_id=5, encrypted_key_base64="c2Vk", is_valid=False,
                 metadata=None, owner_id=4),
            dict(name="key of nothing", certificate_id=99, container_id=5, encrypted_key_base64="c2Vl", owner_id=4)],
        "aggregator_aggregator": [dict(name="aggregator", config={"address": "a", "port": 1, "admin_port": 2},
                                       aggregation_mlcube_id=4, owner_id=4)],
        "training_trainingexperiment": [
            dict(name="experiment", fl_mlcube_id=4, fl_admin_mlcube_id=2, plan=hard, aggregator_id=1, approved_at=LATER),
            dict(name="plain", fl_mlcube_id=4, fl_admin_mlcube_id=None, plan=None, aggregator_id=None,
                 approval_status="PENDING", approved_at=None, state="DEVELOPMENT"),
            dict(name="refused", fl_mlcube_id=4, approval_status="REJECTED", aggregator_id=1, is_valid=False)],
        "traindataset_association_experimentdataset": [
            dict(dataset_id=1, training_exp_id=1, approval_status="REJECTED", initiated_by_id=3),
            dict(dataset_id=1, training_exp_id=1, approved_at=LATER, created_at=LATER, metadata=hard),
            dict(dataset_id=2, training_exp_id=1, approval_status="PENDING", approved_at=None, initiated_by_id=4)],
        "trainingevent_trainingevent": [
            dict(name="first", training_exp_id=1, participants={"site": "hospital@example.com"}, finished_at=LATER,
                 report=hard),
            dict(name="second", training_exp_id=1, finished=False, finished_at=None, report=None, is_valid=False,
                 created_at=LATER)],
    }
    return {table: [row(table, i + 1, **given) for i, given in enumerate(some)] for table, some in made.items()}


REFUSED = {"encrypted_key_encryptedkey": {3}}


def as_sqlite(file):
    types = {"text": "varchar(256)", "json": "text", "bool": "bool", "time": "datetime", "ref": "bigint", "int": "integer"}
    with sqlite3.connect(file) as database:
        for table, some in rows().items():
            columns = "".join(f', "{name}" {types[kind]}{"" if null else " NOT NULL"}'
                              for name, kind, null in columns_of(table))
            database.execute(f'CREATE TABLE "{table}" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT{columns})')
            for record in some:
                values = [json.dumps(v) if isinstance(v, (dict, list)) else v for v in record.values()]
                names = ", ".join(f'"{name}"' for name in record)
                database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(values))})', values)
        for table, last in LAST_IDS.items():
            database.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (last, table))
    database.close()
    return file


def quoted(value):
    if value is None or isinstance(value, (bool, int)):
        return "NULL" if value is None else str(value)
    text = json.dumps(value) if isinstance(value, (dict, list)) else value
    return "'" + text.replace("'", "''") + "'"


def as_dump(cluster, file, zone):
    """What pg_dump writes where the server's clock shows the time of `zone`."""
    types = {"text": "varchar(256)", "json": "jsonb", "bool": "boolean", "time": "timestamp with time zone",
             "ref": "bigint", "int": "integer"}
    name = "existing_" + "".join(c for c in zone.lower() if c.isalpha())
    cluster.make_database(name)
    script = "SET timezone = 'UTC';"
    for table, some in rows().items():
        columns = "".join(f', "{column}" {types[kind]}{"" if null else " NOT NULL"}'
                          for column, kind, null in columns_of(table))
        script += f'CREATE TABLE "{table}" (id bigint PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY{columns});'
        for record in some:
            names = ", ".join(f'"{column}"' for column in record)
            script += f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(map(quoted, record.values()))});'
        last = LAST_IDS.get(table, len(some))
        script += f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last});"
    cluster.sql(script + f"ALTER DATABASE {name} SET timezone = '{zone}';", name)
    done = subprocess.run([cluster.bin / "pg_dump", "--format=plain", "-h", cluster.folder, "-U", "postgres", name],
                          capture_output=True, cwd="/", check=True)
    file.write_bytes(done.stdout)
    return file
