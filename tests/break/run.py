#!/usr/bin/env python3
"""./dev test --break: breaks named rules one at a time, in a copy of the tree, and shows that the tests turn red.

Each row of rules.txt is: name | file | text that is there once | text put in its place | test program | its filter.
The last line is "N passed, M failed": a rule passes when its tests are green as it stands and red when broken."""
import pathlib, shutil, subprocess, sys

TOP = pathlib.Path(__file__).resolve().parents[2]
WORK = TOP / "build/break"
SOURCE, BUILD = WORK / "source", WORK / "build"


def read_rules():
    for line in (TOP / "tests/break/rules.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield [part.strip() for part in line.split(" | ")]


def copy_tree():
    SOURCE.mkdir(parents=True, exist_ok=True)
    for part in ("src", "cmake", "benchmarks/chest-xray", "tests/api", "docs", "CMakeLists.txt", "CMakePresets.json"):
        source, target = TOP / part, SOURCE / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)


def build(target):
    run = subprocess.run(["cmake", "--build", BUILD, "--target", target], capture_output=True, text=True)
    return run.returncode == 0, run.stdout[-3000:]


def green(target, pattern):
    run = subprocess.run([BUILD / "src" / target, f"--gtest_filter={pattern}", "--gtest_brief=1"],
                         capture_output=True, text=True, cwd=WORK)
    return run.returncode == 0 and "0 tests ran" not in run.stdout, run.stdout


def try_rule(name, file, old, new, target, pattern):
    path = SOURCE / file
    text = path.read_text()
    if text.count(old) != 1:
        return f"the text to break stands {text.count(old)} times in {file}, not once"
    built, output = build(target)
    if not built:
        return f"does not build as it stands: {output}"
    good, output = green(target, pattern)
    if not good:
        return f"its tests are not green as it stands: {output[-1500:]}"
    path.write_text(text.replace(old, new))
    try:
        built, output = build(target)
        if not built:
            return f"does not build when broken: {output}"
        still_green, _ = green(target, pattern)
        return "its tests stay green when it is broken" if still_green else None
    finally:
        path.write_text(text)


def main():
    copy_tree()
    subprocess.run(["cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DMEDPERF_TESTS=ON"], check=True, stdout=subprocess.DEVNULL)
    passed = failed = 0
    for rule in read_rules():
        problem = try_rule(*rule)
        passed, failed = passed + (problem is None), failed + (problem is not None)
        print(f"{'red as it must be' if problem is None else 'FAIL'}: {rule[0]}" + (f": {problem}" if problem else ""), flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
