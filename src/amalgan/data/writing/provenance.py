"""Where a picture comes from: said within its file, and read from it again.

    PNG     text: Software, Source, amalgan model, amalgan seed  ─┐
    WebP    EXIF: the same                                        ├─► origin ─► amalgan info PICTURE
    both    XMP: the same, and IPTC's word for "made by a model" ─┤
    restored pictures, in their own format: XMP, "edited by one" ─┘

XMP (ISO 16684-1) is what other programs look at. It is read by the names of its attributes, never as XML: files are
foreign, and an XML parser can be made to expand what it reads.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from amalgan.core.file_names import shown
from amalgan.core.version import __version__

MADE_BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
EDITED_BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
SOFTWARE = f"amalgan {__version__}"
OWN = "amalgan "
"""How the keywords begin that are ours alone."""
MOST_XMP_BYTES = 1 << 16
PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:amalgan="urn:amalgan:provenance"
 Iptc4xmpExt:DigitalSourceType="{kind}"{facts}/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
NAMES = {"Software": "xmp:CreatorTool", "Source": "amalgan:source"}


def provenance(digest: str | None, *, seed: int, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a picture says of its origin.

    Args:
        digest: names the model, where it has a file already.
        more: further facts, by words of letters and digits.
    """
    facts = ({} if digest is None else {"model": digest}) | {"seed": str(seed)} | dict(more or {})
    return {
        "Software": SOFTWARE,
        "Source": "synthetic: made by a trained model",
        **{f"{OWN}{name}": value for name, value in facts.items()},
    }


def xmp_of(text: Mapping[str, str], kind: str = MADE_BY_A_MODEL) -> str:
    """``text`` as an XMP packet, with IPTC's word for what the picture is."""
    facts = "".join(f"\n {attribute(name)}={quoteattr(shown(value))}" for name, value in text.items())
    return PACKET.format(kind=kind, facts=facts)


def attribute(name: str) -> str:
    """What a keyword is called in XMP."""
    return NAMES.get(name) or f"amalgan:{re.sub('[^A-Za-z0-9]', '_', name.removeprefix(OWN))}"


def origin(xmp: bytes) -> dict[str, str] | None:
    """What an XMP packet of ours says: ``software``, ``source``, ``model``, ``seed``...; None for any other."""
    text = xmp[:MOST_XMP_BYTES].decode(errors="replace")
    if 'xmlns:amalgan="urn:amalgan:provenance"' not in text:
        return None
    found = re.findall(r"""\s(?:amalgan:|xmp:Creator)(\w+)=("[^"<]*"|'[^'<]*')""", text)
    entries = {name: html.unescape(value[1:-1]) for name, value in found}
    return {"software" if name == "Tool" else name: value for name, value in entries.items()}
