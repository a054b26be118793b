"""Calibration: how far graders agree with people, how the judge is biased, and the licence that this earns."""

from chatparity.calibrate.drift import drifted
from chatparity.calibrate.measure import Calibrated, calibrate
from chatparity.calibrate.result import Agreement, Calibration, Injections, Probe

__all__ = ["Agreement", "Calibrated", "Calibration", "Injections", "Probe", "calibrate", "drifted"]
