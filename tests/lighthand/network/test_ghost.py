import torch

from lighthand.network.ghost import GhostBottleneck, GhostModule


def test_first_half_is_the_primary_convolution_and_the_second_reads_it() -> None:
    torch.manual_seed(0)
    module = GhostModule(6, 8, relu=True).eval()
    x = torch.randn(2, 6, 5, 5)
    y = module(x)
    assert torch.equal(y[:, :4], module.primary(x))
    assert torch.equal(y[:, 4:], module.cheap(y[:, :4]))


def test_cheap_half_keeps_channels_apart() -> None:
    torch.manual_seed(0)
    cheap = GhostModule(6, 8, relu=False).eval().cheap
    x = torch.randn(1, 4, 5, 5)
    changed = x.clone()
    changed[:, 2] += 1
    differs = (cheap(x) != cheap(changed)).flatten(2).any(dim=2)
    assert differs.tolist() == [[False, False, True, False]]


def test_bottleneck_changes_its_width_and_adds_to_its_shortcut() -> None:
    torch.manual_seed(0)
    assert GhostBottleneck(4, 8).eval()(torch.randn(2, 4, 6, 6)).shape == (2, 8, 6, 6)
    block = GhostBottleneck(8, 8).eval()
    x = torch.randn(2, 8, 6, 6)
    assert torch.allclose(block(x), x + block.project(block.expand(x)))


def test_gradients_of_both_halves_are_the_same_in_either_memory_format() -> None:
    torch.manual_seed(0)
    block = GhostBottleneck(8, 8)
    x = torch.randn(2, 8, 6, 6)
    grads = []
    for memory in (torch.contiguous_format, torch.channels_last):
        block.zero_grad()
        block(x.contiguous(memory_format=memory)).square().sum().backward()
        grads.append([p.grad.clone() for p in block.parameters()])
    assert all(torch.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in zip(*grads, strict=True))
    assert all(g.abs().sum() > 0 for g in grads[0])
