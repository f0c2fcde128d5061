#!/usr/bin/env python3
"""Makes the fixture of the schema that the programs have now: a backup and what its lists must say after any upgrade.
Run once for each released schema and never again. Usage: make_fixture.py [--programs FOLDER]"""
import argparse, json, pathlib

from hub import Folder, Hub, benchmark, container, dataset, model, programs_folder

FIELDS = ("id", "name", "owner", "created_at", "modified_at", "state", "is_valid")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs")
    programs = programs_folder(arguments.parse_args().programs)
    with Folder() as folder:
        hub = Hub(folder / "hub", programs)
        hub.add_user("admin", admin=True)
        hub.add_user("hospital")
        hub.start()
        admin, hospital = hub.client("admin"), hub.client("hospital")
        preparation = admin.must(201, "POST", "mlcubes/", container("preparation"))["id"]
        reference = admin.must(201, "POST", "models/", model("reference"))["id"]
        chosen = admin.must(201, "POST", "benchmarks/", benchmark("old", preparation, reference, preparation))["id"]
        admin.must(200, "PUT", f"benchmarks/{chosen}/", {"approval_status": "APPROVED"})
        data = hospital.must(201, "POST", "datasets/", dataset("data", preparation))["id"]
        hospital.must(200, "PUT", f"datasets/{data}/", {"state": "OPERATION"})
        hospital.must(201, "POST", "datasets/benchmarks/", {"dataset": data, "benchmark": chosen, "metadata": {}})
        admin.must(200, "PUT", f"datasets/{data}/benchmarks/{chosen}/", {"approval_status": "APPROVED"})
        result = hospital.must(201, "POST", "results/", {
            "name": "run", "benchmark": chosen, "model": reference, "dataset": data, "results": {}, "metadata": {}})
        hospital.must(200, "PUT", f"results/{result['id']}/", {"results": {"auc": 0.5}})
        rows = {path: {row["name"]: {k: row[k] for k in FIELDS if k in row} for row in admin.all(path)}
                for path in ("mlcubes/", "models/", "benchmarks/", "datasets/", "results/")}
        hub.stop()
        schema = json.loads(hub.run("check", "--json").stdout)["schema"]
        target = pathlib.Path(__file__).resolve().parent / "fixtures" / f"schema-{schema:04}"
        target.parent.mkdir(exist_ok=True)
        hub.run("backup", "--to", f"{target}.backup")
        pathlib.Path(f"{target}.backup").chmod(0o644)
        pathlib.Path(f"{target}.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
        print(target)


if __name__ == "__main__":
    main()
