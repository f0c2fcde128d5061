#!/usr/bin/env python3
"""./dev test --break: breaks named rules one at a time, in a copy of the tree, and shows that the tests turn red.

Each row of rules.txt is: name | file | text that is there once | text put in its place | test program | its filter.
The last line is "N passed, M failed": a rule passes when its tests are green as it stands and red when broken.
run.py [WORD...] tries only the rules whose name holds one of the words."""
import os, pathlib, re, subprocess, sys

TOP = pathlib.Path(__file__).resolve().parents[2]
# The layout of a checkout, so that ccache knows again what the debug preset has compiled.
COPY = TOP / "build/break"
BUILD = COPY / "build/debug"
PARTS = ("src", "cmake", "benchmarks/chest-xray", "tests/api", "docs", "scripts", "CMakeLists.txt", "CMakePresets.json")


def read_rules(words):
    for line in (TOP / "tests/break/rules.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, *rest = [part.strip() for part in re.split(r" \|(?= )", line)]   # a part may be empty
            if not words or any(word in name for word in words):
                yield name, *rest


def copy_tree():
    """Makes the copy equal to the tree. What differs is written anew, never dated back: an object made from a broken
    file by a run that was interrupted would seem newer than the file."""
    wanted = set()
    for part in PARTS:
        source = TOP / part
        wanted |= {path.relative_to(TOP) for path in ([source] if source.is_file() else source.rglob("*")) if path.is_file()}
    for path in wanted:
        target, content = COPY / path, (TOP / path).read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for part in PARTS:
        for path in (COPY / part).rglob("*"):
            if path.is_file() and path.relative_to(COPY) not in wanted:
                path.unlink()


def build(*targets):
    environment = os.environ | {"CCACHE_BASEDIR": str(COPY), "CCACHE_NOHASHDIR": "1"}
    run = subprocess.run(["cmake", "--build", BUILD, "--parallel", str(os.cpu_count()), "--target", *targets],
                         capture_output=True, text=True, env=environment)
    return None if run.returncode == 0 else run.stdout[-3000:]


def red(program, pattern):
    """None when the tests are green, else their output."""
    run = subprocess.run([BUILD / "src" / program, f"--gtest_filter={pattern}", "--gtest_brief=1"],
                         capture_output=True, text=True, cwd=COPY)
    ran = run.returncode == 0 and " 0 tests from " not in run.stdout
    return None if ran else run.stdout[-1500:] + run.stderr[-500:] or "no output"


def try_rule(file, old, new, program, pattern):
    path = COPY / file
    text = path.read_text()
    if text.count(old) != 1:
        return f"the text to break stands {text.count(old)} times in {file}, not once"
    if output := red(program, pattern):
        return f"its tests are not green as it stands: {output}"
    path.write_text(text.replace(old, new))
    try:
        if output := build(program):
            return f"does not build when broken: {output}"
        return None if red(program, pattern) else "its tests stay green when it is broken"
    finally:
        path.write_text(text)
        build(program)


def main():
    rules = list(read_rules(sys.argv[1:]))
    copy_tree()
    subprocess.run(["cmake", "--preset", "debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -g1"], cwd=COPY, check=True,
                   stdout=subprocess.DEVNULL)
    if output := build(*sorted({rule[4] for rule in rules})):
        sys.exit(f"the tests do not build as they stand: {output}")
    passed = failed = 0
    for name, *rule in rules:
        problem = try_rule(*rule)
        passed, failed = passed + (problem is None), failed + (problem is not None)
        print(f"{'red as it must be' if problem is None else 'FAIL'}: {name}" + (f": {problem}" if problem else ""),
              flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
