#!/usr/bin/env python3
"""The Python package: its wheel is built, installed into a fresh environment, and gives what the program
medperf-metrics and other software give (python_package/*_cases.py). Use: test_python_package.py [BUILD_DIR]
The last line is "N passed, M failed". Needs no network where NumPy is installed."""
import csv, pathlib, re, subprocess, sys, tempfile, venv

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build/release").resolve()
PROGRAM = BUILD / "src/apps/medperf-metrics"

def run_all(python, work):
    """Each file of cases in the fresh environment, where the sources are not."""
    passed, failed = 0, 0
    for script in sorted((pathlib.Path(__file__).parent / "python_package").glob("*_cases.py")):
        arguments = [PROGRAM, work / "cases.csv"]
        said = subprocess.run([python, "-B", script, *arguments], cwd=work, capture_output=True, text=True)
        print(f"{script.name}\n{said.stdout}{said.stderr}", end="")
        total = re.search(r"^(\d+) passed, (\d+) failed$", said.stdout, re.MULTILINE)
        passed += int(total[1]) if total else 0
        failed += int(total[2]) if total else 1
    print(f"{passed} passed, {failed} failed")
    return failed > 0


def main():
    data = TOP / "tests/data/brain-tumour"
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        # NumPy is the system's; only where there is none is it fetched.
        venv.create(work / "venv", with_pip=True, system_site_packages=True)
        python = work / "venv/bin/python"
        pip = [python, "-m", "pip", "--disable-pip-version-check", "-q"]
        subprocess.run([*pip, "wheel", "--no-deps", "--no-index", "-w", work, TOP / "python"], check=True)
        wheel, = work.glob("*.whl")
        subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
        if subprocess.run([python, "-c", "import numpy"], capture_output=True).returncode != 0:
            subprocess.run([*pip, "install", "numpy"], check=True)
        with (work / "cases.csv").open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["case_id", "prediction", "reference"])
            for path in sorted(data.glob("site-*/*-20.nii.gz")):
                rows.writerow([f"{path.parent.name}/{path.name}", path, path.with_name("consensus_simple.nii.gz")])
        print(f"{wheel.name}: {wheel.stat().st_size} bytes")
        sys.stdout.flush()
        sys.exit(run_all(python, work))


main()
