"""Real queries pass, whatever their lists; what breaks a query process is refused, and quickly."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import QueryBoolean, Store

from pacing import cpu_within, slowness
from pfocr_rdf.possessive import re
from pfocr_rdf.queries import named_queries
from pfocr_rdf.web.checks import QueryLimits, check_query, find_service, is_repeatable
from pfocr_rdf.web.problems import Refusal

LIMITS: Final = QueryLimits()
#: Of this process alone: the machine may be busy with others. Before Python 3.11.5, regex reads.
QUICK_S: Final = 0.05 if re.__name__ == "re" else 0.2
BYTES: Final = 262_144

PREFIXES: Final = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX schema: <http://schema.org/>
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX pav: <http://purl.org/pav/>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX wp: <http://vocabularies.wikipathways.org/wp#>
PREFIX gpml: <http://vocabularies.wikipathways.org/gpml#>
PREFIX up: <http://purl.uniprot.org/core/>
PREFIX taxon: <http://purl.uniprot.org/taxonomy/>
PREFIX keywords: <http://purl.uniprot.org/keywords/>
PREFIX faldo: <http://biohackathon.org/resource/faldo#>
PREFIX ec: <http://purl.uniprot.org/enzyme/>
PREFIX rh: <http://rdf.rhea-db.org/>
PREFIX CHEBI: <http://purl.obolibrary.org/obo/CHEBI_>
PREFIX obo: <http://purl.obolibrary.org/obo/>
PREFIX genex: <http://purl.org/genex#>
PREFIX lscr: <http://purl.org/lscr#>
PREFIX orth: <http://purl.org/net/orth#>
PREFIX efo: <http://www.ebi.ac.uk/efo/>
PREFIX sio: <http://semanticscience.org/resource/>
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX pr: <http://www.wikidata.org/prop/reference/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX pfocr: <https://pfocr.wikipathways.org/ontology#>
"""

