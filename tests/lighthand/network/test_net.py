from dataclasses import replace

import pytest
import torch

from lighthand.benchmark.cost import count
from lighthand.errors import ConfigError
from lighthand.network import PAPER, HandNet, NetworkConfig
from lighthand.network.losses import joint_loss

PINNED = [0.034433, 0.070943, 0.330623, 0.012104, 0.417619, 0.576306, 1.497028, 0.231959, 1.561788, 0.509489, 0.644986]
SMALL = NetworkConfig(channels=8, stem=8, depth_features=8, blocks=(1, 1))


@pytest.mark.parametrize(
    ("config", "params", "macs"),
    [
        (PAPER, 178_515, 268_092_992),
        (replace(PAPER, attention="grid"), 178_515, 280_757_312),
        (replace(PAPER, joints=14), 178_249, 266_775_872),
        (NetworkConfig(joints=16), 179_763, 68_339_648),
        (NetworkConfig(), 180_428, 69_174_848),
    ],
)
def test_parameters_and_macs_are_pinned(config: NetworkConfig, params: int, macs: int) -> None:
    assert count(HandNet(config)) == (params, macs)


@pytest.mark.parametrize("config", [PAPER, NetworkConfig(joints=16)])
def test_sixteen_joints_keep_the_papers_numbers(config: NetworkConfig) -> None:
    params, macs = count(HandNet(config))
    assert params <= 0.18e6
    assert macs <= 0.27e9


def test_output_of_a_fixed_input_is_pinned() -> None:
    torch.manual_seed(7)
    net = HandNet(NetworkConfig()).eval()
    ramp = torch.linspace(-1, 1, 128)
    with torch.inference_mode():
        out = net((ramp[:, None] ** 2 * ramp)[None, None])
    values = [*out.uvz[0, 0].tolist(), *out.uvz[0, 20].tolist(), out.side.item(), out.presence.item()]
    values += [out.heatmap_logits.std().item(), out.confidence[0, 0].item(), out.visible[0, 20].item()]
    assert values == pytest.approx(PINNED, abs=1e-4)


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("stride", [2, 4])
@pytest.mark.parametrize("attention", ["joints", "grid"])
def test_shapes(size: int, stride: int, attention: str) -> None:
    net = HandNet(NetworkConfig(attention=attention, channels=8, stem=8, stride=stride, blocks=(1, 1, 1, 1))).eval()
    out = net(torch.randn(2, 1, size, size))
    assert out.uvz.shape == (2, 21, 3)
    assert out.side.shape == out.presence.shape == (2,)
    assert out.confidence.shape == out.visible.shape == (2, 21)
    assert out.heatmap_logits.shape == (2, 21, size // stride, size // stride)
    assert out.uvz[..., :2].abs().max() <= 1


def test_batch_members_do_not_touch_each_other() -> None:
    torch.manual_seed(0)
    net = HandNet(SMALL).eval()
    x = torch.randn(3, 1, 64, 64)
    assert torch.allclose(net(x).uvz[1:2], net(x[1:2]).uvz, atol=1e-5)


def test_head_is_float32_under_autocast() -> None:
    torch.manual_seed(0)
    net = HandNet(SMALL).to(memory_format=torch.channels_last)
    x = torch.randn(2, 1, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(x)
    assert {value.dtype for value in out} == {torch.float32}
    assert torch.allclose(out.uvz, net(x).uvz, atol=0.05)


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    net = HandNet(SMALL)
    out = net(torch.randn(4, 1, 64, 64))
    loss = joint_loss(out.uvz, torch.zeros(4, 21, 3), torch.ones(4, 21, dtype=torch.bool))
    (loss + out.side.sum() + out.presence.sum() + out.confidence.sum() + out.visible.sum()).backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None or not bool(p.grad.any())]
    assert idle == []


def test_a_few_steps_learn_where_a_square_is() -> None:
    torch.manual_seed(0)
    net = HandNet(SMALL)
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2)
    centre = torch.rand(16, 2) * 1.2 - 0.6
    grid = torch.linspace(-1, 1, 64)
    near = ((grid[None, None] - centre[:, :1, None]).abs() < 0.2) & ((grid[:, None] - centre[:, 1:, None]).abs() < 0.2)
    x = torch.where(near, centre[:, :1, None], 1.0)[:, None]
    truth = torch.cat([centre, centre[:, :1]], dim=1)[:, None].expand(16, 21, 3)
    losses = []
    for _ in range(40):
        loss = joint_loss(net(x).uvz, truth, torch.ones(16, 21, dtype=torch.bool))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"channels": 63}, "network.channels is 63"),
        ({"joints": 0}, "network.joints is 0"),
        ({"stride": 3}, r"network.stride is 3, expected one of \[2, 4\]"),
        ({"blocks": ()}, r"network.blocks is \(\)"),
        ({"blocks": (2, 0)}, r"network.blocks is \(2, 0\)"),
        ({"attention": "maps"}, "network.attention is 'maps'"),
    ],
)
def test_impossible_networks_are_refused(change: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        NetworkConfig(**change)  # type: ignore[arg-type]
