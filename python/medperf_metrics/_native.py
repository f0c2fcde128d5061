"""The shared library. ctypes releases the interpreter lock during each call."""
import ctypes
import pathlib

from ._figures import Estimate

_ERROR_SIZE = 1024


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


_library = ctypes.CDLL(str(pathlib.Path(__file__).with_name("medperf_metrics.so")))


def call(name: str, *arguments: object) -> None:
    """Calls a function of the library; what it complains about is a ValueError."""
    error = ctypes.create_string_buffer(_ERROR_SIZE)
    if getattr(_library, name)(*arguments, error, ctypes.c_int32(_ERROR_SIZE)) != 0:
        raise ValueError(error.value.decode("utf-8", "replace"))
