"""The shared library. ctypes releases the interpreter lock during each call."""
import ctypes
import dataclasses
import functools
import json
import math
import pathlib
import typing
from typing import Any, Mapping, Type, TypeVar, cast

import numpy as np

from ._figures import Estimate

_ERROR_SIZE = 1024
_T = TypeVar("_T")


class NativeEstimate(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("value", "se", "low", "high")] + [
        (name, ctypes.c_int32) for name in ("has_value", "has_se", "has_interval")] + [
        ("flag", ctypes.c_char * 64), ("convention", ctypes.c_char * 64)]

    def estimate(self) -> Estimate:
        interval = self.has_interval
        return Estimate(self.value if self.has_value else None, self.se if self.has_se else None,
                        self.low if interval else None, self.high if interval else None,
                        self.flag.decode(), self.convention.decode())


class NativePair(ctypes.Structure):
    _fields_ = [("prediction", ctypes.c_void_p), ("reference", ctypes.c_void_p), ("label_type", ctypes.c_int32),
                ("size", ctypes.c_int32 * 3), ("spacing_mm", ctypes.c_double * 3), ("labels", ctypes.c_void_p),
                ("region_sizes", ctypes.c_void_p), ("regions", ctypes.c_int32), ("tau_mm", ctypes.c_void_p),
                ("taus", ctypes.c_int32), ("surfaces", ctypes.c_int32), ("threads", ctypes.c_int32)]


class NativeArray(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.c_void_p), ("type", ctypes.c_int32), ("length", ctypes.c_int64)]


class NativeAnswer(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("numbers", ctypes.POINTER(ctypes.c_double)), ("count", ctypes.c_int64)]


_TYPES = {np.dtype(np.float64): 0, np.dtype(np.int64): 1, np.dtype(np.uint8): 2, np.dtype(np.uint16): 3,
          np.dtype(np.int16): 4, np.dtype(np.int32): 5}
_library = ctypes.CDLL(str(pathlib.Path(__file__).with_name("medperf_metrics.so")))
_library.medperf_release.restype = None


def call(name: str, *arguments: object) -> None:
    """Calls a function of the library; what it complains about is a ValueError."""
    error = ctypes.create_string_buffer(_ERROR_SIZE)
    if getattr(_library, name)(*arguments, error, ctypes.c_int32(_ERROR_SIZE)) != 0:
        raise ValueError(error.value.decode("utf-8", "replace"))


def _option(name: str, value: object) -> object:
    """As JSON has it: numbers of NumPy too."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, str, list)):
        return value
    if isinstance(value, int) and -2**63 <= value < 2**63:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError(f"{name}: it is no number of the library's range")


def answer_as(kind: Any, task: str, arrays: Mapping[str, np.ndarray], /, **options: object) -> Any:
    """Runs a task of the library on contiguous arrays and makes its answer the type that is asked for."""
    given = (NativeArray * max(len(arrays), 1))()
    for one, (name, array) in zip(given, arrays.items()):
        one.name, one.data, one.type, one.length = name.encode(), array.ctypes.data, _TYPES[array.dtype], array.size
    text = json.dumps({name: _option(name, value) for name, value in options.items()}, allow_nan=False)
    answer = NativeAnswer()
    try:
        call("medperf_figures", ctypes.c_char_p(task.encode()), given, ctypes.c_int32(len(arrays)),
             ctypes.c_char_p(text.encode()), ctypes.byref(answer))
        numbers = np.empty(answer.count)
        if answer.count:
            numbers[:] = np.ctypeslib.as_array(answer.numbers, shape=(answer.count,))
        found = json.loads(answer.text)
    finally:
        _library.medperf_release(ctypes.byref(answer))
    numbers.flags.writeable = False
    return _typed(kind, found, numbers)


def figures(kind: Type[_T], task: str, arrays: Mapping[str, np.ndarray], /, **options: object) -> _T:
    """The same for one dataclass, with its type."""
    return cast(_T, answer_as(kind, task, arrays, **options))


@functools.lru_cache(maxsize=None)
def _fields(kind: type) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _typed(kind: Any, value: Any, numbers: np.ndarray) -> Any:
    """A JSON value as the type that its dataclass declares. Members and fields must be the same."""
    origin, parameters = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:  # Optional
        return None if value is None else _typed(parameters[0], value, numbers)
    if origin is tuple and parameters[-1] is Ellipsis:
        return tuple(_typed(parameters[0], one, numbers) for one in value)
    if origin is tuple:
        return tuple(_typed(of, one, numbers) for of, one in zip(parameters, value))
    if origin is dict:
        return {name: _typed(parameters[1], one, numbers) for name, one in value.items()}
    if kind is np.ndarray:
        first, count = value["column"]
        column = numbers[first:first + count]
        return column.reshape(-1, value["width"]) if "width" in value else column
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        fields = _fields(kind)
        if isinstance(value, list):
            value = dict(zip(fields, value))
        if value.keys() != fields.keys():
            raise RuntimeError(f"{kind.__name__}: the library's answer has other members: {sorted(value)}")
        return kind(**{name: _typed(of, value[name], numbers) for name, of in fields.items()})
    return kind(value)
