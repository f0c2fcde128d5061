#!/usr/bin/env python3
"""Makes the fixture of the schema that the programs have now: the backup of a hub in which every table has rows.
Run once for each released schema, with its own programs, and never again. Usage: make_fixture.py [--programs FOLDER]"""
import argparse, json, pathlib, sys

from archive import Archive
from fill import Filling
from hub import Folder, Hub, programs_folder

# Emptied by the hub itself: what was counted, and what was chained.
MAY_BE_EMPTY = {"list_changes", "list_marks", "log_waiting"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs")
    programs = programs_folder(arguments.parse_args().programs)
    with Folder() as folder:
        hub = Hub(folder / "hub", programs, settings="accounts:\n  sign_up: invitation\n")
        try:
            Filling(hub).everything()
        finally:
            hub.stop()
        schema = json.loads(hub.run("check", "--json").stdout)["schema"]
        target = pathlib.Path(__file__).resolve().parent / "fixtures" / f"schema-{schema:04}.backup"
        made = folder / target.name
        hub.run("backup", "--to", made)
        empty = {name for name, table in Archive(made).tables.items() if not table.rows} - MAY_BE_EMPTY
        if empty:
            sys.exit(f"nothing fills {', '.join(sorted(empty))}: extend fill.py")
        target.write_bytes(made.read_bytes())
        print(target)


if __name__ == "__main__":
    main()
