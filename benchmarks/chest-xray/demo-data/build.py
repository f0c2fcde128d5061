#!/usr/bin/env python3
"""Builds the demo data of the chest X-ray benchmark: build.py NPZ OUTPUT.tar.gz

Ten normal and ten pneumonia images of the training split (so no hospital holds them), as a hospital would
export them, in one archive with paths.yaml. The same input gives the same bytes on every machine: names,
order, times and owners are fixed, and nothing is compressed, since compressors differ between versions.
Standard library only.
"""
import io
import struct
import sys
import tarfile
import zipfile
import zlib

EACH = 10  # images of each class


def read_npy(archive, name):
    """(shape, bytes) of an unsigned 8-bit array in C order."""
    raw = archive.read(name + ".npy")
    length, = struct.unpack("<H", raw[8:10])
    header = raw[10:10 + length].decode("latin-1")
    if raw[:8] != b"\x93NUMPY\x01\x00" or "'|u1'" not in header or "'fortran_order': False" not in header:
        sys.exit(f"{name}: not an unsigned 8-bit .npy array of version 1.0")
    shape = tuple(int(n) for n in header.split("(")[1].split(")")[0].split(",") if n.strip())
    return shape, raw[10 + length:]


def png(pixels, side):
    """An 8-bit grey PNG, stored without compression."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\x00" + pixels[y * side:(y + 1) * side] for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 0))
            + chunk(b"IEND", b""))


def choose(images, labels, side):
    """The first EACH images of both classes in turn, no pixels twice."""
    size = side * side
    chosen, seen = {0: [], 1: []}, set()
    for index, label in enumerate(labels):
        pixels = images[index * size:(index + 1) * size]
        if len(chosen[label]) < EACH and pixels not in seen:
            seen.add(pixels)
            chosen[label].append(pixels)
    return [pair for both in zip(chosen[0], chosen[1]) for pair in zip((0, 1), both)]


def main(source, target):
    with zipfile.ZipFile(source) as archive:
        shape, images = read_npy(archive, "train_images")
        _, labels = read_npy(archive, "train_labels")
    side = shape[1]
    table = "accession,patient_id,study_date,finding\n"
    files = {"paths.yaml": b"data_path: images\nlabels_path: labels\n"}
    for number, (label, pixels) in enumerate(choose(images, labels, side), 1):
        accession = f"DEMO{number:04}"
        files[f"images/{accession}.png"] = png(pixels, side)
        table += f"{accession},DEMO-P{number:03},2000-01-01,{('NORMAL', 'PNEUMONIA')[label]}\n"
    files["labels/labels.csv"] = table.encode()

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)  # owner 0, time 0
            entry.size, entry.mode = len(files[name]), 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    data = packed.getvalue()
    stored = zlib.compressobj(0, zlib.DEFLATED, -15)
    with open(target, "wb") as out:
        out.write(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + stored.compress(data) + stored.flush()
                  + struct.pack("<II", zlib.crc32(data), len(data)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    main(*sys.argv[1:])
