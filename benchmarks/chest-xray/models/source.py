#!/usr/bin/env python3
"""The source of the reference model as one archive for model owners (`medperf model new`).

Use:  source.py OUT.tar.gz     Standard library; the same sources give the same bytes.

It holds models/lr-pixel, the reading of cases that the C++ models share, and those files of the project that they
include, with a CMakeLists.txt and a README of its own: it is built alone, with a C++20 compiler, CMake and podman."""
import gzip
import io
import pathlib
import re
import sys
import tarfile

MODELS = pathlib.Path(__file__).resolve().parent
TOP = MODELS.parents[2]
OWN = ("Containerfile", "container_config.yaml", "weights.csv")

CMAKE = """cmake_minimum_required(VERSION 3.20)
project(lr_pixel CXX)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
file(GLOB_RECURSE sources src/*.cpp)
add_executable(cxr_lr_pixel ${sources})
target_include_directories(cxr_lr_pixel PRIVATE src)
# Static, so that the image needs nothing else.
target_link_options(cxr_lr_pixel PRIVATE -static -s)
"""

README = """# lr-pixel: the reference model of the chest X-ray benchmark

Logistic regression on 28 x 28 pixels in C++: `src/main.cpp` reads the cases, predicts and writes `predictions.csv`
(`case_id,score`); `weights.csv` holds an intercept and one weight a pixel. Change either, or keep
`container_config.yaml` and write your own program in any language.

```
cmake -B build && cmake --build build && cp build/cxr_lr_pixel .
podman build -t localhost/model:1 .
podman save --format docker-archive -o image.tar localhost/model:1
```

`./cxr_lr_pixel --data_path demo/data --output_path OUT --weights weights.csv` runs it without a container.
The files below `src/base` and `src/imaging` are those of the MedPerf project, under its licence.
"""


def found(name):
    """The file that an include of ours names."""
    for folder in (MODELS, TOP / "src"):
        if (folder / name).is_file():
            return folder / name
    return None


def sources():
    """Path in the archive -> file: everything that main.cpp includes, and what implements it."""
    out, todo = {}, [("main.cpp", MODELS / "lr-pixel/main.cpp")]
    while todo:
        name, path = todo.pop()
        if name in out:
            continue
        out[name] = path
        for included in re.findall(r'#include "([^"]+)"', path.read_text()):
            header = found(included)
            if header is None:
                raise SystemExit(f"source.py: {path} includes {included}, which is nowhere")
            todo.append((included, header))
            if header.with_suffix(".cpp").is_file():
                todo.append((included[:-2] + ".cpp", header.with_suffix(".cpp")))
    return {"src/" + name: path.read_bytes() for name, path in out.items()}


def main():
    files = {**sources(), **{name: (MODELS / "lr-pixel" / name).read_bytes() for name in OWN},
             "CMakeLists.txt": CMAKE.encode(), "README.md": README.encode()}
    with open(sys.argv[1], "wb") as out, gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(files[name]), 0o644
            tar.addfile(entry, io.BytesIO(files[name]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
