"""What callers give, checked and brought to the types that the library takes. What is wrong is a ValueError that
begins with the argument's name."""
from typing import Dict, Optional

import numpy as np
from numpy.typing import ArrayLike


def _array(name: str, values: object, axes: int) -> np.ndarray:
    if np.ma.is_masked(values):
        raise ValueError(f"{name}: values are masked; leave these cases out, and say so")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:  # rows of different lengths
        raise ValueError(f"{name}: no array can be made of it: {error}") from None
    if array.ndim != axes:
        raise ValueError(f"{name}: it has {array.ndim} axes, not {axes}")
    return array


def numbers(name: str, values: object, axes: int = 1) -> np.ndarray:
    """Doubles one after another. Arrays that are so already are not copied."""
    array = _array(name, values, axes)
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (ValueError, TypeError):
            raise ValueError(f"{name}: a value is not a number") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name}: it holds {array.dtype}, not numbers")
    return np.ascontiguousarray(array, dtype=np.float64)


def yes_or_no(name: str, values: object, axes: int = 1) -> np.ndarray:
    """Bytes of 0 or 1, from booleans or numbers that are 0 or 1."""
    array = _array(name, values, axes)
    if array.size and (array.dtype.kind not in "fiubO" or not np.isin(array, (0, 1)).all()):
        raise ValueError(f"{name}: a value is neither 0 nor 1")
    return np.ascontiguousarray(array, dtype=np.uint8)


def whole(name: str, values: object, axes: int = 1) -> np.ndarray:
    """Whole numbers of 64 bits, also from floats that are whole."""
    array = _array(name, values, axes)
    if array.size == 0:
        return np.zeros(array.shape, dtype=np.int64)
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.floor(array)).all():
        if np.abs(array).max() <= 2.0**53:
            return np.ascontiguousarray(array, dtype=np.int64)
    if array.dtype.kind not in "iub" or int(array.max()) >= 2**63:
        raise ValueError(f"{name}: a value is not a whole number of 64 bits")
    return np.ascontiguousarray(array, dtype=np.int64)


def ids(name: str, values: object, cases: int) -> np.ndarray:
    """Whatever tells apart (numbers, texts), numbered from 0 as it appears: other names for the same give the same
    answer. A blank belongs to nobody in particular and is refused."""
    array = _array(name, values, 1)
    if array.size != cases:
        raise ValueError(f"{name}: there are {array.size} for {cases} cases")
    blank = ValueError(f"{name}: one is blank; name it, or leave its case out")
    if array.dtype.kind == "O":
        numbered: Dict[object, int] = {}
        try:
            if any(one is None or one != one or one == "" for one in array):
                raise blank
            return np.array([numbered.setdefault(one, len(numbered)) for one in array], dtype=np.int64)
        except TypeError:
            raise ValueError(f"{name}: one cannot be told from others") from None
    if (array.dtype.kind in "fc" and np.isnan(array).any()) or (array.dtype.kind in "US" and (array == array.dtype.type()).any()):
        raise blank
    _, first, inverse = np.unique(array, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first)).astype(np.int64)[inverse.reshape(-1)]


def patients_of(patients: Optional[ArrayLike], cases: int) -> Dict[str, np.ndarray]:
    """The array of patients as an argument, or none."""
    return {} if patients is None else {"patients": ids("patients", patients, cases)}


def same_length(**arrays: np.ndarray) -> None:
    """All have as many cases as the first."""
    (first, of_first), *others = arrays.items()
    for name, one in others:
        if len(one) != len(of_first):
            raise ValueError(f"{name}: it has {len(one)} values and {first} {len(of_first)}")
