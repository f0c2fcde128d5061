"""Label volumes for the benchmark, made from a seed; and real ones from a folder."""
import gzip, pathlib, struct

import numpy as np

TUMOUR = {"WT": (1, 2, 4), "TC": (1, 4), "ET": (4,)}


def smooth_noise(rng, shape, sigma):
    """Smooth noise of unit variance: the wobble of an outline."""
    from scipy import ndimage
    coarse = rng.standard_normal([max(4, n // int(sigma)) for n in shape])
    field = ndimage.zoom(coarse, [n / m for n, m in zip(shape, coarse.shape)], order=3)
    return (field / field.std()).astype("f4")


def ellipsoid(shape, centre, radii):
    axes = [((np.arange(n) - c) / r).astype("f4") ** 2 for n, c, r in zip(shape, centre, radii)]
    return np.sqrt(axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :])


def tumour(rng, wobble, centre=(70, 120, 110)):
    """One 155 x 240 x 240 map (z, y, x) with oedema 2, core 1 and enhancing rim 4."""
    shape = (155, 240, 240)
    radius = ellipsoid(shape, centre, (38, 48, 52)) + 0.16 * wobble
    labels = np.zeros(shape, "u1")
    labels[radius < 1] = 2
    labels[radius < 0.62] = 4
    labels[radius < 0.45] = 1
    return labels


def tumour_pair(seed=1):
    """A tumour and a prediction whose outline wobbles about 2 mm around it, with a stray component."""
    rng = np.random.default_rng(seed)
    shape = (155, 240, 240)
    outline = smooth_noise(rng, shape, 12)
    reference = tumour(rng, outline)
    prediction = tumour(rng, outline + 0.35 * smooth_noise(rng, shape, 8))
    prediction[ellipsoid(shape, (30, 60, 190), (4, 5, 5)) < 1] = 2
    return prediction, reference, (1.0, 1.0, 1.0), TUMOUR


def abdomen_pair(seed=2):
    """13 organs in 512 x 512 x 300 voxels of 0.8 x 0.8 x 1.5 mm, and outlines about 2 mm off."""
    rng = np.random.default_rng(seed)
    shape = (300, 512, 512)
    organs = [((150, 250, 170), (70, 95, 110)), ((170, 240, 370), (40, 45, 40)), ((120, 320, 330), (38, 30, 28)),
              ((115, 325, 190), (38, 30, 28)), ((150, 200, 220), (14, 16, 22)), ((175, 200, 320), (40, 45, 50)),
              ((140, 260, 270), (14, 18, 55)), ((160, 300, 256), (130, 12, 12)), ((150, 290, 225), (120, 12, 13)),
              ((240, 260, 262), (45, 10, 10)), ((165, 285, 320), (9, 12, 14)), ((165, 290, 195), (9, 12, 14)),
              ((40, 230, 256), (28, 38, 45))]
    pair = [np.zeros(shape, "u1"), np.zeros(shape, "u1")]
    for label, (centre, radii) in enumerate(organs, start=1):
        low = [max(0, int(c - 1.6 * r)) for c, r in zip(centre, radii)]
        high = [min(n, int(c + 1.6 * r) + 1) for c, r, n in zip(centre, radii, shape)]
        box = tuple(slice(a, b) for a, b in zip(low, high))
        size = [b - a for a, b in zip(low, high)]
        at = [c - a for c, a in zip(centre, low)]
        outline = ellipsoid(size, at, radii) + 0.12 * smooth_noise(rng, size, 10)
        scale = 2.5 / min(radii)
        for number, labels in enumerate(pair):
            wobble = outline + (0.5 * scale * smooth_noise(rng, size, 7) if number else 0)
            labels[box][wobble < 1] = label
    return pair[1], pair[0], (0.8, 0.8, 1.5), {f"organ-{i}": (i,) for i in range(1, 14)}


def far_balls():
    """Two balls in opposite corners of a 240 x 240 x 155 volume: every nearest voxel is far."""
    shape = (155, 240, 240)
    pair = [(ellipsoid(shape, c, (24, 24, 24)) < 1).astype("u1") for c in ((26, 26, 26), (128, 213, 213))]
    return *pair, (1.0, 1.0, 1.0), {"ball": (1,)}


def far_noise(seed=3):
    """Noise at either end of the volume: nearly every voxel of it is surface, and far from the other."""
    rng = np.random.default_rng(seed)
    shape = (155, 240, 240)
    pair = [np.zeros(shape, "u1"), np.zeros(shape, "u1")]
    pair[0][:, :, :100] = rng.random((155, 240, 100)) < 0.5
    pair[1][:, :, 140:] = rng.random((155, 240, 100)) < 0.5
    return *pair, (1.0, 1.0, 1.0), {"noise": (1,)}


def far_plates():
    """A thin plate against the far faces of the volume: the most queries at the greatest distance."""
    shape = (155, 240, 240)
    pair = [np.zeros(shape, "u1"), np.zeros(shape, "u1")]
    pair[0][:, :, :2] = 1
    pair[1][:, :, 237:] = 1
    return *pair, (1.0, 1.0, 1.0), {"plate": (1,)}


def read_nifti(path):
    """Labels (z, y, x) and spacing (x, y, z) of an 8-bit or 16-bit little-endian NIfTI-1 file."""
    data = gzip.decompress(pathlib.Path(path).read_bytes())
    dim = struct.unpack("<8h", data[40:56])
    kind = {2: "u1", 4: "<i2", 512: "<u2"}[struct.unpack("<h", data[70:72])[0]]
    spacing = struct.unpack("<8f", data[76:108])[1:4]
    offset = int(struct.unpack("<f", data[108:112])[0])
    labels = np.frombuffer(data, kind, count=dim[1] * dim[2] * dim[3], offset=offset)
    return labels.reshape(dim[3], dim[2], dim[1]).astype("u1"), spacing


def real_pairs(folder):
    """Pairs of a folder with SITE/consensus_simple.nii.gz and SITE/segmentations/*.nii.gz."""
    for reference in sorted(pathlib.Path(folder).glob("*/consensus_simple.nii.gz")):
        r, spacing = read_nifti(reference)
        for path in sorted((reference.parent / "segmentations").glob("*.nii.gz")):
            yield f"{reference.parent.name} {path.name.split('.')[0]}", (read_nifti(path)[0], r, spacing, TUMOUR)
