"""The design's example: one record as it should come out, its two mentions and all they need."""

from pathlib import Path

from pyoxigraph import RdfFormat, parse

from making import read_all, triples_of, write

#: The design's example, its record abridged to two mentions.
EXAMPLE_RECORD = """---
figid: PMC100003__mb2410470011
figlink: /pmc/articles/PMC100003/figure/F11/
number: F11
caption: Summary of the signaling pathway that connects neuropeptides to the AR.
pmcid: PMC100003
papertitle: 'Neuropeptide-Induced Androgen Independence in Prostate Cancer Cells: Roles of
  Nonreceptor Tyrosine Kinases Etk/Bmx, Src, and Focal Adhesion Kinase.'
reftext: Li-Fen Lee, et al. Mol Cell Biol. 2001 Dec;21(24):8385-8397.
pathway_score: 0.9537671
filename: mb2410470011.jpg
figtitle: Summary of the signaling pathway that connects neuropeptides to the AR
year: '2001'
organisms:
- Homo sapiens
genes:
- word: Etk
  symbol: ETK
  source: hgnc_alias_symbol
  hgnc_symbol: BMX
  entrez: '660'
chemicals:
- word: bombesin
  source: MESH
  identifier: D001839
diseases: []
figid_alias: PMC100003__F11
redirect_from: /figures/PMC100003__F11
figtype: Figure
---
"""
EXAMPLE_GRAPH = """
@prefix schema: <http://schema.org/> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix taxon: <http://purl.obolibrary.org/obo/NCBITaxon_> .
@prefix mesh: <http://id.nlm.nih.gov/mesh/> .
@prefix gene: <https://identifiers.org/ncbigene/> .
@prefix pmc: <https://identifiers.org/pmc/> .
@prefix figure: <https://pfocr.wikipathways.org/figures/> .
@prefix pfocr: <https://pfocr.wikipathways.org/ontology#> .
@prefix sources: <https://github.com/wikipathways/pfocr-database/blob/main/_figures/> .

figure:PMC100003__mb2410470011 a schema:ImageObject, pfocr:PathwayFigure ;
    schema:identifier "PMC100003__mb2410470011" ;
    schema:name "Summary of the signaling pathway that connects neuropeptides to the AR" ;
    schema:caption "Summary of the signaling pathway that connects neuropeptides to the AR." ;
    schema:position "F11" ;
    pfocr:figureType "Figure" ;
    pfocr:pathwayScore 0.9537671 ;
    schema:isPartOf pmc:PMC100003, <https://pfocr.wikipathways.org/dataset> ;
    schema:about taxon:9606 ;
    schema:mentions gene:660, mesh:D001839 ;
    schema:url <https://www.ncbi.nlm.nih.gov/pmc/articles/PMC100003/figure/F11/> ;
    schema:contentUrl <https://europepmc.org/articles/PMC100003/bin/mb2410470011.jpg> ;
    schema:mainEntityOfPage <https://pfocr.wikipathways.org/figures/PMC100003__mb2410470011.html> ;
    schema:sdLicense <https://creativecommons.org/publicdomain/zero/1.0/> ;
    prov:wasDerivedFrom sources:PMC100003__mb2410470011.md ;
    pfocr:sourceSha256 "{sha256}" .

figure:PMC100003__F11 dcterms:isReplacedBy figure:PMC100003__mb2410470011 .

pmc:PMC100003 a schema:ScholarlyArticle ;
    schema:identifier "PMC100003" ;
    schema:name "Neuropeptide-Induced Androgen Independence in Prostate Cancer Cells: Roles of \
Nonreceptor Tyrosine Kinases Etk/Bmx, Src, and Focal Adhesion Kinase." ;
    schema:datePublished "2001"^^xsd:gYear ;
    dcterms:bibliographicCitation "Li-Fen Lee, et al. Mol Cell Biol. 2001 Dec;21(24):8385-8397." .

<https://pfocr.wikipathways.org/figures/PMC100003__mb2410470011#mention-4989d20b895d>
    a pfocr:GeneMention, oa:Annotation ;
    oa:hasTarget figure:PMC100003__mb2410470011 ;
    oa:hasBody gene:660 ;
    schema:text "Etk" ;
    pfocr:match "ETK" ;
    pfocr:lexicon pfocr:hgnc_alias_symbol ;
    pfocr:tier pfocr:synonym ;
    pfocr:candidateCount 1 ;
    pfocr:rowCount 1 .

<https://pfocr.wikipathways.org/figures/PMC100003__mb2410470011#mention-916a7b44fbfd>
    a pfocr:ChemicalMention, oa:Annotation ;
    oa:hasTarget figure:PMC100003__mb2410470011 ;
    oa:hasBody mesh:D001839 ;
    schema:text "bombesin" ;
    pfocr:lexicon pfocr:mesh ;
    pfocr:candidateCount 1 ;
    pfocr:rowCount 1 .

gene:660 a schema:Gene ; schema:name "BMX" ; schema:identifier "660" ;
    schema:taxonomicRange taxon:9606 .
mesh:D001839 a schema:ChemicalSubstance ; schema:name "bombesin" ; schema:identifier "D001839" .
taxon:9606 a schema:Taxon ; schema:name "Homo sapiens" ; schema:identifier "9606" .
"""


def test_the_design_s_example_comes_out_as_it_stands_there(tmp_path: Path) -> None:
    write(tmp_path, {"PMC100003__mb2410470011.md": EXAMPLE_RECORD})
    figures, problems = read_all(tmp_path)
    assert not problems
    (figure,) = figures.values()
    turtle = EXAMPLE_GRAPH.replace("{sha256}", figure.source_sha256)
    expected = {quad.triple for quad in parse(turtle, format=RdfFormat.TURTLE)}
    assert set(triples_of([figure])) == expected
