"""What a tape needs to know about torch's kernels: which can be replayed, which draw, and how each writes into a preallocated buffer."""

import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten
COPY = aten.copy_.default
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
_EMPTY = {"aten::empty", "aten::empty_like", "aten::new_empty", "aten::empty_strided", "aten::new_empty_strided"}
_FILLED = {
    f"aten::{name}"
    for name in ("zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "new_zeros", "new_ones")
}
_SCALAR = {
    aten.mul.Scalar: aten.mul.out, aten.div.Scalar: aten.div.out, aten.add.Scalar: aten.add.out, aten.sub.Scalar: aten.sub.out,
}  # fmt: skip  # their own `out` forms make an extra copy
_MADE = {
    "dtype",
    "layout",
    "device",
    "pin_memory",
    "memory_format",
}  # properties of a new tensor; a preallocated buffer has them already


class Unfit(ValueError):
    """A computation that cannot be recorded on a tape; the message says why."""


_RESIZES = {"aten::set_", "aten::resize_", "aten::resize_as_"}
_READS = {"tolist", "numpy", "__array__", "data_ptr", "untyped_storage", "storage", "__dlpack__"}


def unfit(func: Any, args: tuple[Any, ...], touched: list[Tensor]) -> str:
    """Why a kernel cannot be replayed, or an empty string; `touched` are its operands and results."""
    name = str(func._schema.name)
    if any(tensor.layout != torch.strided for tensor in touched):
        return f"{func} works on a sparse tensor, which has no single storage"
    if any(tensor.is_conj() or tensor.is_neg() for tensor in touched):
        return f"{func} works on a tensor with a pending negation or conjugation"
    if "batch_norm" in name:
        return f"{func} keeps running averages that its signature does not declare as written"
    if name in _RESIZES or func is aten.view.dtype:
        return f"{func} changes the shape or type of a tensor's memory"
    return _depends(func, args)


def _depends(func: Any, args: tuple[Any, ...]) -> str:
    if func is aten.index.Tensor and all(i is None or i.dtype not in (torch.bool, torch.uint8) for i in args[1]):
        return ""  # only a mask makes the shape depend on values
    tags = set(func.tags)
    if torch.Tag.data_dependent_output in tags:
        return f"Python reads a value out of a tensor ({func}) and may branch on it"
    if torch.Tag.dynamic_output_shape in tags:
        return f"{func} returns a shape that depends on values"
    return ""


def reads_values(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Why a torch function reads values without any kernel seeing it, or an empty string."""
    name = getattr(func, "__name__", "")
    splits = name == "tensor_split" and any(isinstance(each, Tensor) for each in [*args[1:], *kwargs.values()])
    return f"Python reads values out of a tensor ({name}) and may branch on them" if name in _READS or splits else ""


def draws(func: Any) -> bool:
    """Whether a kernel takes numbers from a generator."""
    return torch.Tag.nondeterministic_seeded in set(func.tags)


def generator_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Generator:
    """The generator that a kernel draws from; torch's default if none was passed."""
    found = (each for each in (*args, *kwargs.values()) if isinstance(each, torch.Generator))
    return next(found, torch.default_generator)


def changes(func: Any) -> bool:
    """Whether a kernel writes into its operands."""
    return any(a.alias_info is not None and a.alias_info.is_write for a in func._schema.arguments)


def pure(func: Any, draws: bool = True) -> bool:
    """Whether the same operands give the same result without side effects (`draws`: including no use of a generator)."""
    return not globals()["draws"](func) and not (draws and changes(func))


def fresh(func: Any) -> bool:
    """Whether a kernel only allocates."""
    return str(func._schema.name) in _EMPTY


def filled_by_shape(func: Any) -> bool:
    """Whether the result is determined by the operands' shape alone."""
    return str(func._schema.name) in _FILLED


def swift(call: Call) -> Call:
    """The same kernel called through torch's Python binding, a microsecond faster, where that takes the same arguments.

    It is tried once, on the buffers that it fills anyway; a tape is trusted only when all its numbers have been compared.
    """
    func, args, kwargs = call
    if not isinstance(func, torch._ops.OpOverload) or not pure(func, draws=False) or "out" not in kwargs:
        return call
    name = str(func._schema.name).removeprefix("aten::")
    binding = getattr(torch, name, getattr(torch._C._nn, name, None))
    if not isinstance(binding, types.BuiltinFunctionType):
        return call
    try:
        with torch.no_grad():
            binding(*args, **kwargs)
    except (TypeError, ValueError, RuntimeError, IndexError, Warning):  # or the buffers' zeros are not valid operands
        return call
    return binding, args, kwargs


def _copied(place: Tensor, source: Tensor, **made: Any) -> Call:
    """A copy in another dtype or layout."""
    del made
    return torch.Tensor.copy_, (place, source), {}


def _taken_from(place: Tensor, tensor: Tensor, number: float, alpha: float = 1) -> Call | None:
    """A number minus α times a tensor."""
    if tensor.dtype != place.dtype:
        return None
    return torch.sub, (torch.tensor(number, dtype=place.dtype), tensor), {"alpha": alpha, "out": place}


def _slope_of_select(place: Tensor, slope: Tensor, sizes: Any, dim: int, index: int) -> Call:
    """The gradient at one index, 0 elsewhere."""
    del sizes
    row = place.select(dim, index)

    def filled() -> None:
        place.zero_()
        row.copy_(slope)

    return filled, (), {}


def _rows_of(place: Tensor, tensor: Tensor, indices: list[Tensor | None]) -> Call | None:
    """The rows of a table, (N, …) at (M,)."""
    rows = indices[0]
    if len(indices) != 1 or rows is None or rows.ndim != 1 or rows.dtype != torch.int64:
        return None

    def filled() -> None:
        try:
            torch.index_select(tensor, 0, rows, out=place)
        except (IndexError, RuntimeError):  # it does not support negative indices
            aten.index.Tensor_out(tensor, indices, out=place)

    return filled, (), {}


def _put_into(
    place: Tensor, tensor: Tensor, indices: list[Tensor | None], values: Tensor, accumulate: bool = False
) -> Call:
    """A table with values written, or added, at some indices."""

    def filled() -> None:
        place.copy_(tensor)
        aten.index_put_.default(place, indices, values, accumulate)  # torch's Python binding does not accept None

    return filled, (), {}


def _floating(place: Tensor, tensor: Tensor) -> bool:
    """Whether both have the same single or double precision, in which a number and a tensor of one number round alike."""
    return tensor.dtype == place.dtype and place.dtype in (torch.float32, torch.float64)


def _with_number(function: Callable[..., Any]) -> Callable[..., Call | None]:
    """x ∘ c with c as a tensor: torch wraps a Python number at each call, which takes three times as long as a small product."""

    def made(place: Tensor, tensor: Tensor, number: Any, alpha: float = 1) -> Call | None:
        if isinstance(number, Tensor | complex) or alpha != 1 or not _floating(place, tensor):
            return None
        return function, (tensor, torch.tensor(number, dtype=place.dtype, device=place.device)), {"out": place}

    return made


def _powered(place: Tensor, tensor: Tensor, exponent: Any) -> Call | None:
    """x² as x x, which is what torch computes."""
    if exponent != 2 or not _floating(place, tensor):
        return None
    return torch.mul, (tensor, tensor), {"out": place}


def _rectified(place: Tensor, tensor: Tensor) -> Call | None:
    """max(x, 0): `relu` has no kernel that writes into a buffer, and copies."""
    return (torch.clamp_min, (tensor, 0), {"out": place}) if _floating(place, tensor) else None


def _summed(place: Tensor, tensor: Tensor, *, dtype: Any = None) -> Call | None:
    """Σ over all axes, by the kernel for some of them."""
    if dtype is not None or not _floating(place, tensor) or not tensor.ndim:
        return None
    return torch.sum, (tensor, [*range(tensor.ndim)]), {"out": place}


def _averaged(
    place: Tensor, tensor: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Call | None:
    """The sum divided by the count, which is what torch computes, without its checks."""
    if dtype is not None or not _floating(place, tensor) or not tensor.ndim or not tensor.numel():
        return None
    axes = [each % tensor.ndim for each in dim] if dim else [*range(tensor.ndim)]
    count = torch.tensor(tensor.numel() // max(place.numel(), 1), dtype=place.dtype, device=place.device)

    def filled() -> None:
        torch.sum(tensor, axes, keepdim, out=place)
        torch.div(place, count, out=place)

    return filled, (), {}


_SHORT: dict[Any, Callable[..., Call | None]] = {
    aten._to_copy.default: _copied, aten.clone.default: _copied, aten.rsub.Scalar: _taken_from,
    aten.select_backward.default: _slope_of_select, aten.index.Tensor: _rows_of, aten.index_put.default: _put_into,
    aten.mul.Tensor: _with_number(torch.mul), aten.div.Tensor: _with_number(torch.div),
    aten.add.Tensor: _with_number(torch.add), aten.sub.Tensor: _with_number(torch.sub),
    aten.mul.Scalar: _with_number(torch.mul), aten.div.Scalar: _with_number(torch.div),
    aten.add.Scalar: _with_number(torch.add), aten.sub.Scalar: _with_number(torch.sub),
    aten.pow.Tensor_Scalar: _powered, aten.relu.default: _rectified, aten.sum.default: _summed,
    aten.mean.dim: _averaged, aten.mean.default: _averaged,
}  # fmt: skip  # their own `out` forms copy more than they compute, or take longer for the same numbers


def out_variant(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: list[Tensor]) -> Call:
    """The call that runs a kernel and leaves its result in `out`; a kernel that writes in place is called unchanged."""
    if not out:
        return func, args, kwargs
    if func in _SHORT and (call := _SHORT[func](out[0], *args, **kwargs)) is not None:
        return call
    if func in _SCALAR:
        return _SCALAR[func], args, {**kwargs, "out": out[0]}
    arguments = [a for a in func._schema.arguments if a.name not in _MADE or not a.kwarg_only]
    wanted = [(a.name, str(a.type)) for a in arguments]
    for name in func.overloadpacket.overloads():
        other = getattr(func.overloadpacket, name)
        places = [a.name for a in other._schema.arguments if a.is_out]
        rest = [a for a in other._schema.arguments if not a.is_out and (a.name not in _MADE or not a.kwarg_only)]
        if len(places) == len(out) and [(a.name, str(a.type)) for a in rest] == wanted:
            known = {a.name for a in other._schema.arguments}
            kept = {key: value for key, value in kwargs.items() if key in known and key not in _MADE}
            return other, args, kept | dict(zip(places, out, strict=True))

    def filled(*args: Any, **kwargs: Any) -> None:
        result = func(*args, **kwargs)
        found = [result] if isinstance(result, Tensor) else [each for each in result if isinstance(each, Tensor)]
        for place, value in zip(out, found, strict=True):
            place.copy_(value)

    return filled, args, kwargs