#: In the manner of the example libraries, and larger than what is in them.
LARGE: Final = {
    "every property of a pathway, each optional": """
# What WikiPathways' metadata page shows; it's long
SELECT DISTINCT ?pathway ?wpid (STR(?titleLit) AS ?title) (GROUP_CONCAT(DISTINCT ?author;
  SEPARATOR="; ") AS ?authors) (COUNT(DISTINCT ?gene) AS ?genes) ?image ?thumb ?about ?version
WHERE {
  VALUES ?wpid { "WP4518" "WP4519" "WP4521" "WP554" "WP1560" }
  ?pathway a wp:Pathway ; dcterms:identifier ?wpid ; dc:title ?titleLit .
  OPTIONAL { ?pathway dcterms:description ?description FILTER(LANG(?description) = "en") }
  OPTIONAL { ?pathway wp:organism ?organism ; wp:organismName ?organismName . }
  OPTIONAL { ?pathway dc:source ?source . }
  OPTIONAL { ?pathway foaf:page ?page . }
  OPTIONAL { ?pathway pav:hasVersion ?version . ?version pav:createdOn ?created . }
  OPTIONAL { ?pathway pav:createdOn ?date . }
  OPTIONAL { ?pathway dcterms:license ?license . }
  OPTIONAL { ?pathway wp:isAbout ?about . ?about gpml:author ?author ; gpml:license ?l2 . }
  OPTIONAL { ?pathway wp:pathwayOntologyTag ?tag . ?tag rdfs:label ?tagLabel . }
  OPTIONAL { ?pathway wp:diseaseOntologyTag ?disease . ?disease rdfs:label ?diseaseLabel . }
  OPTIONAL { ?pathway wp:cellTypeOntologyTag ?cell . ?cell rdfs:label ?cellLabel . }
  OPTIONAL { ?pathway schema:image ?image . ?image schema:thumbnail ?thumb . }
  OPTIONAL { ?gene a wp:GeneProduct ; dcterms:isPartOf ?pathway ; rdfs:label ?geneLabel . }
  OPTIONAL { ?protein a wp:Protein ; dcterms:isPartOf ?pathway ; wp:bdbUniprot ?uniprot . }
  OPTIONAL { ?metabolite a wp:Metabolite ; dcterms:isPartOf ?pathway ; wp:bdbChEBI ?chebi . }
  OPTIONAL { ?interaction a wp:Interaction ; dcterms:isPartOf ?pathway ; wp:bdbRhea ?rhea . }
  OPTIONAL { ?paper a wp:PublicationReference ; dcterms:isPartOf ?pathway ; dc:date ?year . }
  FILTER (!REGEX(STR(?pathway), "_r0$", "i") && (BOUND(?title) || !BOUND(?l2)))
}
GROUP BY ?pathway ?wpid ?titleLit ?image ?thumb ?about ?version ORDER BY ASC(?wpid)
""",
    "directed interactions with both ends in five databases": """
SELECT DISTINCT ?pathway ?interaction ?kind ?from ?to WHERE {
  ?pathway a wp:Pathway ; wp:organismName "Homo sapiens" ; dcterms:identifier ?wpid .
  ?interaction dcterms:isPartOf ?pathway ; a ?kind ; wp:participants ?source, ?target ;
    wp:source ?source ; wp:target ?target .
  VALUES ?kind { wp:Inhibition wp:Stimulation wp:Conversion wp:Catalysis wp:mim-binding }
  { ?source wp:bdbEntrezGene ?from } UNION { ?source wp:bdbEnsembl ?from }
  UNION { ?source wp:bdbUniprot ?from } UNION { ?source wp:bdbHgncSymbol ?from }
  UNION { ?source wp:bdbChEBI ?from . ?source a wp:Metabolite }
  UNION { ?source a wp:Complex ; wp:participants ?part . ?part wp:bdbEntrezGene ?from }
  { ?target wp:bdbEntrezGene ?to } UNION { ?target wp:bdbEnsembl ?to }
  UNION { ?target wp:bdbUniprot ?to } UNION { ?target wp:bdbHgncSymbol ?to }
  UNION { ?target wp:bdbChEBI ?to . ?target a wp:Metabolite }
  UNION { ?target a wp:Complex ; wp:participants ?part2 . ?part2 wp:bdbEntrezGene ?to }
  MINUS { ?interaction wp:bdbRhea ?rhea . ?rhea rdfs:comment "obsolete" }
  FILTER NOT EXISTS { ?interaction gpml:linethickness "0"^^xsd:double }
  FILTER(?source != ?target && ?from != ?to)
}
""",
    "all names of a protein and its parts": """
SELECT ?protein ?kind ?name ?part WHERE {
  BIND(<http://purl.uniprot.org/uniprot/P05067> AS ?protein)
  ?protein a up:Protein ; up:reviewed true ; up:mnemonic ?mnemonic .
  { ?protein (up:recommendedName|up:alternativeName|up:submittedName) ?structured }
  UNION { VALUES(?part){(up:domain)(up:component)}
    ?protein ?part ?x . ?x (up:recommendedName|up:alternativeName)/(up:fullName|up:shortName) ?n }
  UNION { ?protein up:encodedBy/(skos:prefLabel|skos:altLabel|up:locusName|up:orfName) ?n }
  ?structured ?kind ?name . ?kind rdfs:subPropertyOf* up:structuredNameType .
  OPTIONAL { ?protein up:annotation [ a up:Natural_Variant_Annotation ;
    up:substitution ?to ; up:range [ faldo:begin [ faldo:position ?begin ;
    faldo:reference ?isoform ] ; faldo:end/faldo:position ?end ] ; skos:related ?disease ] .
    ?isoform rdf:value ?sequence .
    BIND(SUBSTR(?sequence, ?begin, (?end + 1 - ?begin)) AS ?original) }
}
""",
    "enzymes, reactions, variants and diseases": """
SELECT DISTINCT ?protein ?reaction ?disease ?mim ?gene ?pdb ?location WHERE {
  ?reaction rdfs:subClassOf rh:Reaction ; rh:equation ?equation ; rh:status rh:Approved ;
    rh:side/rh:contains/rh:compound ?compound .
  ?compound (rh:chebi|(rh:reactivePart/rh:chebi)|rh:underlyingChebi)/rdfs:subClassOf* CHEBI:16113 .
  ?protein a up:Protein ; up:reviewed true ; up:organism taxon:9606 ; up:mnemonic ?mnemonic ;
    up:annotation ?catalysis, ?variant, ?diseased, ?cell ; up:encodedBy ?gene ;
    up:classifiedWith keywords:1185, keywords:225 ; rdfs:seeAlso ?pdb, ?ensembl .
  ?catalysis a up:Catalytic_Activity_Annotation ; up:catalyticActivity ?activity .
  ?activity up:catalyzedReaction ?reaction ; up:enzymeClass ?ec .
  ?ec rdfs:subClassOf ?upper . ?upper skos:prefLabel ?upperName .
  ?variant a up:Natural_Variant_Annotation ; skos:related ?disease ; rdfs:comment ?why .
  ?diseased a up:Disease_Annotation ; up:disease ?disease .
  ?disease a up:Disease ; skos:prefLabel ?diseaseName ; rdfs:seeAlso ?mim .
  ?mim up:database <http://purl.uniprot.org/database/MIM> .
  ?pdb up:database <http://purl.uniprot.org/database/PDB> ; up:method up:X-Ray_Crystallography ;
    up:resolution ?resolution ; up:chainSequenceMapping [ up:chain ?chain ] .
  ?ensembl up:database <http://purl.uniprot.org/database/Ensembl> ; up:transcribedFrom ?eg .
  ?cell a up:Subcellular_Location_Annotation ; up:locatedIn/up:cellularComponent ?location .
  ?location up:partOf* <http://purl.uniprot.org/locations/173> ; skos:prefLabel ?locationName .
  FILTER(?resolution < 2.5 && STRBEFORE(?chain, '=') IN ('A', 'B', 'A/B') && ?resolution<=9)
  FILTER(REGEX(?why, "loss of (function|activity)", "i") || CONTAINS(LCASE(?why), "dbSNP:rs#"))
} ORDER BY DESC(?resolution) ?protein LIMIT 1000 OFFSET 20
""",
    "orthologues and where they are expressed": """
SELECT ?human ?mouse ?anatName ?stageName (MAX(?score) AS ?best) (AVG(?score) AS ?mean) {
  { SELECT DISTINCT ?human ?mouse {
      { SELECT ?human { ?human a orth:Gene ; orth:organism/obo:RO_0002162 taxon:9606 ;
          lscr:xrefNCBIGene ?ncbi . VALUES ?ncbi { <https://www.ncbi.nlm.nih.gov/gene/5742>
          <https://www.ncbi.nlm.nih.gov/gene/5743> } } LIMIT 20 }
      ?cluster a orth:OrthologsCluster ; orth:hasHomologousMember ?node1, ?node2 .
      ?node1 orth:hasHomologousMember* ?protein1 . ?node2 orth:hasHomologousMember* ?protein2 .
      ?protein1 sio:SIO_010079 ?human . ?protein2 sio:SIO_010079 ?mouse .
      ?mouse orth:organism/obo:RO_0002162 taxon:10090 .
      FILTER(?node1 != ?node2) } }
  ?expression a genex:Expression ; genex:hasSequenceUnit ?mouse ; genex:hasFDRpvalue ?fdr ;
    genex:hasExpressionLevel ?score ; genex:hasExpressionCondition ?condition .
  ?condition genex:hasAnatomicalEntity ?anat ; genex:hasDevelopmentalStage ?stage ;
    genex:hasSex "any" ; genex:hasStrain ?strain ; obo:RO_0002162 taxon:10090 .
  ?anat rdfs:label ?anatName . ?stage rdfs:label ?stageName .
  ?strain rdfs:label "wild-type" .
  FILTER(xsd:double(?score) > 90.0E0 && xsd:decimal(?fdr) <= .05)
} GROUP BY ?human ?mouse ?anatName ?stageName HAVING (MAX(?score) > 95) (COUNT(*) > 1)
ORDER BY DESC(?best)
""",
    "an infobox of 48 optional properties": "SELECT * { VALUES ?item { wd:Q42 wd:Q80 } "
    + " ".join(f"OPTIONAL {{ ?item wdt:P{n} ?p{n} . }}" for n in range(20, 68))
    + " }",
    "statements with qualifiers and references": """
SELECT ?gene ?geneLabel ?value ?unitLabel ?precision ?refUrl ?date WHERE {
  ?gene wdt:P31/wdt:P279* wd:Q7187 ; wdt:P703 wd:Q15978631 ; wdt:P351 ?entrez ; wdt:P353 ?symbol .
  ?gene p:P684 ?statement . ?statement ps:P684 ?ortholog ; pq:P703 ?taxon ;
    wikibase:rank ?rank ; prov:wasDerivedFrom ?ref .
  OPTIONAL { ?ref pr:P854 ?refUrl } OPTIONAL { ?ref pr:P813 ?date } OPTIONAL { ?ref pr:P248 ?in }
  OPTIONAL { ?gene rdfs:label ?geneLabel FILTER(LANG(?geneLabel) = "en") }
  OPTIONAL { ?gene rdfs:label ?de FILTER(LANGMATCHES(LANG(?de), "de")) }
  OPTIONAL { ?statement pq:P1107 ?value . ?gene p:P2043/psv:P2043 [
    wikibase:quantityAmount ?amount ; wikibase:quantityUnit ?unit ;
    wikibase:quantityUpperBound ?upper ] . ?unit rdfs:label ?unitLabel }
  OPTIONAL { ?gene wdt:P688 ?protein . ?protein wdt:P352 ?uniprot ; wdt:P680 ?f ; wdt:P682 ?b .
    ?f wdt:P686 ?go1 . ?b wdt:P686 ?go2 }
  FILTER(?rank != wikibase:DeprecatedRank && ?date >= "2019-01-01T00:00:00Z"^^xsd:dateTime)
  FILTER NOT EXISTS { ?gene wdt:P31 wd:Q277338 }
  MINUS { ?gene wdt:P644 ?start . ?gene wdt:P645 ?end FILTER(xsd:integer(?end) < ?start) }
}
""",
    "a title cleaned by ten replacements": "SELECT ?clean { ?s schema:name ?title BIND("
    + "REPLACE(" * 10
    + "?title"
    + "".join(f', "{a}", "{b}")' for a, b in zip("äöüéèêçñßø", "aoueeecnso", strict=True))
    + " AS ?clean) }",
    "names for numbers, as nested IFs": "SELECT ?name { ?s schema:position ?n BIND("
    + "".join(f'IF(?n = {n}, "figure {n}", ' for n in range(40))
    + '"?"'
    + ")" * 40
    + " AS ?name) }",
    "hundreds of comparisons that a program wrote": "SELECT * { ?s schema:identifier ?id FILTER("
    + " || ".join(f'?id = "{n}"' for n in range(400))
    + ") }",
    "twelve ways to a gene, joined": "SELECT * { "
    + " UNION ".join(
        f"{{ ?figure schema:mentions ?gene . ?gene rdfs:label ?l{n} ; wp:bdb{n} ?x ; "
        f"skos:closeMatch/skos:exactMatch{n} ?y . FILTER(?x > {n}) }}"
        for n in range(12)
    )
    + " }",
    "mentions with all their evidence": """
SELECT ?figid ?word ?symbol ?tier ?candidates (SAMPLE(?t) AS ?title) (COUNT(*) AS ?n) WHERE {
  ?figure a pfocr:PathwayFigure ; schema:identifier ?figid ; schema:name ?t ;
    schema:isPartOf ?article ; schema:caption ?caption ; pfocr:figureType ?type .
  ?article a schema:ScholarlyArticle ; schema:name ?paper ; schema:datePublished ?year ;
    schema:isPartOf/schema:name ?journal ; schema:keywords ?keyword .
  ?mention a pfocr:GeneMention, oa:Annotation ; oa:hasTarget ?figure ; oa:hasBody ?gene ;
    schema:text ?word ; schema:name ?symbol ; pfocr:tier ?tier ; pfocr:candidateCount ?candidates .
  ?gene a schema:Gene ; schema:identifier ?entrez ; schema:taxonomicRange ?taxon .
  GRAPH ?g { ?gene schema:sameAs ?same . ?taxon schema:sameAs ?sameTaxon }
  OPTIONAL { ?figure schema:about/schema:name ?organism }
  { SELECT ?article (COUNT(DISTINCT ?f) AS ?figures) { ?f schema:isPartOf ?article
      { SELECT ?f (COUNT(?m) AS ?k) { ?m oa:hasTarget ?f } GROUP BY ?f HAVING (?k > 2) } }
    GROUP BY ?article }
  FILTER(?tier IN ("symbol", "synonym"@en, "family"^^xsd:string) && ?year >= "2010"^^xsd:gYear)
  FILTER(STRSTARTS(STR(?same), "http://purl.uniprot.org/geneid/") && !CONTAINS(?paper, "\\"{("))
} GROUP BY ?figid ?word ?symbol ?tier ?candidates ORDER BY DESC(?n) ?figid LIMIT 500
""",
    "eighty triples constructed": "CONSTRUCT { "
    + " ".join(f"?s schema:p{n} ?o{n} ; schema:q{n} [ rdf:value ?o{n} ] ." for n in range(40))
    + " } WHERE { ?s a schema:Gene ; schema:name ?o1 OPTIONAL { ?s schema:about ?o2 } }",
    "a hundred things described": "DESCRIBE "
    + " ".join(f"<http://dbpedia.org/resource/Gene_({n})>" for n in range(100)),
    "a list in the data": "SELECT * { ?s owl:intersectionOf ( ?a [ a owl:Restriction ; "
    "owl:onProperty obo:BFO_0000050 ; owl:someValuesFrom ?b ] ) ; rdfs:label ?l . ?a (^rdfs:"
    "subClassOf|!(rdf:type|^rdfs:seeAlso))+ ?c }",
}
#: More prefixes than those above, as editors send them.
MORE_PREFIXES: Final = (
    "PREFIX foaf: <http://xmlns.com/foaf/0.1/>\n"
    "PREFIX psv: <http://www.wikidata.org/prop/statement/value/>\n"
)

