#!/usr/bin/env python3
"""Writes nifti/*.nii(.gz) and nifti.csv: small images as nibabel writes them, and what nibabel reads in them.

Needs nibabel and numpy from PyPI (made with nibabel 5.4, numpy 2.4); the tests need neither.
A row: file, size, the affine in mm RAS row by row (nibabel's choice of form, in the file's units), the voxels' sum
and the voxel (1, 2, 0).
"""
import csv
import gzip
import pathlib

import nibabel as nib
import numpy as np

here = pathlib.Path(__file__).parent
folder = here / "nifti"
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(20261126)


def rotation(a, b, c):
    ca, sa, cb, sb, cc, sc = np.cos(a), np.sin(a), np.cos(b), np.sin(b), np.cos(c), np.sin(c)
    return (np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]]) @ np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
            @ np.array([[1, 0, 0], [0, cc, -sc], [0, sc, cc]]))


def affine(matrix, zooms, origin):
    out = np.eye(4)
    out[:3, :3] = matrix @ np.diag(zooms)
    out[:3, 3] = origin
    return out


oblique = affine(rotation(0.3, -0.2, 1.1), (0.7, 0.9, 2.5), (-100.25, 55.5, 12))
mirrored = affine(rotation(0.1, 0.2, -0.3) @ np.diag([-1, 1, 1]), (1, 2, 3), (10, 20, -30))
half_turn = affine(np.diag([-1.0, -1.0, 1.0]), (0.8, 0.8, 5), (120, 130, -400))
shape = (4, 5, 3)
whole = rng.integers(0, 5, shape)

images = {}


def add(name, data, aff, kind=nib.Nifti1Image, forms="both", **header):
    image = kind(data, aff, dtype=data.dtype)
    image.set_sform(aff, 1 if forms in ("both", "sform", "differ") else 0)
    qform = half_turn if forms == "differ" else aff
    image.set_qform(qform, 1 if forms in ("both", "qform", "differ") else 0)
    for key, value in header.items():
        image.header[key] = value
    images[name] = image


add("oblique_u8.nii.gz", whole.astype(np.uint8), oblique)
add("qform_i16.nii.gz", (whole - 2).astype(np.int16), oblique, forms="qform")
add("mirrored_qform.nii", whole.astype(np.float32), mirrored, forms="qform")
add("half_turn_qform.nii", whole.astype(np.uint8), half_turn, forms="qform")
add("differ.nii", whole.astype(np.uint8), mirrored, forms="differ")
add("second_f64.nii.gz", rng.normal(size=shape), oblique, kind=nib.Nifti2Image)
add("second_qform_i64.nii", whole.astype(np.int64), mirrored, kind=nib.Nifti2Image, forms="qform")
add("flat.nii", whole[:, :, 0].astype(np.uint16), np.diag([0.5, 0.25, 1, 1]))
big = nib.Nifti1Image(whole.astype(">f4"), mirrored, nib.Nifti1Header(endianness=">"))
big.header.set_data_dtype(">f4")
images["big_endian_f32.nii.gz"] = big
big2 = nib.Nifti2Image(whole.astype(">i4"), oblique, nib.Nifti2Header(endianness=">"))
big2.header.set_data_dtype(">i4")
images["second_big_endian_i32.nii"] = big2
scaled = nib.Nifti1Image(whole.astype(np.float64) * 0.25 - 7.5, oblique)
scaled.header.set_data_dtype(np.int16)
images["scaled_i16.nii.gz"] = scaled

with open(here / "nifti.csv", "w", newline="") as out:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["file", "size"] + [f"a{r}{c}" for r in range(3) for c in range(4)] + ["sum", "voxel"])
    for name, image in images.items():
        bare = folder / name.removesuffix(".gz")
        nib.save(image, bare)
        if name.endswith(".gz"):  # without the time and name that nibabel's writer leaves
            (folder / name).write_bytes(gzip.compress(bare.read_bytes(), mtime=0))
            bare.unlink()
        read = nib.load(folder / name)
        data = read.get_fdata(dtype=np.float64)
        index = (1, 2, 0)[: data.ndim]
        rows.writerow([name, "x".join(map(str, data.shape))] + [repr(float(v)) for v in read.affine[:3].ravel()]
                      + [repr(float(data.sum())), repr(float(data[index]))])
