"""The processes that train together: one, or those that torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist

from agentdata.errors import UsageError
from agentdata.training.options import Device


@dataclass(frozen=True)
class World:
    """This process among `size`; sums run over all of them, and are no-ops where it is alone."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def sums(self, values: Sequence[float]) -> list[float]:
        """Each value summed over the processes, in float64."""
        if self.size == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(total)
        return [float(value) for value in total]

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Adds the gradients of all processes up, in place; one that has none counts as 0."""
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            dist.all_reduce(parameter.grad)

    def wait(self) -> None:
        """Returns when every process is here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def joined(device: Device) -> Iterator[World]:
    """The world of this process; joins the group that torchrun's environment describes.

    A group that the caller has set up is used as it is. Raises UsageError `no_device`.
    """
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    chosen = _device(device, local_rank)
    starts = not dist.is_initialized() and int(os.environ.get("WORLD_SIZE", "1")) > 1
    if starts:
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        if dist.is_initialized():
            yield World(dist.get_rank(), dist.get_world_size(), chosen)
        else:
            yield World(0, 1, chosen)
    finally:
        if starts:
            dist.destroy_process_group()


def _device(device: Device, local_rank: int) -> torch.device:
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise UsageError("no_device", "--device cuda: torch finds no CUDA device here")
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)
