"""What networks are asked to minimize: pure functions from tensors to one number per sample.

    reconstruction   example, its decode ─► how far apart           penalties   critic, examples ─► how steep
    adversarial      logits of real and fake ─► both players' loss   latent      codes, prior ─► how unlike
    classification   class logits, labels ─► how far apart          lattice     decodes ─► a weave on all of them

Logits come in raw. Systems weight and average; nothing here draws a random number or knows a network.
Objectives over a set of samples (``latent.mmd``, ``latent.moment_pull``) return one number for the set.
"""
