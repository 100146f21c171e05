"""The pipeline: records → release folder, in worker processes and bulk loads."""

from pfocr_rdf.build.check import check_records
from pfocr_rdf.build.options import BuildOptions, Progress
from pfocr_rdf.build.pipeline import BuildResult, Findings, build_release

__all__ = ["BuildOptions", "BuildResult", "Findings", "Progress", "build_release", "check_records"]