#: Lists that other programs send: name → query.
LISTS: Final = {
    "VALUES of 5,000 IRIs": "SELECT * { VALUES ?gene { "
    + "\n".join(f"<https://identifiers.org/ncbigene/{n}>" for n in range(5_000))
    + " } ?figure <http://schema.org/mentions> ?gene }",
    "VALUES of 5,000 figures": "SELECT * { ?figure a ?type } VALUES ?figure { "
    + " ".join(f"<https://pfocr.wikipathways.org/figures/PMC{n}__41598_(x)>" for n in range(5_000))
    + " }",
    "VALUES of 2,000 rows": "SELECT * { VALUES (?gene ?name) {\n"
    + "\n".join(f'( <http://x/{n}> "a) }} {n}"@en ) # {{ (' for n in range(2_000))
    + "\n} ?s ?p ?gene ; ?q ?name }",
    "VALUES of all kinds of terms": "SELECT * { VALUES ( ?a ?b ) { "
    + '( UNDEF <<( <s> <p> "o" )>> ) ( true -1.5e3 ) ( \'\'\'it\'s\'\'\' """a "b" """ ) ' * 300
    + "} }",
    "IN of 2,000 IRIs": "SELECT * { ?s ?p ?o FILTER(?o IN ("
    + ", ".join(f"<http://dbpedia.org/resource/A_({n})>" for n in range(2_000))
    + ")) }",
    "NOT IN of 2,000 literals": "SELECT * { ?s ?p ?o FILTER(?o NOT IN ("
    + ",\n".join(f'"{n}"^^<http://www.w3.org/2001/XMLSchema#integer>, "a"@en' for n in range(1_000))
    + ")) }",
    "IN of 20,000 numbers": "SELECT * { ?s ?p ?o FILTER(?o IN ("
    + ",".join(str(n) for n in range(20_000))
    + ")) }",
    "COALESCE of 3,000 variables": "SELECT * { ?s ?p ?o BIND(COALESCE("
    + ", ".join(f"?x{n}" for n in range(3_000))
    + ") AS ?x) }",
    "a comment of 100 kB": "SELECT * { # " + "{ ( [ ! << SERVICE " * 5_000 + "\n ?s ?p ?o }",
    "a literal of 100 kB": "SELECT * { ?s ?p '''" + "{ ( [ ! << SERVICE " * 5_000 + "''' }",
}


def chain(part: str, count: int, joint: str = "") -> str:
    """Parts that are alike but for their number, ``#``."""
    return joint.join(part.replace("#", str(number)) for number in range(count))


