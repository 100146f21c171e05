"""Links from mapping sets: SSSOM files → links from the entities of a release, each justified.

:mod:`pfocr_rdf.mappings.links` says what is loaded and what is not.
"""

from pfocr_rdf.mappings.files import MappingFile, MappingLimits, open_mapping_files
from pfocr_rdf.mappings.links import Links, MappingCounts, said_of
from pfocr_rdf.mappings.linksets import linkset_nodes, linkset_parts, mapping_part

__all__ = [
    "Links",
    "MappingCounts",
    "MappingFile",
    "MappingLimits",
    "linkset_nodes",
    "linkset_parts",
    "mapping_part",
    "open_mapping_files",
    "said_of",
]
