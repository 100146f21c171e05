"""Links from mapping sets: SSSOM files → links from the entities of a release, with why.

What is loaded and what is not is in :mod:`pfocr_rdf.mappings.links`.
"""

from pfocr_rdf.mappings.files import MappingFile, MappingLimits, open_mapping_files
from pfocr_rdf.mappings.links import Links, MappingCounts
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
]