#: What the process cannot survive, or not in time: measure, and the query of that size.
ATTACKS: Final[dict[str, tuple[str, Callable[[int], str], int]]] = {
    "braces": ("depth", lambda n: "SELECT * " + "{" * n + "}" * n, 2_200),
    "braces that stay open": ("depth", lambda n: "SELECT * " + "{" * n, 100_000),
    "parentheses": ("depth", lambda n: "ASK {FILTER" + "(" * n + "1" + ")" * n + "}", 4_700),
    "negations": ("depth", lambda n: "ASK {FILTER(" + "!" * n + "true)}", 10_000),
    "UNION": ("patterns", lambda n: "ASK {" + chain("{?s <x:#> ?o}", n, "UNION") + "}", 7_000),
    "OR": ("operations", lambda n: "ASK {FILTER(" + chain("?a=#", n, "||") + ")}", 10_000),
    "AND": ("operations", lambda n: "ASK {FILTER(" + chain("?a=#", n, "&&") + ")}", 10_000),
    "sum": ("operations", lambda n: "ASK {FILTER(" + chain("1", n, "+") + ")}", 8_000),
    "product": ("operations", lambda n: "ASK {FILTER(" + chain("1", n, "*") + ")}", 8_000),
    "collection": ("patterns", lambda n: "ASK {?s ?p (" + "1 " * n + ")}", 400),
    "collections": ("depth", lambda n: "ASK {?s ?p " + "(1 " * n + ")" * n + "}", 400),
    "blank nodes": ("depth", lambda n: "ASK {?s ?p " + "[?p " * n + "1" + "]" * n + "}", 400),
    "patterns": ("patterns", lambda n: "ASK {" + chain("?s <x:#> ?o#.", n) + "}", 200),
    "properties": ("patterns", lambda n: "ASK {?s " + chain("<x:#> ?o#", n, ";") + "}", 200),
    "objects": ("patterns", lambda n: "ASK {?s ?p " + chain("?o#", n, ",") + "}", 200),
    "CONSTRUCT WHERE": (
        "patterns",
        lambda n: "CONSTRUCT WHERE {" + chain("?s <x:#> ?o#.", n) + "}",
        200,
    ),
    "steps": ("patterns", lambda n: "ASK {?s " + chain("<x:p>", n, "/") + " ?o}", 400),
    "paths": ("patterns", lambda n: "ASK {" + chain("?s <x:#>* ?o#.", n) + "}", 200),
    "alternatives": ("operations", lambda n: "ASK {?s " + chain("<x:p>", n, "|") + " ?o}", 8_000),
    "OPTIONAL": ("patterns", lambda n: "ASK {" + chain("OPTIONAL{?s <x:#> ?o#}", n) + "}", 200),
    "GRAPH": ("patterns", lambda n: "ASK {" + chain("GRAPH ?g#{?s <x:#> ?o}", n) + "}", 150),
    "VALUES": ("patterns", lambda n: "ASK {" + chain("VALUES (?a ?x#) {(1 1)}", n) + "}", 200),
    "groups": ("patterns", lambda n: "ASK {" + chain("{BIND(?a AS ?x#)}", n) + "}", 1_000),
    "MINUS": ("patterns", lambda n: "ASK {" + chain("MINUS{?s <x:#> ?o#}", n) + "}", 4_000),
    "EXISTS": ("patterns", lambda n: "ASK {" + chain("FILTER EXISTS{?s ?p #}", n) + "}", 4_000),
    "BIND": ("operations", lambda n: "ASK {" + chain("BIND(1 AS ?x#)", n) + "}", 4_000),
    "FILTER": ("operations", lambda n: "ASK {" + chain("FILTER(?x>#)", n) + "}", 4_000),
    "LATERAL": ("patterns", lambda n: "ASK {" + chain("LATERAL{?s ?p #}", n) + "}", 4_000),
    "columns": ("operations", lambda n: "SELECT " + chain("(1 AS ?x#)", n) + "{}", 4_000),
    "aggregates": ("operations", lambda n: "SELECT " + chain("(MAX(?x) AS ?x#)", n) + "{}", 4_000),
    "groupings": ("operations", lambda n: "ASK {} GROUP BY " + chain("(1 AS ?x#)", n), 4_000),
    "conditions": ("operations", lambda n: "ASK {} GROUP BY ?x HAVING " + "(1)" * n, 8_000),
    "descriptions": ("operations", lambda n: "DESCRIBE " + chain("<x:#>", n, " "), 4_000),
    "prefixes": ("tokens", lambda n: chain("PREFIX a#: <x:#> ", n) + "ASK {}", 10_000),
    "reified triples": (
        "depth",
        lambda n: "ASK {" + "<<" * n + "?s ?p ?o" + ">> ?p ?o" * n + "}",
        400,
    ),
    "triple terms": (
        "depth",
        lambda n: "ASK {?s ?p " + "<<(?s ?p " * n + "?o" + ")>>" * n + "}",
        10_000,
    ),
    "triple terms in VALUES": (
        "depth",
        lambda n: "ASK {VALUES ?x {" + "<<(<s> <p> " * n + "1" + ")>>" * n + "}}",
        10_000,
    ),
    "annotations": ("depth", lambda n: "ASK {?s ?p ?o" + "{|?p ?o" * n + "|}" * n + "}", 400),
    "REGEX": ("doublings", lambda n: f"ASK {{FILTER({'REGEX(' * n}?x{',1)' * n})}}", 30),
    "SUBSTR": ("doublings", lambda n: f"ASK {{FILTER({'substr(' * n}?x{',1)' * n})}}", 30),
    "REPLACE": ("doublings", lambda n: f"ASK {{FILTER({'REPLACE(' * n}?x{',1,1)' * n})}}", 30),
    "GROUP_CONCAT": (
        "doublings",
        lambda n: f"SELECT ({'GROUP_CONCAT(' * n}?x{')' * n} AS ?y) {{}}",
        30,
    ),
    "negations that stay open": ("doublings", lambda n: "ASK {FILTER(" + "!(" * n, 30),
    "negated EXISTS": ("doublings", lambda n: "ASK {" + "FILTER(!EXISTS{" * n, 30),
    "functions of FILTER": ("doublings", lambda n: "ASK {" + "FILTER <x:f>(EXISTS{" * n, 30),
    "subqueries": (
        "doublings",
        lambda n: "ASK " + "{SELECT (MAX(?y) AS ?x) " * n + "{}" + "}" * n,
        40,
    ),
    "text": ("text_bytes", lambda n: "ASK {} #" + "x" * n, 1_000_000),
}

