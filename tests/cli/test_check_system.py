"""``check-system``: a system that keeps the contract passes, and one that breaks a rule is told which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amalgan.checking import contract
from amalgan.checking.findings import CHECKS, find
from amalgan.systems import registry

EXAMPLES = Path(__file__).parents[2] / "examples"
AAE = (EXAMPLES / "adversarial_autoencoder.py").read_text()
PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-system.md").read_text()
BROKEN = {
    "a critic of codes that says it judges pictures": (
        "    def encode(",
        "    def judge(self, x, label):\n        return self.critic(x, label)\n\n    def encode(",
        ["RuntimeError", "aae.py, line", "in judge"],
    ),
    "random numbers of torch in a loss": (
        'tick.draws.normal("normal codes", self.config.code_size)',
        "torch.randn(len(code), self.config.code_size)",
        ["draw random numbers from tick.draws"],
    ),
    "random numbers of torch in an ability": (
        "        return self.encoder(x)",
        "        code = self.encoder(x)\n        return code + torch.rand_like(code)",
        ["encode gives another answer the second time"],
    ),
    "a phase that updates what there is not": (
        'updates=("critic",)',
        'updates=("judge",)',
        ["phase 'critic' updates 'judge'; the system has encoder, decoder, critic"],
    ),
    "a loss of one number an example": (
        "reconstruction.l2(self.decoder(code), batch.x).mean()",
        "reconstruction.l2(self.decoder(code), batch.x)",
        ["term reconstruction of phase autoencoder has shape (12,); expected one number"],
    ),
    "a sum over the batch": (
        "reconstruction.l2(self.decoder(code), batch.x).mean()",
        "reconstruction.l2(self.decoder(code), batch.x).sum()",
        ["treat each example on its own"],
    ),
    "a decoder that learns nothing": (
        "reconstruction.l2(self.decoder(code), batch.x).mean()",
        "reconstruction.l2(self.decoder(code).detach(), batch.x).mean() + code.square().mean()",
        ["decoder", "whose loss never moves it"],
    ),
    "codes of another shape": (
        "        return self.decoder(code)",
        "        return self.decoder(code).flatten(1)",
        ["decode returns (12, 64); expected (12, 1, 8, 8)"],
    ),
    "an error in what it fits": (
        "    def encode(",
        "    def settle(self, batches, draws):\n        raise ZeroDivisionError('no codes')\n\n    def encode(",
        ["ZeroDivisionError: no codes (aae.py, line", "in settle"],
    ),
}


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    before = dict(registry._CLASSES)
    yield
    registry._CLASSES.clear()
    registry._CLASSES.update(before)


def faults_of(folder: Path, text: str) -> str:
    """Everything that the checks of a system say; tasks are asked only of one that claims an ability."""
    file = folder / "aae.py"
    file.write_text(text)
    (name,) = registry.load_plugin(file)
    checks = CHECKS if "def judge" in text else contract.CHECKS
    return "\n".join(fault for check in checks for fault in find(check, name).faults)


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_said_in_words(what, tmp_path):
    before, after, said = BROKEN[what]
    assert before in AAE
    faults = faults_of(tmp_path, AAE.replace(before, after))
    for words in said:
        assert words in faults


def test_the_page_followed_to_the_letter_gives_a_system_that_passes(run, tmp_path):
    file = tmp_path / "wae.py"
    file.write_text(PAGE.split("```python\n")[1].split("```")[0])
    ran = run("check-system", file, "--json")
    assert ran.code == 0, ran.err
    assert {one["state"] for one in ran.json["systems"]["wae"]} == {"passed", "left out"}


def test_a_system_that_breaks_a_rule_fails_the_command(run, tmp_path):
    file = tmp_path / "aae.py"
    file.write_text(AAE.replace('updates=("critic",)', 'updates=("judge",)'))
    ran = run("check-system", file, "--json")
    assert ran.code == 1 and "updates 'judge'" in ran.json["error"] and "aae.py breaks" in ran.json["error"]
    assert ran.json["error"].count("updates 'judge'") == 1
    assert run("check-system", tmp_path / "none.py").code == 2
