#!/usr/bin/env python3
"""Writes dicom/*.dcm: small files as pydicom, highdicom and DCMTK's tools write them.

Needs pydicom, highdicom and numpy from PyPI and the programs of Debian's package dcmtk (made with pydicom 3.0,
highdicom 0.28, DCMTK 3.6.7); the tests need none of them. What is in the files follows from formulas that the test
repeats: pixel (i, j) of slice k of the CT is 10 i + 3 j + 100 k, 12 bits, intercept -1000.
"""
import pathlib
import subprocess

import highdicom as hd
import numpy as np
import pydicom
from highdicom.sr.coding import CodedConcept
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian, RLELossless

here = pathlib.Path(__file__).parent
folder = here / "dicom"
folder.mkdir(exist_ok=True)
COLUMNS, ROWS, SLICES = 12, 10, 5
ROOT = "1.2.826.0.1.3680043.8.498.1"


def base(sop_class, instance):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.{instance}"
    ds = Dataset()
    ds.file_meta = meta
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = f"{ROOT}.{instance}"
    ds.PatientName = "Made^Up"
    ds.PatientID = "MADE-UP"
    ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.StudyID = ds.ReferringPhysicianName = ""
    ds.StudyDate, ds.StudyTime = "20260101", "000000"
    ds.StudyInstanceUID = f"{ROOT}.1"
    ds.SeriesInstanceUID = f"{ROOT}.2"
    ds.FrameOfReferenceUID = f"{ROOT}.3"
    ds.PositionReferenceIndicator = ""
    ds.Manufacturer = "MedPerf"
    ds.SeriesNumber = 1
    ds.InstanceNumber = instance
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    return ds


def plane(k):
    j, i = np.mgrid[0:ROWS, 0:COLUMNS]
    return (10 * i + 3 * j + 100 * k).astype("<u2")


def ct(k):
    ds = base(CTImageStorage, 100 + k)
    ds.Modality = "CT"
    ds.ImagePositionPatient = [-30.5, 12.25, 40 + 3 * k]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [0.8, 0.7]
    ds.SliceThickness = 3
    ds.RescaleIntercept, ds.RescaleSlope = -1000, 1
    ds.PixelData = plane(k).tobytes()
    return ds


series = [ct(k) for k in range(SLICES)]
explicit = folder / "ct_explicit.dcm"
series[2].save_as(explicit, enforce_file_format=True)
packed = ct(2)
packed.compress(RLELossless, generate_instance_uid=False)
packed.save_as(folder / "ct_rle.dcm", enforce_file_format=True)
for program, name, options in (("dcmcjpeg", "ct_jpeg_lossless.dcm", ["+e1"]), ("dcmcjpls", "ct_jpeg_ls.dcm", ["+el"]),
                               ("dcmconv", "ct_big_endian.dcm", ["+tb"]), ("dcmconv", "ct_implicit.dcm", ["+ti"]),
                               ("dcmconv", "ct_undefined_lengths.dcm", ["+te", "-e"])):
    subprocess.run([program, *options, explicit, folder / name], check=True)

# An enhanced MR image: its frames are not in order, and each has its own slope.
ds = base(EnhancedMRImageStorage, 200)
ds.Modality = "MR"
ds.NumberOfFrames = SLICES
shared = Dataset()
orientation, measures = Dataset(), Dataset()
orientation.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
measures.PixelSpacing, measures.SliceThickness, measures.SpacingBetweenSlices = [1.5, 1.25], 4, 4
shared.PlaneOrientationSequence = Sequence([orientation])
shared.PixelMeasuresSequence = Sequence([measures])
ds.SharedFunctionalGroupsSequence = Sequence([shared])
frames, order = [], [3, 0, 4, 1, 2]
for k in order:
    frame, position, values = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [50 - 4 * k, -20, 60]
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 0.5 * (k + 1), 2, "US"
    frame.PlanePositionSequence = Sequence([position])
    frame.PixelValueTransformationSequence = Sequence([values])
    frames.append(frame)
ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
ds.PixelData = b"".join(plane(k).tobytes() for k in order)
ds.save_as(folder / "enhanced_mr.dcm", enforce_file_format=True)


def segmentation(masks, name, omit):
    concept = CodedConcept("10200004", "SCT", "Liver")
    category = CodedConcept("123037004", "SCT", "Anatomical Structure")
    algorithm = hd.AlgorithmIdentificationSequence("made up", CodedConcept("123110", "DCM", "Artificial Intelligence"), "1")
    descriptions = [hd.seg.SegmentDescription(n + 1, f"part {n + 1}", category, concept,
                                              hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC, algorithm)
                    for n in range(masks.shape[-1])]
    seg = hd.seg.Segmentation(series, masks, hd.seg.SegmentationTypeValues.BINARY, descriptions, f"{ROOT}.4", 2,
                              f"{ROOT}.{len(name)}", 1, "MedPerf", "none", "1", "1", omit_empty_frames=omit)
    seg.ContentDate = seg.InstanceCreationDate = "20260101"  # no day of making; highdicom's random UIDs remain
    seg.ContentTime = seg.InstanceCreationTime = "000000"
    seg.save_as(folder / name)


k, j, i = np.mgrid[0:SLICES, 0:ROWS, 0:COLUMNS]
first = (i + j < 7) & (k >= 1) & (k <= 3)
second = (i > 8) & ((k == 1) | (k == 4))
segmentation(np.stack([first, second], -1).astype(np.uint8), "seg.dcm", True)
segmentation(np.stack([first, second | (i + j < 3) & (k == 2)], -1).astype(np.uint8), "seg_overlap.dcm", False)