P: Final = "PREFIX : <x:> PREFIX ex: <x:> PREFIX SERVICE: <x:> PREFIX service: <x:> "
#: Where a reader of tokens might see something else than Oxigraph: what is counted, how much of it
#: each repetition stands for, and the query before, in and after what repeats.
DISGUISES: Final[dict[str, tuple[str, int, str, str, str]]] = {
    "negations in what looks like an IRI": ("depth", 1, "ASK{FILTER(1<", "!", "?b&&?c>2)}"),
    "negations in a small query": ("depth", 1, "ASK { FILTER (", "!", "true) }"),
    "sums in what looks like an IRI": ("operations", 2, "ASK{FILTER(1<1", "+(?b)", "&&1>2)}"),
    "an IRI after a comparison": ("operations", 1, "ASK{FILTER(?a <<x:a>", "+1", ")}"),
    "a FILTER without spaces": ("operations", 1, "ASK{?s ?p trueFILTER(1<2", "+1", "&&1>0)}"),
    "a FILTER's function": ("operations", 1, "ASK{FILTER ex:f(1<2", "+1", "&&1>0)}"),
    "a FILTER's function, glued": ("operations", 1, "ASK{FILTERex:f(1<2", "+1", "&&1>0)}"),
    "a number after a dot": ("patterns", 1, "ASK{?s ?p ?o", ".5 ?p ?o", "}"),
    "a boolean before a dot": ("patterns", 1, "ASK{?s ?p ", "true.ex:a ex:b ", "?o}"),
    "booleans in one word": ("patterns", 1, "ASK{", "trueatrue.", "}"),
    "a dot in a local name, twice": ("patterns", 1, "ASK{?s ?p ", "ex:a.b.ex:c ex:p ", "?o}"),
    "items in one word": ("patterns", 6, "ASK{?s ?p (", "true1e5false", ")}"),
    "items without spaces": ("patterns", 8, "ASK{?s ?p (", "1\"a\"<b>'c'", ")}"),
    "items that are empty": ("patterns", 4, "ASK{?s ?p (", "()[]", ")}"),
    "items with a sign": ("patterns", 2, "ASK{?s ?p (", "+ 1 ", ")}"),
    "a list after the word a": ("patterns", 2, "ASK{?s a(", "1 ", ")}"),
    "a list after a name in capitals": ("patterns", 2, "ASK{?s ex:COUNT (", "1 ", ")}"),
    "a list after a variable in capitals": ("patterns", 2, "ASK{?s ?COUNT (", "1 ", ")}"),
    "a list after a comment": ("patterns", 2, "ASK{?s ?p # COUNT\n(", "1 ", ")}"),
    "a list after a comment with a quote": ("patterns", 2, "ASK{?s ?p #it's\n(", "1 ", ")#'\n}"),
    "a list after a string of quotes": ("patterns", 2, "ASK{?s ?p '''''',(", "1 ", ")}"),
    "a list after an escaped quote": ("patterns", 2, "ASK{?s ex:\\' (", "1 ", "),''}"),
    "a list after an escaped hash": ("patterns", 2, "ASK{?s ex:\\# (", "1 ", ")}"),
    "a list after a name like VALUES": ("patterns", 2, "ASK{?s ex:VALUES ?x {?s ?p (", "1 ", ")}}"),
    "a list after a language": ("patterns", 2, "ASK{?s ?p 'a'@VALUES ,(", "1 ", ")}"),
    "a list in a list": ("patterns", 6, "ASK{?s ?p (", "(1 2)", ")}"),
    "patterns after a name": ("patterns", 1, "ASK{?s ?p ex:CONSTRUCT {", "?s ?p ?o.", "}}"),
    "patterns in a subquery": ("patterns", 1, "ASK{{SELECT * {", "?s ?p ?o.", "}}}"),
    "patterns without dots": ("patterns", 1, "ASK{", "FILTER(1)?s ?p ?o ", "}"),
    "patterns around groups": ("patterns", 2, "ASK{", "?s ?p ?o OPTIONAL{?s ?p ?o}", "}"),
    "patterns in arguments": ("patterns", 1, "ASK{FILTER(?x IN (1,EXISTS {", "?s ?p ?o.", "}))}"),
    "patterns after VALUES": ("patterns", 1, "ASK{VALUES ?x {'}' <(> }", "?s ?p ?o.", "}"),
    "steps with comments": ("patterns", 1, "ASK{?s <x:p>", " #(\n/ ^ <x:p>", " ?o}"),
    "steps to many objects": ("patterns", 4, "ASK{?s <x:p>/<x:p>/<x:p>/<x:p> ?o", ",?o", "}"),
    "steps in brackets": ("patterns", 3, "ASK{?s ^(<x:p>/<x:p>)/<x:p> ?o", ",1", "}"),
    "reifiers without a name": ("patterns", 1, "ASK{?s ?p ?o", " ~", "}"),
    "reifiers with a name": ("patterns", 1, "ASK{?s ?p ?o", "~?a", "}"),
    "annotations": ("patterns", 2, "ASK{?s ?p ?o", "{|?p 1|}", "}"),
}

#: SERVICE clauses, as Oxigraph reads them; ``@`` is where they call.
SERVICES: Final = (
    "ASK { SERVICE <@> { ?s ?p ?o } }",
    "ASK { service silent <@> { ?s ?p ?o } }",
    "ASK { SeRvIcE<@>{} }",
    "ASK { SERVICESILENT<@>{} }",
    "PREFIX : <@> ASK { SERVICE:x{} }",
    "PREFIX : <@> ASK { SERVICE:x.y # {\n {} }",
    "PREFIX : <@> ASK { SERVICE: {} }",
    "PREFIX : <@> PREFIX SERVICE: <x:> ASK { SERVICE:x{} }",
    "PREFIX : <@> ASK { SERVICESILENT:x{} }",
    "PREFIX ex: <@> ASK { SERVICEex:x {} }",
    "PREFIX ex: <@> ASK { SERVICESILENTex:x {} }",
    "ASK { ?s ?p trueSERVICE<@>{} }",
    "ASK { ?s ?p falseSERVICESILENT <@> {} }",
    "PREFIX ex: <@> ASK { ?s ?p trueSERVICEex:x {} }",
    "PREFIX ex: <@> ASK { ?s ?p ex:a.b.SERVICE <@> {} }",
    "ASK { ?s ?p 1SERVICE<@>{} }",
    "ASK { ?s ?p ?o.SERVICE<@>{} }",
    "ASK { {}SERVICE<@>{} }",
    "ASK { OPTIONAL{}SERVICE#\n<@>#\n{} }",
    "ASK { VALUES ?x {<@>} SERVICE ?x {} }",
    "ASK { VALUES ?x {<@>} SERVICE?x{} }",
    "ASK { VALUES ?x {<@>} FILTER(1<2)SERVICE?x#>\n{} }",
    "ASK { VALUES $x {<@>} SERVICE$x{} }",
    "ASK { FILTER EXISTS { SERVICE <@> {} } }",
    "ASK { { SELECT * { SERVICE <@> {} } } }",
    "ASK { ?s ?p '''SERVICE''' SERVICE <@> {} }",
    "ASK { ?s ?p 'a' , '''b'c''' #'\nSERVICE <@> {} }",
    "BASE <@> ASK { SERVICE <> {} }",
)
#: What has the word and calls nothing.
NO_SERVICES: Final = (
    'ASK { ?s ?p "SERVICE" , "SERVICE <x> {}" , \'SERVICE\' }',
    "ASK { ?s ?p '''\nSERVICE <x> { \"''' , \"\"\"SERVICE <x> { '\"\"\" }",
    "ASK { ?service ?SERVICE $service }",
    "ASK { <http://x/SERVICE> <SERVICE> <x#SERVICE> }",
    "ASK { # SERVICE <x> {}\n ?s ?p ?o } # SERVICE",
    "ASK { ?s ?p 'a'@service , _:SERVICE , _:a.SERVICE }",
    "PREFIX service: <x:> ASK { service:x a service:y , service:z ; service:p service: . }",
    "PREFIX service: <x:> ASK { ?s service:x/service:y* ?o FILTER(?o = service:x) }",
    "PREFIX service: <x:> ASK { GRAPH service:x { ?s ?p ?o } }",
    "PREFIX service: <x:> ASK FROM service:x FROM NAMED service:y { ?s ?p ?o }",
    "PREFIX service: <x:> ASK { ?s ?p service:x . { ?s ?p ?o } }",
    "PREFIX service: <x:> ASK { VALUES ?x { service:x } ?s ?x ?o }",
    "PREFIX ex: <x:> ASK { ex:SERVICE ex:a.SERVICE ex:\\'SERVICE . { } }",
    "PREFIX webservice: <x:> ASK { ?s webservice:x ?o }",
)

UPDATES: Final = {
    "INSERT DATA { <a> <b> <c> }": "INSERT",
    "insert data{ <a> <b> <c> }": "INSERT",
    "INSERTDATA{<a> <b> <c>}": "INSERT",
    "DELETE WHERE { ?s ?p ?o }": "DELETE",
    "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }": "DELETE",
    "WITH <g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }": "WITH",
    "LOAD <x>": "LOAD",
    "LOAD<x>": "LOAD",
    "LOAD SILENT <x> INTO GRAPH <g>": "LOAD",
    "CLEAR ALL": "CLEAR",
    "DROP GRAPH <x>": "DROP",
    "CREATE GRAPH <x>": "CREATE",
    "COPY DEFAULT TO <x>": "COPY",
    "MOVE <x> TO <y>": "MOVE",
    "ADD <x> TO <y>": "ADD",
    "# SELECT\nPREFIX a: <b> # it's\n BASE <c>\r\nVERSION '1.2' PREFIX:<d>\n\tdrop default": "DROP",
    "PREFIX SELECT: <SELECT> CLEAR DEFAULT": "CLEAR",
}
NO_UPDATES: Final = (
    "SELECT * { ?s ?p 'INSERT DATA { }' , 'x LOAD <x>' }",
    "# INSERT DATA { <a> <b> <c> }\nSELECT * { ?s ?p ?o }",
    "PREFIX insert: <x:> SELECT * { insert:a insert:b insert:DELETE }",
    "PREFIX drop: <x:DROP>\n# clear\nASK { ?load ?clear ?drop }",
    "BASE <DELETE> SELECT ?insert { ?insert a <INSERT> }",
)


