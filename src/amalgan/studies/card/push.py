"""A model and its card to the Hugging Face hub, in one commit.

model ─► model.safetensors ─┐
     └─► README.md, samples.png (or those of a folder) ─► hub
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from amalgan.core.errors import UsageError
from amalgan.studies.card.card import README, SAMPLES, card
from amalgan.systems import hub, model_file
from amalgan.systems.hub import Address
from amalgan.systems.model_file import Model


def push(
    model: Model,
    repository: str,
    *,
    private: bool = False,
    revision: str | None = None,
    license: str | None = None,
    card_folder: Path | None = None,
) -> str:
    """Write ``model`` and its card into a repository of the hub, and return the address of the commit.

    Args:
        repository: ``user/name``, which is made where there is none.
        private: make a new one private.
        revision: a branch, which is made where there is none; by default the main one.
        license: an identifier for the card.
        card_folder: holds README.md, and samples.png if there is one, that replace those of the repository. Without it
            a card is written where the repository has no README.md; one that is there stays.

    Raises:
        UsageError: the name or the license cannot be, there is no README.md in ``card_folder``, huggingface_hub is not
            installed, or the repository is public and ``private`` asked for.
        ModelFileError: no token, no right to write, or no connection.
    """
    address = Address.of(f"hf://{repository.removeprefix('hf://')}{f'@{revision}' if revision else ''}")
    assert address is not None
    hub.require_client()
    own = None if card_folder is None else card_in(card_folder)
    made = card(model, license=license, named=str(address)) if own is None else None
    files: dict[str, bytes | Path] = dict(own or {})
    if made is not None:
        files |= {README: made.text.encode()} | ({SAMPLES: made.picture} if made.picture else {})
    with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
        place = Path(scratch, hub.MODEL)
        model_file.republish(place, model)
        return hub.upload(
            address,
            {hub.MODEL: place, **files},
            private=private,
            message=f"Model {model.digest} of system {model.name}",
            keep=(README, SAMPLES) if own is None else (),
        )


def card_in(folder: Path) -> dict[str, Path]:
    """Return the files of a card that lie in ``folder``.

    Raises:
        UsageError: there is no README.md.
    """
    if not (folder / README).is_file():
        raise UsageError(f"{folder} holds no {README}. Give the folder that amalgan card --out wrote.")
    return {name: folder / name for name in (README, SAMPLES) if (folder / name).is_file()}
