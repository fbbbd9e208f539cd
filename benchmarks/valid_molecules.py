"""Say of each line of stdin whether RDKit can read it as a molecule: 1 or 0 a line. ``--make FILE`` makes molecules.

The molecules are connected pieces, of 5 to 11 atoms, of the 5,000 molecules that RDKit ships, each written once, in
RDKit's own spelling, in a random order.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from rdkit import Chem, RDConfig, RDLogger

SOURCE = Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi"
TRIES, LONGEST = 40_000, 30


def made() -> list[str]:
    """Return different pieces of molecules."""
    chance = random.Random(0)
    whole = [Chem.MolFromSmiles(line.split()[0]) for line in SOURCE.read_text().splitlines()]
    whole = [one for one in whole if one is not None and one.GetNumAtoms() >= 6]
    found = {piece(chance.choice(whole), chance) for _ in range(TRIES)} - {""}
    ordered = sorted(found)
    chance.shuffle(ordered)
    return ordered


def piece(molecule: Chem.Mol, chance: random.Random) -> str:
    """Return a connected piece as SMILES; empty where it is no molecule."""
    size = min(chance.randint(5, 11), molecule.GetNumAtoms())
    chosen = {chance.randrange(molecule.GetNumAtoms())}
    while len(chosen) < size and (edge := neighbors(molecule, chosen)):
        chosen.add(chance.choice(edge))
    read = Chem.MolFromSmiles(Chem.MolFragmentToSmiles(molecule, sorted(chosen)))
    text = "" if read is None else Chem.MolToSmiles(read)
    return "" if "." in text or len(text) > LONGEST else text


def neighbors(molecule: Chem.Mol, chosen: set[int]) -> list[int]:
    """Return the atoms beside those chosen."""
    around = (atom.GetIdx() for one in sorted(chosen) for atom in molecule.GetAtomWithIdx(one).GetNeighbors())
    return [atom for atom in around if atom not in chosen]


if __name__ == "__main__":
    RDLogger.DisableLog("rdApp.*")
    if sys.argv[1:2] == ["--make"]:
        Path(sys.argv[2]).write_text("\n".join(made()) + "\n")
    else:
        for line in sys.stdin:
            print(int(bool(line.strip()) and Chem.MolFromSmiles(line.strip()) is not None))