def refusal_of(text: str, limits: QueryLimits = LIMITS) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check_query(text, limits)
    return caught.value


def refused_measure(text: str, limits: QueryLimits = LIMITS) -> object:
    """The measure of which the query has too much; None if it passes."""
    try:
        check_query(text, limits)
    except Refusal as refusal:
        found = refusal
    else:
        return None
    assert found.kind == "query-too-complex", found
    value, limit = found.members["value"], found.members["limit"]
    assert isinstance(value, int)
    assert isinstance(limit, int)
    assert value > limit
    return found.members["measure"]


def seconds(text: str) -> float:
    """What the check takes, at best: the processor of one process may be taken from it.

    Where that is too long, it is what a machine of the usual speed would take.
    """
    best = 9.0
    for _ in range(3):
        begin = time.process_time()
        refused_kind(text)
        best = min(best, time.process_time() - begin)
        if best < QUICK_S:
            return best
    return best / slowness()


def refused_kind(text: str) -> str | None:
    try:
        check_query(text)
    except Refusal as refusal:
        return refusal.kind
    return None


def is_sparql(text: str) -> bool:
    """Whether Oxigraph can read it; the functions it calls need not exist."""
    try:
        Store().query(text)
    except SyntaxError:
        return False
    except RuntimeError as error:
        return "custom function" in str(error)
    return True


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_every_named_query_passes(query: object) -> None:
    text = getattr(query, "text", "")
    assert text
    check_query(text)
    assert is_repeatable(text)


@pytest.mark.parametrize("name", LARGE)
def test_large_real_queries_pass_and_are_sparql(name: str) -> None:
    text = PREFIXES + MORE_PREFIXES + LARGE[name]
    check_query(text)
    assert is_sparql(text)


@pytest.mark.parametrize("name", LARGE)
def test_large_real_queries_pass_on_one_line_too(name: str) -> None:
    lines = (PREFIXES + MORE_PREFIXES + LARGE[name]).splitlines()
    text = " ".join(line for line in lines if not line.startswith("#"))
    check_query(text)
    assert is_sparql(text)


@pytest.mark.parametrize("name", LISTS)
def test_long_lists_pass_quickly(name: str) -> None:
    text = "BASE <http://x/> " + LISTS[name]
    check_query(text)
    assert is_sparql(text)
    assert seconds(text) < QUICK_S


@pytest.mark.parametrize("name", ATTACKS)
def test_what_breaks_a_query_process_is_refused_quickly(name: str) -> None:
    measure, make, size = ATTACKS[name]
    text = "BASE <http://x/> " + make(size)
    assert refused_measure(text) == measure
    assert seconds(text) < QUICK_S


@pytest.mark.parametrize("name", ATTACKS)
def test_the_same_in_small_passes(name: str) -> None:
    text = "BASE <http://x/> " + ATTACKS[name][1](7)
    assert refused_measure(text) is None


def test_a_patient_attacker_gets_no_further_with_many_small_pieces() -> None:
    text = "ASK {" + chain("{?s <x:#> ?o} UNION {?s ?p (# 2)} OPTIONAL {?s <x:#>/<y:#> ?o#}", 40)
    assert refused_measure(text + "}") == "patterns"


CRASHES: Final = """
import sys
from pyoxigraph import Store
for text in sys.stdin.read().split("\\0"):
    try:
        Store().query(text)
    except (SyntaxError, RuntimeError):
        pass
print("alive")
"""
#: Fast enough for a test when they are as large as they may be.
SURVIVED: Final = (
    *("braces", "braces that stay open", "parentheses", "negations", "sum", "collection"),
    *("alternatives", "BIND", "columns", "aggregates", "groupings", "conditions"),
    *("descriptions", "prefixes", "triple terms", "triple terms in VALUES", "REGEX", "subqueries"),
)


def largest(make: Callable[[int], str]) -> str:
    """The largest of its kind that passes."""
    fits, refused = 1, 4_000
    while refused - fits > 1:
        middle = (fits + refused) // 2
        if refused_measure(make(middle)) is None:
            fits = middle
        else:
            refused = middle
    return make(fits)


def test_the_largest_queries_that_pass_do_not_crash_a_process() -> None:
    texts = [largest(lambda n, m=ATTACKS[name][1]: "BASE <x:> " + m(n)) for name in SURVIVED]  # type: ignore[misc]
    done = subprocess.run(
        [sys.executable, "-c", CRASHES],
        input="\0".join(texts),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


@pytest.mark.parametrize("name", DISGUISES)
def test_no_disguise_hides_anything(name: str) -> None:
    measure, each, before, part, after = DISGUISES[name]
    assert is_sparql(f"BASE <http://x/> {P}{before}{part * 3}{after}")
    text = P + before + part * 10 + after
    assert refused_measure(text) is None
    limits = {"patterns": 500, "operations": 500, "depth": 500, "doublings": 500}
    assert refused_measure(text, QueryLimits(**(limits | {measure: 10 * each - 1}))) == measure


def test_brackets_in_an_iri_count_as_open_in_case_it_is_none() -> None:
    assert refused_measure("ASK { ?s <x:" + "(" * 98 + "> ?o }") is None
    assert refused_measure("ASK { ?s <x:" + "([!" * 34 + "> ?o }") == "depth"


def test_each_negation_is_a_step_deeper() -> None:
    limits = QueryLimits(doublings=1_000)
    assert refused_measure("ASK {FILTER(" + "!(" * 49 + "1" + ")" * 50 + "}", limits) is None
    assert refused_measure("ASK {FILTER(" + "!(" * 50 + "1" + ")" * 51 + "}", limits) == "depth"


@pytest.mark.parametrize(
    "shape",
    ["?s <x:#> ?o#.", "OPTIONAL{?s ?p #}", "{?s ?p #}", "?s ?p '#'^^<x:t> ;."],
)
def test_as_many_patterns_as_the_limit_pass_and_one_more_does_not(shape: str) -> None:
    assert refused_measure("ASK {" + chain(shape, 150) + "}") in (None, "patterns")
    assert refused_measure("ASK {" + chain(shape, 149) + "}") is None
    assert refused_measure("ASK {" + chain(shape, 151) + "}") == "patterns"


@pytest.mark.parametrize("bracket", ["{}", "()"])
def test_as_many_brackets_as_the_limit_pass_and_one_more_does_not(bracket: str) -> None:
    start = "ASK " if bracket == "{}" else "ASK {FILTER"
    around = start.count("{")
    for count, expected in ((100, None), (101, "depth")):
        inner = count - around
        text = start + bracket[0] * inner + "1" * around + bracket[1] * inner + "}" * around
        assert refused_measure(text, QueryLimits(patterns=1_000)) == expected


def test_the_template_of_a_construct_is_not_planned_and_its_depth_counts() -> None:
    many = "CONSTRUCT {" + chain("?s <x:#> ?o , (1 2 3) .", 500) + "} WHERE {?s ?p ?o}"
    check_query(many)
    assert is_sparql(many)
    deep = "CONSTRUCT {?s ?p " + "[?p (" * 60 + "1" + ")]" * 60 + "} WHERE {}"
    assert refused_measure(deep) == "depth"


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "ASK {" + "?s ?p ?o." * 151 + "}",
            "the query has at least 151 triple patterns and steps of property paths, and the limit "
            "is 150: split the query, or give lists in VALUES instead of a pattern for each",
        ),
        (
            "ASK " + "{" * 101,
            "the query has at least 101 levels of nested brackets and negations, and the limit is "
            "100: nest less",
        ),
        (
            "ASK {FILTER(1" + "+1" * 1_000 + ")}",
            "the query has at least 1,001 operators, function calls and groups, and the limit is "
            "1,000: write lists as VALUES or IN instead of || and UNION, or split the query",
        ),
        (
            "ASK {FILTER(" + "REGEX(" * 16,
            "the query has at least 16 levels of nested REGEX, SUBSTR, REPLACE, GROUP_CONCAT, "
            "negations and subqueries, and the limit is 15: give the inner ones a variable with "
            "BIND",
        ),
        (
            "SELECT " + "?x " * 10_000,
            "the query has at least 10,001 words and signs outside VALUES and IN, and the limit "
            "is 10,000: split the query, or write lists as VALUES or IN",
        ),
        (
            "ASK {} #" + "é" * 300_000,
            "the query has at least 600,008 bytes, and the limit is 524,288: split its lists of "
            "values over several queries",
        ),
    ],
    ids=["patterns", "depth", "operations", "doublings", "tokens", "text_bytes"],
)
def test_a_refusal_says_what_was_counted_and_what_to_do(text: str, detail: str) -> None:
    refusal = refusal_of(text)
    assert (refusal.status, refusal.kind, refusal.detail) == (400, "query-too-complex", detail)
    assert set(refusal.members) == {"measure", "value", "limit"}


