"""The backup of a hub of an earlier schema, out of that of schema 7. No programs of schemas 2 to 6 were released with a
fixture, but their steps never change: here each is undone, the newest first. `medperf-hub restore` makes the tables by
the steps up to the backup's own and refuses it when a table or column differs, so a mistake here is no fixture."""
import pathlib

from archive import Archive

NEWEST = pathlib.Path(__file__).resolve().parent / "fixtures" / "schema-0007.backup"
NAMES = ("first schema", "certificates, keys, training", "counts of large lists", "compatibility runs",
         "organisations and closed groups", "committees", "sign-in")


def drop_tables(tables, *names):
    for name in names:
        del tables[name]


def drop_columns(table, *names):
    kept = [i for i, column in enumerate(table.columns) if column not in names]
    table.rows = [[row[i] for i in kept] for row in table.rows]
    table.columns = [table.columns[i] for i in kept]


def undo_sign_in(tables):
    drop_tables(tables, "second_factors", "recovery_codes", "sessions", "access_tokens", "device_codes", "invitations",
                "password_resets")
    drop_columns(tables["users"], "issuer", "token_generation", "signed_out_at")
    attempts = tables["login_attempts"]
    attempts.columns = ["username" if c == "subject" else c for c in attempts.columns]
    at = attempts.columns.index("username")
    attempts.rows = [[v.removeprefix("name ") if i == at else v for i, v in enumerate(row)] for row in attempts.rows
                     if row[at].startswith("name ")]


def undo_committees(tables):
    drop_tables(tables, "votes", "committee_members", "committees")


def undo_organisations(tables):
    """What is in a closed group could not be there, and all else of the group names it too."""
    drop_tables(tables, "closed_group_members", "closed_groups", "organisation_members", "organisations")
    for table in tables.values():
        if "closed_group" in table.columns:
            at = table.columns.index("closed_group")
            table.rows = [row for row in table.rows if row[at] is None]
            drop_columns(table, "organisation", "closed_group")
    # The sums counted those rows: all is to be counted anew, as it is when that schema is made.
    tables["list_marks"].rows = []
    changes = tables["list_changes"]
    changes.rows = []
    for name in ("results", "datasets"):
        for row in tables[name].records():
            changes.rows.append([len(changes.rows) + 1, name, 1] + [
                row.get({"row_id": "id"}.get(column, column)) for column in changes.columns[3:]])
    changes.last_id = len(changes.rows)


def undo_compatibility_runs(tables):
    drop_columns(tables["results"], "compatibility_run")


def undo_list_counts(tables):
    drop_tables(tables, "list_changes", "list_marks")


UNDO = {7: undo_sign_in, 6: undo_committees, 5: undo_organisations, 4: undo_compatibility_runs, 3: undo_list_counts}


def archive_of(schema):
    archive = Archive(NEWEST)
    for step in range(7, schema, -1):
        UNDO[step](archive.tables)
    archive.head = {**archive.head, "schema": schema, "schema_name": NAMES[schema - 1],
                    "software": f"rows of schema 7 in the tables of schema {schema}"}
    return archive
