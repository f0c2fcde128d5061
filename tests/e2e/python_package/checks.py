"""Counting of cases, and the committed values of other software (src/metrics/tests/oracle) that ours are held against."""
import csv, math, pathlib, sys

ORACLE = pathlib.Path(__file__).resolve().parents[3] / "src/metrics/tests/oracle"
counts = {True: 0, False: 0}


def expect(what, holds, detail=""):
    counts[bool(holds)] += 1
    if not holds:
        print(f"FAIL: {what} {detail}")


def near(what, found, wanted, tolerance=1e-9):
    """Relative above 1, as in the tests of the library."""
    holds = found is not None and math.isclose(found, wanted, rel_tol=tolerance, abs_tol=tolerance)
    expect(what, holds, f"{found} for {wanted}")


def refused(what, argument, f):
    """f is a ValueError that begins with the argument's name."""
    try:
        answer = f()
    except ValueError as error:
        return expect(f"refused: {what}", str(error).startswith(argument), f"but says: {error}")
    except Exception as error:
        return expect(f"refused: {what}", False, f"by {error!r}")
    expect(f"refused: {what}", False, f"but gives {answer}")


def rows(name, **wanted):
    with open(ORACLE / f"{name}.csv", newline="", encoding="ascii") as file:
        return [row for row in csv.DictReader(file) if all(row[key] == value for key, value in wanted.items())]


def done():
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)
