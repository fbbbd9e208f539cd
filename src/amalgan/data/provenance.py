"""What a picture says of its origin: texts for those who look, and an XMP packet for programs.

The packet holds IPTC's DigitalSourceType ``trainedAlgorithmicMedia``, which search engines and archives look for to
tell generated pictures from photographs (IPTC Photo Metadata Standard 2023.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

from amalgan import __version__

SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = "XML:com.adobe.xmp"
"""The PNG keyword under which programs look for the packet."""
PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:amalgan="urn:amalgan:provenance#"
 {entries}/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def provenance(digest: str, seed: int) -> dict[str, str]:
    """The texts of a picture that the model ``digest`` made."""
    return {
        "Software": f"amalgan {__version__}",
        "Source": "synthetic: made by a trained model",
        "amalgan model": digest,
        "amalgan seed": str(seed),
    }


def with_packet(texts: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """The texts, further ones of ours (``policy``, ...), and a packet that says it all again."""
    ours = {
        name.removeprefix("amalgan "): text for name, text in texts.items() if name.startswith("amalgan ")
    }
    entries = {
        "xmp:CreatorTool": texts["Software"],
        "Iptc4xmpExt:DigitalSourceType": SYNTHETIC,
        **{f"amalgan:{name}": text for name, text in (ours | dict(more)).items()},
    }
    packet = PACKET.format(entries="\n ".join(f"{name}={quoteattr(text)}" for name, text in entries.items()))
    return {**texts, **{f"amalgan {name}": text for name, text in more.items()}, XMP: packet}
