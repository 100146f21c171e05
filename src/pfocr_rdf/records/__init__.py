"""Reads PFOCR records and their companion tables: nothing else knows YAML or TSV.

``open_collection`` finds the records of a folder; ``read_record`` turns one into a
:class:`Figure` and a list of the problems found in it.
"""

from pfocr_rdf.records.figure import read_record
from pfocr_rdf.records.folder import Collection, open_collection
from pfocr_rdf.records.model import (
    Article,
    Candidate,
    Figure,
    Kind,
    Mention,
    Organism,
    RecordFile,
    Support,
)
from pfocr_rdf.records.notes import Limits, Notes
from pfocr_rdf.records.organisms import Taxa, load_taxa

__all__ = [
    "Article",
    "Candidate",
    "Collection",
    "Figure",
    "Kind",
    "Limits",
    "Mention",
    "Notes",
    "Organism",
    "RecordFile",
    "Support",
    "Taxa",
    "load_taxa",
    "open_collection",
    "read_record",
]