@pytest.mark.parametrize("text", SERVICES)
def test_every_spelling_of_service_is_found(text: str) -> None:
    refusal = refusal_of(text.replace("@", "http://127.0.0.1:9/"))
    assert (refusal.status, refusal.kind) == (403, "federation-disabled")
    assert refusal.members["line"] == 1 + text[: text.upper().rindex("SERVICE")].count("\n")


class Canary(ThreadingTCPServer):
    """Counts who calls, and hangs up."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), BaseRequestHandler)
        self.calls = 0

    def verify_request(self, request: object, client_address: object) -> bool:
        self.calls += 1
        return False


@pytest.fixture(name="canary", scope="module")
def _canary() -> Iterator[Canary]:
    with Canary() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("text", SERVICES)
def test_oxigraph_would_call_every_one_of_them(text: str, canary: Canary) -> None:
    address = f"http://127.0.0.1:{canary.server_address[1]}/"
    store = Store()
    store.update(
        f"""INSERT DATA {{ <{address}s> <{address}p> true , false , 1 , "SERVICE" , "a" , "b'c" ,
        <{address}a.b> }}"""
    )
    before = canary.calls
    said = ""
    try:
        bool(store.query(text.replace("@", address)))
    except (OSError, RuntimeError) as error:
        said = str(error)
    # Oxigraph does not call what a variable names, but it has read the clause.
    assert canary.calls > before or "encoding the service name" in said


@pytest.mark.parametrize("text", NO_SERVICES)
def test_the_word_service_may_be_used_for_other_things(text: str) -> None:
    check_query(text)
    assert find_service(text) is None
    assert isinstance(Store().query("BASE <http://x/> " + text), QueryBoolean)


def test_a_refused_service_is_told_with_its_line() -> None:
    text = "SELECT *\n# SERVICE\n{ ?s ?p 'SERVICE\\n' .\n  SERVICE <x> {} }"
    refusal = refusal_of(text)
    assert refusal.detail == (
        "the SERVICE clause in line 4 would call another endpoint, which this one does not do: "
        "ask the two one after the other, or call this one from the other"
    )
    at = find_service(text)
    assert at is not None
    assert text[at:].startswith("SERVICE <x>")


@pytest.mark.parametrize("text", UPDATES)
def test_an_update_is_refused(text: str) -> None:
    refusal = refusal_of(text)
    word = UPDATES[text]
    assert (refusal.status, refusal.kind) == (403, "read-only")
    assert refusal.detail == f"{word} is an update: ask SELECT, ASK, CONSTRUCT or DESCRIBE"


@pytest.mark.parametrize("text", NO_UPDATES)
def test_a_query_that_speaks_of_updates_passes(text: str) -> None:
    check_query(text)
    assert is_sparql("BASE <http://x/> " + text)


@pytest.mark.parametrize("text", ["", " \n", "# SELECT", "SELEKT * {}", "ADDRESS", "?", "{", "\0"])
def test_what_is_not_sparql_is_left_to_the_parser(text: str) -> None:
    check_query(text)
    assert not is_sparql(text)


@pytest.mark.parametrize(
    "call", ["RAND()", "now()", "UUID ()", "STRUUID()", "BNODE()", "BNODE(?x)", "NOW #(\n ()"]
)
def test_an_answer_that_changes_is_not_repeatable(call: str) -> None:
    text = f"SELECT ({call} AS ?x) {{}}"
    assert is_sparql(text)
    assert not is_repeatable(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?rand ?now { ?uuid a <x:bnode> }",
        "PREFIX now: <x:> SELECT * { ?s now:then 'random' , 'unknown' }",
        "SELECT (COUNT(*) AS ?n) (STR(?now) AS ?x) { }",
    ],
)
def test_other_answers_are_repeatable(text: str) -> None:
    assert is_repeatable(text)


def test_what_is_not_unicode_is_measured_too() -> None:
    assert refused_measure("\ud800" * 200_000) == "text_bytes"


def test_a_small_query_is_checked_in_microseconds() -> None:
    text = """PREFIX schema: <http://schema.org/>
    SELECT ?figure (COUNT(DISTINCT ?gene) AS ?n) WHERE {
      ?figure schema:mentions ?gene ; schema:name ?title .
      ?gene a schema:Gene ; schema:name ?symbol .
      FILTER(CONTAINS(LCASE(?title), "insulin"))
    } GROUP BY ?figure ORDER BY DESC(?n) LIMIT 20"""
    times = []
    for _ in range(20):
        begin = time.process_time_ns()
        for _ in range(500):
            check_query(text)
        times.append((time.process_time_ns() - begin) / 500)
    assert min(times) < 25_000  # 5,000 on an idle machine


#: Beginnings that put a reader of tokens into each of its states, and what then repeats.
STATES: Final = (
    *("", "SELECT ", "DESCRIBE ", "PREFIX ", "CONSTRUCT {", "SELECT * {", "SELECT * {?s ?p ("),
    *("SELECT * {FILTER(", "SELECT * {FILTER(?x IN (1,", "SELECT * {VALUES ?x {", "SELECT * {?s '"),
    *("SELECT * {VALUES (?x ?y) {", 'SELECT * {?s ?p """', "SELECT * {FILTER(?x IN ('"),
)
HOSTILE: Final = (
    *("(", ")", "{", "}", "[", "]", "<", "<<", ">", "<<(", "{|", "()", "!", "!(", "^^", "/", "||"),
    *(".", ";", ",", "\\", "\\'", "'", '"', "'''", '"""', "'\"", "'\\q", "'''\\q", "'''a\"\"\"b"),
    *(
        "#",
        "#\n",
        " ",
        "@a-",
        "?",
        "?a.",
        "_:a.",
        "a",
        "a.",
        "a-",
        "a.b",
        "a:",
        "a:b.c.",
        ":.",
        "%",
    ),
    *("1.", "1e", "é", "é.", "é:", "\ud800", "\U00010000", "<a", "<a>", "VALUES", "VALUES (?x"),
    *("VALUES ?x #\n", "SERVICE:x ", "service:x#\n", "{SELECT ", "FILTER", "f #\n", "true1e5"),
    *("PREFIX a:<", "PREFIX a:<b>", "BASE<", "1,", "<a>,", "'a',", '"""a,', "'a'^^ #\n", "f((1),"),
    *("RAND", "RAND #\n", "a.a.a.a.a.a.a.a.a.a.a.a ", "?s ?p ?o.", "'a'@en-"),
)


