"""What pictures are compared in: the feature network of a data set, and a classifier of one training set.

judge       the network of a data set: cached, named, with what is known of it
network     its layers             views     damaged pictures, which it learns to tell from whole ones
learning    how it is taught       ranking   which measures can be trusted in its features
classifier  a fresh small network a training set: what can be learned from generated examples
patches     features of small parts of pictures, tile by tile
"""

from amalgan.features.classifier import BATCH as BATCH
from amalgan.features.classifier import Classifier as Classifier
from amalgan.features.classifier import drill as drill
from amalgan.features.classifier import rounds_for as rounds_for
from amalgan.features.judge import Features as Features
from amalgan.features.judge import build_untrained as build_untrained
from amalgan.features.judge import features_of as features_of
from amalgan.features.judge import kept_at as kept_at
from amalgan.features.network import FEATURES as FEATURES
from amalgan.features.ranking import neighborhoods as neighborhoods
