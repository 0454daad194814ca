"""What a small fusion encoder reads."""

import pytest
import torch

from pir_mm.structures.text_states import TextStates
from tests.models.fusion.encoder import DIM, IMAGE_DIM


@pytest.fixture
def images():
    """Three images of five tokens."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, 5, IMAGE_DIM, generator=generator, dtype=torch.float64)


@pytest.fixture
def text():
    """Four texts of one to six tokens."""
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randn(4, 6, DIM, generator=generator, dtype=torch.float64)
    return TextStates(tokens, torch.arange(6) < torch.tensor([[1], [3], [6], [4]]))
