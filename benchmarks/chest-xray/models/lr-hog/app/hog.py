"""Histogram-of-oriented-gradients features of 28x28 chest X-rays, NumPy only.

Source: Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005, with
one normalisation over the whole image and a square root ("RootSIFT", Arandjelovic and Zisserman,
CVPR 2012). Training and inference import this one definition.
"""
import numpy as np

ORIENTATIONS = 8
CELL = 4  # pixels: 7 x 7 cells of 4 x 4


def features(images):
    """uint8 (n, 28, 28) -> float64 (n, 392): cells row by row, 8 orientations each."""
    x = images.astype(np.float64) / 255.0
    n, height, width = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)), mode="edge")
    gx = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
    gy = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
    magnitude = np.hypot(gx, gy)
    # Unsigned orientation: an edge counts the same whichever side is bright.
    position = np.mod(np.arctan2(gy, gx), np.pi) / np.pi * ORIENTATIONS
    lower = np.floor(position).astype(int)
    upper_share = position - lower
    lower %= ORIENTATIONS
    cells = np.zeros((n, height // CELL, width // CELL, ORIENTATIONS))
    for bin_index in range(ORIENTATIONS):
        weight = magnitude * ((lower == bin_index) * (1 - upper_share)
                              + ((lower + 1) % ORIENTATIONS == bin_index) * upper_share)
        cells[..., bin_index] = weight.reshape(
            n, height // CELL, CELL, width // CELL, CELL).sum(axis=(2, 4))
    flat = cells.reshape(n, -1)
    return np.sqrt(flat / (flat.sum(axis=1, keepdims=True) + 1e-9))
