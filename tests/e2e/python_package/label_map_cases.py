"""Volumes and connected components of one label map, against a search by hand, in any layout of the array."""
import medperf_metrics as mm
import numpy as np
from checks import done, expect, near, refused


def search(mask, touch):
    """(voxels, first, last) of each component, by flooding."""
    left, found = set(map(tuple, np.argwhere(mask))), []
    steps = [s for s in np.ndindex(*[3] * mask.ndim) if 0 < sum(abs(x - 1) for x in s) <= {6: 1, 18: 2, 26: 3}[touch]]
    while left:
        todo = [left.pop()]
        part = list(todo)
        while todo:
            at = todo.pop()
            for step in steps:
                beside = tuple(a + s - 1 for a, s in zip(at, step))
                if beside in left:
                    left.remove(beside)
                    todo.append(beside)
                    part.append(beside)
        found.append((len(part), *np.min(part, axis=0), *(np.max(part, axis=0) + 1)))
    return sorted(found)


def told(one):
    return sorted((int(n), *map(int, a), *map(int, b)) for n, a, b in zip(one.voxels, one.first, one.last))


rng = np.random.default_rng(4)
for shape in ((9, 7, 5), (6, 8), (1, 9, 8), (9, 1, 8), (9, 8, 1), (1, 1, 12), (1, 1)):
    spread = rng.integers(0, 4, shape).astype(np.uint8)
    spacing = np.arange(1, len(shape) + 1) * 0.5
    for touch in (26, 18, 6):
        found = mm.components(spread, spacing_mm=spacing, regions={"one": 1, "two": [2, 3]}, neighbours=touch)
        expect(f"components of {shape}, {touch} neighbours", told(found["one"]) == search(spread == 1, touch)
               and told(found["two"]) == search(spread >= 2, touch), (found, search(spread == 1, touch)))
        for name, order in (("Fortran", np.asfortranarray), ("a view", lambda a: a[::-1][::-1]), ("int64", lambda a: a.astype(np.int64)),
                            ("big-endian", lambda a: a.astype(">i2"))):
            other = mm.components(order(spread), spacing_mm=spacing, regions={"one": 1, "two": [2, 3]}, neighbours=touch)
            expect(f"the same in the same order: {name}", all((getattr(other[r], c) == getattr(found[r], c)).all() for r in found
                                                           for c in ("voxels", "ml", "first", "last")))
    volume = mm.volumes(spread, spacing_mm=spacing, regions={"all": [1, 2, 3], "none": 9})
    near(f"millilitres of {shape}", volume["all"].ml, np.count_nonzero(spread) * np.prod(spacing) / 1000, 1e-12)
    expect("voxels", volume["all"].voxels == np.count_nonzero(spread) and volume["none"] == mm.RegionVolume(0, 0.0), volume)
plane = mm.components(np.eye(4, dtype=bool), spacing_mm=(1, 1), regions={"x": 1})["x"]
expect("in a plane 8 neighbours", plane.count == 1 and plane.neighbours == 8, plane)
expect("4 do not join a diagonal", mm.components(np.eye(4, dtype=bool), spacing_mm=(1, 1), regions={"x": 1}, neighbours=6)["x"].count == 4)
none = mm.components(np.zeros((3, 3), np.uint8), spacing_mm=(1, 1), regions={"x": 1})["x"]
expect("no component", none.count == 0 and none.first.shape == (0, 2), none)
expect("no region", mm.components(np.zeros((3, 3), np.uint8), spacing_mm=(1, 1), regions={}) == {} == mm.volumes(
    np.zeros((3, 3), np.uint8), spacing_mm=(1, 1), regions={}))
expect("results cannot be changed", not plane.voxels.flags.writeable)
a = np.zeros((3, 3), np.uint8)
for what, argument, f in (
        ("the background", "regions", lambda: mm.volumes(a, spacing_mm=(1, 1), regions={"x": 0})),
        ("no label", "regions", lambda: mm.volumes(a, spacing_mm=(1, 1), regions={"x": []})),
        ("a label of 2^40", "regions", lambda: mm.volumes(a, spacing_mm=(1, 1), regions={"x": 2**40})),
        ("a label as text", "regions", lambda: mm.volumes(a, spacing_mm=(1, 1), regions={"x": "tumour"})),
        ("three spacings for a plane", "spacing_mm", lambda: mm.volumes(a, spacing_mm=(1, 1, 1), regions={"x": 1})),
        ("a spacing of NaN", "spacing", lambda: mm.volumes(a, spacing_mm=(1, float("nan")), regions={"x": 1})),
        ("a spacing of 0", "labels", lambda: mm.volumes(a, spacing_mm=(1, 0), regions={"x": 1})),
        ("an empty map", "labels", lambda: mm.volumes(a[:0], spacing_mm=(1, 1), regions={"x": 1})),
        ("four axes", "label_map", lambda: mm.volumes(a[None, None], spacing_mm=(1, 1, 1, 1), regions={"x": 1})),
        ("seven neighbours", "neighbours", lambda: mm.components(a, spacing_mm=(1, 1), regions={"x": 1}, neighbours=7))):
    refused(what, argument, f)
done()
