"""Builds the wheel (PEP 517) with CMake and the standard library alone, so that it needs no network: the library of
../src as a shared object, and the Python files. The same sources and compiler give the same wheel."""
import base64, hashlib, os, pathlib, re, subprocess, sysconfig, zipfile

HERE = pathlib.Path(__file__).resolve().parent
NAME = "medperf_metrics"
VERSION = re.search(r'^version = "(.+)"', (HERE / "pyproject.toml").read_text(), re.M).group(1)
METADATA = f"""Metadata-Version: 2.1
Name: medperf-metrics
Version: {VERSION}
Summary: Metrics of medical images: exact, fast, each figure with its definition
License: Apache-2.0
Requires-Python: >=3.9
Requires-Dist: numpy
Description-Content-Type: text/markdown

"""


def build_library():
    build = HERE.parent / "build/python"
    subprocess.run(["cmake", "-S", HERE, "-B", build, "-DCMAKE_BUILD_TYPE=None"], check=True)
    subprocess.run(["cmake", "--build", build, "--parallel", str(os.cpu_count())], check=True)
    return build / f"{NAME}.so"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    # Any Python 3 of this platform: the library knows nothing of Python.
    tag = "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())
    info = f"{NAME}-{VERSION}.dist-info"
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in sorted((HERE / NAME).glob("*.py"))}
    files[f"{NAME}/py.typed"] = b""
    files[f"{NAME}/{NAME}.so"] = build_library().read_bytes()
    files[f"{info}/METADATA"] = (METADATA + (HERE / "README.md").read_text()).encode()
    files[f"{info}/LICENSE"] = (HERE.parent / "LICENSE").read_bytes()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: medperf\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    record = ""
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel = f"{NAME}-{VERSION}-{tag}.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / wheel, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # with no time of its own
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, content)
    return wheel