@pytest.mark.parametrize("shift", range(3))
def test_no_text_of_256_kb_takes_long(shift: int) -> None:
    for index, unit in enumerate(HOSTILE):
        state = STATES[(index + 3 * shift) % len(STATES)]
        text = state + unit * (BYTES // len(unit.encode("utf-8", "surrogatepass")))
        assert seconds(text) < QUICK_S, (state, unit)


TOKENS: Final = st.sampled_from((*HOSTILE, *STATES, *SERVICES, "UNION", "}", ")", "]", ">>", "|}"))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(TOKENS).map("".join), st.lists(TOKENS).map(" ".join)))
def test_any_text_passes_or_is_refused(text: str) -> None:
    assert refused_kind(text) in {None, "query-too-complex", "read-only", "federation-disabled"}
    assert is_repeatable(text) in (True, False)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(STATES), st.lists(TOKENS, min_size=1, max_size=5).map("".join))
def test_the_time_is_bounded_whatever_repeats(state: str, unit: str) -> None:
    size = len(unit.encode("utf-8", "surrogatepass"))
    assert seconds(state + unit * (BYTES // size)) < QUICK_S


# A grammar of its own: each piece with the number of triple patterns that it stands for.
Piece = tuple[str, int]
TERMS: Final = st.sampled_from(
    [
        *("?a", "$b", "ex:c", "ex:d.e", "<http://x/(f)>", "1.5", "true", "_:z#"),
        *('"g. (;"@en', '"1"^^ex:t', "'''h'''"),
    ]
)
NODES: Final = st.sampled_from(["?a", "?b", "ex:c", "<http://x/(f)>"])
SPACES: Final = st.sampled_from([" ", "\n", " # { ( . \n", "\t "])


@st.composite
def _paths(draw: st.DrawFn) -> Piece:
    steps = draw(
        st.lists(st.sampled_from(["ex:p", "^<q>", "a", "ex:p*", "(ex:p|^ex:q)"]), min_size=1)
    )
    return draw(SPACES).join("/".join(steps).split(" ")), len(steps)


@st.composite
def _objects(draw: st.DrawFn, inner: st.SearchStrategy[Piece]) -> Piece:
    kind = draw(st.sampled_from(["term", "list", "node"]))
    if kind == "term":
        return draw(TERMS).replace("#", ""), 0
    if kind == "list":
        items = draw(st.lists(inner, min_size=1, max_size=3))
        return f"({' '.join(t for t, _ in items)})", sum(n + 2 for _, n in items)
    path, steps = draw(_paths())
    text, count = draw(inner)
    return f"[{path} {text}]", steps + count


OBJECTS: Final = st.recursive(
    TERMS.map(lambda term: (term.replace("_:z#", "_:z"), 0)), _objects, max_leaves=6
)


@st.composite
def _triples(draw: st.DrawFn) -> Piece:
    text, count = draw(NODES), 0
    for index in range(draw(st.integers(1, 3))):
        path, steps = draw(_paths())
        values = draw(st.lists(OBJECTS, min_size=1, max_size=3))
        text += (" ; " if index else " ") + path + " " + ",".join(t for t, _ in values)
        count += sum(steps + n for _, n in values)
    return text + draw(SPACES), count


EXPRESSIONS: Final = st.sampled_from(
    [
        "(?a < ?b)",
        "(?a<?b&&?c>3)",
        "EXISTS { ?a ?b ?c }",
        "(?a IN (1, ex:b, 'c'@en, <d>))",
        "(REGEX(STR(?a), '[{(', \"i\") || !BOUND(?b))",
        "(xsd:integer(?a) + -1 <= 2*?b)",
    ]
)


@st.composite
def _groups(draw: st.DrawFn, inner: st.SearchStrategy[Piece]) -> Piece:
    text, count = "", 0
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["triples", "OPTIONAL", "UNION", "FILTER", "VALUES", "SELECT"]))
        if kind == "FILTER":
            expression = draw(EXPRESSIONS)
            text += f"FILTER {expression} "
            count += "EXISTS" in expression
        elif kind == "VALUES":
            text += "VALUES (?v ?w) { (1 UNDEF) ('}' <(>) } "
        else:
            first, number = draw(inner)
            second, other = draw(inner) if kind == "UNION" else ("", 0)
            text += {
                "triples": f"{first} . ",
                "OPTIONAL": f"OPTIONAL {{ {first} }} ",
                "UNION": f"{{ {first} }} UNION {{ {second} }} ",
                "SELECT": f"{{ SELECT ?a ?b ?c ?d (COUNT(?e) AS ?n) {{ {first} }} "
                "GROUP BY ?a ?b ?c ?d } ",
            }[kind if first[:1] != "{" else "OPTIONAL"]
            count += number + other
    return text, count


GROUPS: Final = st.recursive(_triples(), _groups, max_leaves=5)


@settings(max_examples=60, deadline=None)
@given(GROUPS)
def test_no_query_is_counted_below_what_it_is_nor_much_above(group: Piece) -> None:
    text, count = group
    query = "PREFIX ex: <x:> SELECT * { " + text + " }"
    if count > 1:
        assert refused_measure(query, QueryLimits(patterns=count - 1)) == "patterns"
    # Groups without patterns, blocks of VALUES and items of paths may count, each once.
    more = text.count("{") + text.count("(")
    assert refused_measure(query, QueryLimits(patterns=count + 2 * more + 1)) is None


LONG: Final = 500_000
#: Ten times what it takes; what is read again from each word would take minutes.
SOON_S: Final = 1.0


@pytest.mark.parametrize(
    "piece", ["uuid#", "uuid ", "now\n", "rand \t", "bnode#\n", "uuid#x\n", "UUID/", "now()#"]
)
@pytest.mark.parametrize("begin", ["ASK {} #", "ASK { ", "ASK { FILTER(1 = "])
def test_no_text_takes_long_to_be_checked(begin: str, piece: str) -> None:
    text = (begin + piece * LONG)[:LONG]
    with cpu_within(SOON_S):
        with suppress(Refusal):
            check_query(text)
        is_repeatable(text)


@pytest.mark.parametrize("call", ["NOW()", "uuid ()", "RAND\n(\n)", "NOW #\n()", "BNODE#x\n(?x)"])
def test_what_may_change_is_not_taken_for_what_stays(call: str) -> None:
    assert not is_repeatable(f"SELECT ({call} AS ?x) {{}}")
