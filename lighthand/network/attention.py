"""Separable self-attention of linear complexity: eq. 10 and 11 of the paper (sec. 3.4).

Source: S. Mehta, M. Rastegari, *Separable Self-attention for Mobile Vision Transformers*, TMLR 2023,
sec. 3.2. The paper prints ReLU(x W_v) twice in eq. 11; its first is eq. 10's x W_K. Adding the tokens
themselves to the result is ours: eq. 11 has no residual.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class SeparableSelfAttention(nn.Module):
    """One context vector for all tokens, given back to each token through its own values."""

    def __init__(self, features: int) -> None:
        """Build the projections W_I, W_K, W_v and W_o.

        Args:
            features: d, width of a token.
        """
        super().__init__()
        self.score = nn.Linear(features, 1, bias=False)
        self.key = nn.Linear(features, features, bias=False)
        self.value = nn.Linear(features, features, bias=False)
        self.out = nn.Linear(features, features, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, k, d) -> (B, k, d), the tokens with what they learned from each other (eq. 11) added."""
        scores = functional.softmax(self.score(x), dim=1)  # c_s: (B, k, 1), over the tokens
        context = (scores * self.key(x)).sum(dim=1, keepdim=True)  # eq. 10, c_v: (B, 1, d)
        y: Tensor = self.out(context * functional.relu(self.value(x)))  # eq. 11: (B, k, d)
        return x + y  # the residual is ours
