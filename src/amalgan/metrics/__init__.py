"""What is reported: functions from tensors to numbers, in float64; no system, no chance.

    distortion     pictures, their decodes ─► PSNR, SSIM        novelty     copies of training examples
    distribution   two sets of features ─► Fréchet, KID, PRDC  statistics  intervals, differences
    utility        codes, labels ─► accuracy                    modes       which ones occur, and how evenly
    classification class probabilities, labels ─► log loss, calibration error
    detection      scores of normals, of anomalies ─► p-values, alarms, AUROC
    distances      nearest neighbors

Tensors of any float type come in and are computed in float64 where they are; a device without float64 (mps)
moves them to the CPU first. Numbers go out as Python floats or small frozen dataclasses.
``distribution.LEAST`` says from how many samples on a number means what its name promises.
"""
