"""How each row of the table is spelt in NumPy, PyTorch and JAX.

A spelling is the name of a function, called with the row's arguments by the target's keywords; or a
template, in which ``{x}`` stands for an argument; or a function (node, source) that returns one of
these. A template may call a definition, which then stands above the function it is used in. A
row that is not here is written as its formula.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from ..grad.execution.calls import CALLS
from ..grad.node import Kind, Node
from . import definitions
from . import templates as t
from .print_text import ATOM, COMPARE, POSTFIX, POWER, PRODUCT, SUM, UNARY
from .templates import Source, Spelling

TargetName = Literal["numpy", "torch", "jax"]


@dataclass(frozen=True, slots=True)
class Target:
    """A library: how it is imported, what its keywords are called, how it makes tensors.

    `scalar` makes a tensor of a Python number, `cast` one of another kind, `array` one of nested
    lists; their last argument is an input to take the dtype from, "" if there is none. `wraps`
    says that functions do not take Python numbers.
    """

    title: str
    module: str
    imports: Mapping[str, str]
    keywords: Mapping[str, str]
    spellings: Mapping[str, Spelling]
    definitions: Mapping[str, str]
    scalar: Callable[[str, Kind, str], str]
    cast: Callable[[str, Kind, str], str]
    array: Callable[[str, Kind, str], str]
    like: Callable[[str], str]
    wraps: bool = False


_PRECEDENCES: dict[type[ast.AST], int] = {
    ast.Compare: COMPARE, ast.Add: SUM, ast.Sub: SUM, ast.Mult: PRODUCT, ast.Div: PRODUCT,
    ast.FloorDiv: PRODUCT, ast.Mod: PRODUCT, ast.MatMult: PRODUCT, ast.UnaryOp: UNARY,
    ast.Pow: POWER, ast.Call: POSTFIX, ast.Attribute: POSTFIX, ast.Subscript: POSTFIX,
}  # fmt: skip


@cache
def precedence(text: str) -> int:
    """How tightly the outermost operator of a Python expression binds."""
    body = ast.parse(text, mode="eval").body
    return _PRECEDENCES.get(type(body.op if isinstance(body, ast.BinOp) else body), ATOM)


# --- the table ---------------------------------------------------------------------------------

# called by its own name in all three
SAME = """
    exp expm1 exp2 log log1p log2 log10 sqrt square abs sign floor ceil round trunc hypot sinc
    sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh deg2rad rad2deg
    logaddexp logaddexp2 fmod copysign heaviside fmax fmin nan_to_num isnan isinf isfinite
    logical_and logical_or logical_not outer kron vander stack zeros_like ones_like
"""
LINALG = "det inv cholesky eigvalsh svdvals matrix_power"

# NumPy; PyTorch, where that is not NumPy with another name and `dim`; JAX, where it is not NumPy
# with another name. None: by the formula. What plans write, too, is in grad/execution/calls.py.
# fmt: off
ROWS: dict[str, tuple[Spelling | None, ...]] = {
    # arithmetic
    "reciprocal":   ("1 / {x}",),
    "rsqrt":        ("1 / np.sqrt({x})", "torch.rsqrt", "lax.rsqrt"),
    "cbrt":         ("np.cbrt", "torch.sign({x}) * torch.abs({x}) ** (1 / 3)"),
    "same":         ("np.logical_or({x} == {y}, np.logical_and(np.isnan({x}), np.isnan({y})))",),
    "multiply_no_nan": ("np.where({y} == 0, 0, {x} * {y})",),
    "detach":       ("{x}", "{x}.detach()", "lax.stop_gradient"),
    "maximum":      ("np.maximum", t.torch_extreme("maximum", "min")),
    "minimum":      ("np.minimum", t.torch_extreme("minimum", "max")),
    "clamp":        (t.clip, t.torch_clamp),
    "frac":         ("{x} - np.trunc({x})",),
    "where":        (CALLS["where"], t.torch_where),
    # activations
    "relu":         ("np.maximum({x}, 0)", "torch.relu", "nn.relu"),
    "sigmoid":      ("special.expit", "torch.sigmoid", "nn.sigmoid"),
    "logsigmoid":   ("special.log_expit", "functional.logsigmoid", "nn.log_sigmoid"),
    "softplus":     (t.softplus, t.torch_softplus),
    "logit":        (t.logit, "torch.logit"),
    "silu":         (None, "functional.silu", "nn.silu"),
    "mish":         (None, "functional.mish", "nn.mish"),
    "gelu":         (None, "functional.gelu"),
    "leaky_relu":   ("np.where({x} > 0, {x}, {negative_slope} * {x})", "functional.leaky_relu"),
    "elu":          ("np.where({x} > 0, {x}, {alpha} * np.expm1({x}))", "functional.elu"),
    "softshrink":   ("{x} - np.clip({x}, -{lambd}, {lambd})",),
    "hardshrink":   ("np.where(np.abs({x}) > {lambd}, {x}, 0)",),
    "threshold":    ("np.where({x} > {threshold}, {x}, {value})",),
    "hardtanh":     ("np.clip({x}, {min_val}, {max_val})",),
    "softsign":     ("{x} / (1 + np.abs({x}))",),
    "tanhshrink":   ("{x} - np.tanh({x})",),
    # special functions
    "erf":          ("special.erf", "torch.erf"),
    "erfc":         ("special.erfc", "torch.erfc"),
    "erfcx":        ("special.erfcx", "torch.special.erfcx",
                     "2 * jnp.exp({x} ** 2 + special.log_ndtr(-math.sqrt(2) * {x}))"),
    "erfinv":       ("special.erfinv", "torch.erfinv"),
    "erfcinv":      ("special.erfcinv", "torch.erfinv(1 - {x})", "special.erfinv(1 - {x})"),
    "ndtr":         ("special.ndtr", "torch.special.ndtr"),
    "log_ndtr":     ("special.log_ndtr", "torch.special.log_ndtr"),
    "inverse_mills": ("math.sqrt(2 / math.pi) / special.erfcx(-{x} / math.sqrt(2))",
                      "math.sqrt(2 / math.pi) / torch.special.erfcx(-{x} / math.sqrt(2))",
                      "jnp.exp(-{x} ** 2 / 2 - special.log_ndtr({x})) / math.sqrt(2 * math.pi)"),
    "ndtri":        ("special.ndtri", "torch.special.ndtri"),
    "lgamma":       ("special.gammaln", "torch.lgamma"),
    "digamma":      ("special.digamma", "torch.digamma"),
    "polygamma":    ("special.polygamma({n}, {x})", "torch.polygamma({n}, {x})"),
    "xlogy":        ("special.xlogy", "torch.xlogy"),
    "xlog1py":      ("special.xlog1py", "torch.special.xlog1py"),
    "entr":         ("special.entr", "torch.special.entr"),
    "i0":           ("special.i0", "torch.special.i0"),
    "i1":           ("special.i1", "torch.special.i1"),
    "iv":           ("special.iv({n}, {x})", "iv({n}, {x})", "iv({n}, {x})"),
    "spherical_jn": ("special.spherical_jn({n}, {x})", *("spherical_jn({n}, {x})",) * 2),
    # reductions
    "mean":         ("np.mean({x}{over})",),
    "all":          ("np.all({x}{over})",),
    "any":          ("np.any({x}{over})",),
    "var":          ("np.var({x}{over}, correction={correction})",),
    "std":          ("np.std({x}{over}, correction={correction})",),
    "norm":         ("np.linalg.vector_norm({x}{over}, ord={p})",),
    "max":          ("np.max({x}{over})", "torch.amax({x}{over})"),
    "min":          ("np.min({x}{over})", "torch.amin({x}{over})"),
    "argmax":       (t.over_last("np.argmax({flat}, axis=-1)"),),
    "argmin":       (t.over_last("np.argmin({flat}, axis=-1)"),),
    "order_statistic":       (t.over_last("np.where(np.isnan({flat}).any(-1), np.nan,"
                                 " np.sort({flat}, axis=-1)[..., {k} - 1])"),
                     t.over_last("torch.where(torch.isnan({flat}).any(-1), math.nan,"
                                 " torch.sort({flat}, dim=-1).values[..., {k} - 1])")),
    "kthvalue":     (t.over_last("np.sort({flat}, axis=-1)[..., {k} - 1]"),
                     t.over_last("torch.sort({flat}, dim=-1).values[..., {k} - 1]")),
    "count_nonzero": ("np.count_nonzero({x}{over})", "torch.sum({x} != 0{over})"),
    "logsumexp":    ("special.logsumexp({x}{over})",
                     "torch.logsumexp({x}, dim={axes}, keepdim={keepdim})"),
    "softmax":      ("special.softmax({x}, axis={dim})", "torch.softmax({x}, dim={dim})",
                     "nn.softmax({x}, axis={dim})"),
    "log_softmax":  ("special.log_softmax({x}, axis={dim})", "torch.log_softmax({x}, dim={dim})",
                     "nn.log_softmax({x}, axis={dim})"),
    "prod":         ("np.prod({x}{over})", t.torch_prod),
    "prod_others":  (t.with_axes("prod_others"),),
    "prod_derivative": (t.with_axes("prod_derivative"),),
    "weighted_logsumexp": ("weighted_logsumexp({x}, {y}, {dim}, {keepdim})",),
    # running results
    "cumsum":       (t.running("np.cumsum({x}, axis={axis})"),),
    "cumprod":      (t.running("np.cumprod({x}, axis={axis})"),),
    "logcumsumexp": (t.running("np.logaddexp.accumulate({x}, axis={axis})"),
                     t.running("torch.logcumsumexp({x}, dim={axis})"),
                     t.running("lax.cumlogsumexp({x}, axis={axis})")),
    "cummax":       (t.running("np.maximum.accumulate({x}, axis={axis})"),
                     t.running("torch.cummax({x}, dim={axis}).values"),
                     t.running("lax.cummax({x}, axis={axis})")),
    "cummin":       (t.running("np.minimum.accumulate({x}, axis={axis})"),
                     t.running("torch.cummin({x}, dim={axis}).values"),
                     t.running("lax.cummin({x}, axis={axis})")),
    "argcummax":    (t.running("argcummax({x}, {axis})"),
                     t.running("torch.cummax({x}, dim={axis}).indices")),
    "argcummin":    (t.running("argcummax(-{x}, {axis})"),
                     t.running("torch.cummin({x}, dim={axis}).indices")),
    "recurrence":   ("recurrence({a}, {b}, {dim}, {reverse})",),
    # shapes
    "flip":         ("np.flip({x}, {dims})",),
    "roll":         ("np.roll({x}, {shifts}, {dims})",),
    "tril":         ("np.tril({x}, {diagonal})",),
    "triu":         ("np.triu({x}, {diagonal})",),
    "cat":          ("np.concatenate", "torch.cat"),
    "pad":          (t.pad, t.torch_pad),
    "tile":         (t.tile,),
    # creation
    "zeros":        ("np.zeros({shape})", "torch.zeros({shape}, {like})"),
    "ones":         ("np.ones({shape})", "torch.ones({shape}, {like})"),
    "eye":          (t.eye, t.torch_eye),
    "tri":          ("np.tri({n}, {m}, {k})", t.torch_tri),
    "arange":       ("np.arange({start}, {end}, {step})",
                     "torch.arange({start}, {end}, {step}, {like})"),
    "linspace":     ("np.linspace({start}, {end}, {steps}, endpoint={endpoint})", t.torch_linspace),
    "logspace":     ("np.logspace({start}, {end}, {steps}, base={base})",
                     "torch.logspace({start}, {end}, {steps}, {base}, {like})"),
    # positions
    "index":        (CALLS["index"], t.torch_index, t.jax_index),
    "index_set":    (t.update("index_set"), t.torch_update("index_set"), t.jax_update("set")),
    "index_add":    (t.update("index_add"), t.torch_update("index_add"), t.jax_update("add")),
    "gather":       (t.gather, "torch.gather({x}, {dim}, {index})"),
    "scatter":      (t.scatter("scatter"), t.torch_scatter("scatter")),
    "scatter_add":  (t.scatter("scatter_add"), t.torch_scatter("scatter_add")),
    "sort":         (t.sort, "torch.sort({x}, dim={dim}, descending={descending}).values"),
    "argsort":      (t.argsort,
                     "torch.argsort({x}, dim={dim}, descending={descending}, stable=True)"),
    "one_hot":      (t.one_hot,),
    # linear algebra
    "einsum":       (t.einsum,),
    "cross":        ("np.cross({x}, {y}, axis={dim})", "torch.linalg.cross({x}, {y}, dim={dim})"),
    "trace":        (t.trace, t.torch_trace),
    "diagonal":     (t.diagonal,),
    "diag_embed":   (t.diag_embed("diag_embed"), t.diag_embed("torch.diag_embed")),
    "logdet":       ("logdet({x})", "torch.logdet"),
    "logabsdet":    ("np.linalg.slogdet({x})[1]",),
    "detsign":      ("np.linalg.slogdet({x})[0]",),
    "cofactor":     ("cofactor_derivative({x})",),
    "cofactor_derivative": ("cofactor_derivative",),
    "solve":        (t.solve, "torch.linalg.solve({A}, {B}, left={left})"),
    "pinv":         (t.pinv, "torch.linalg.pinv"),
    "matrix_exp":   ("linalg.expm", "torch.linalg.matrix_exp"),
    "matrix_exp_derivative": ("matrix_exp_derivative",),
    "eigenvectors": ("np.linalg.eigh({x})[1]",),
    "svd_u":        ("np.linalg.svd({x}, full_matrices=False)[0]",),
    "svd_vh":       ("np.linalg.svd({x}, full_matrices=False)[2]",),
}
# fmt: on


def _renamed(spelling: Spelling | None, names: Mapping[str, str]) -> Spelling | None:
    """A spelling for NumPy with the names of another library."""

    def rename(text: str) -> str:
        for old, new in names.items():
            text = re.sub(rf"\b{old}", new, text)
        return text

    if spelling is None or isinstance(spelling, str):
        return spelling and rename(spelling)

    def renamed(node: Node, source: Source) -> str:
        return rename(spelling(node, source))

    return renamed


def _column(place: int, module: str, names: Mapping[str, str]) -> dict[str, Spelling]:
    found: dict[str, Spelling] = {name: f"{module}.{name}" for name in SAME.split()}
    found |= {name: f"{module}.linalg.{name}" for name in LINALG.split()}
    rows = {name: (call,) for name, call in CALLS.items()} | ROWS
    for name, row in rows.items():
        spelling = _renamed(row[place] if place < len(row) else row[0], names)
        if spelling is not None:
            found[name] = spelling
    return found


# --- the targets -------------------------------------------------------------------------------


def _torch_scalar(text: str, kind: Kind, like: str) -> str:
    if kind == "float":
        return (
            f"{like}.new_tensor({text})" if like else f"torch.tensor({text}, dtype=torch.float64)"
        )
    return f"torch.tensor({text})"


def _torch_cast(text: str, kind: Kind, like: str) -> str:
    if kind == "float":
        return f"{text}.to({like}.dtype)" if like else f"{text}.double()"
    return f"{text}.long()"


def _torch_like(like: str) -> str:
    return f"dtype={like}.dtype, device={like}.device" if like else "dtype=torch.float64"


AXES = {"dim": "axis", "dims": "axis", "keepdim": "keepdims"}
IN_TORCH = {
    r"np\.": "torch.", r"transpose\(": "permute(", r"astype\(int\)": "long()", "axis=": "dim=",
    "keepdims=": "keepdim=",
}  # fmt: skip
PYTHON = {"itertools": "import itertools", "math": "import math"}
TARGETS: dict[TargetName, Target] = {
    "numpy": Target(
        "NumPy",
        "np",
        {
            **PYTHON,
            "np": "import numpy as np",
            "linalg": "from scipy import linalg",
            "special": "from scipy import special",
        },
        AXES,
        _column(0, "np", {}),
        definitions.NUMPY,
        scalar=lambda text, kind, like: f"np.asarray({text}, {kind})",
        cast=lambda text, kind, like: f"{text}.astype({kind})",
        array=lambda text, kind, like: f"np.array({text})",
        like=lambda like: "",
    ),
    "torch": Target(
        "PyTorch",
        "torch",
        {
            **PYTHON,
            "torch": "import torch",
            "functional": "from torch.nn import functional",
        },
        {"dim": "dim", "keepdim": "keepdim"},
        _column(1, "torch", IN_TORCH),
        definitions.TORCH,
        scalar=_torch_scalar,
        cast=_torch_cast,
        array=_torch_scalar,
        like=_torch_like,
        wraps=True,
    ),
    "jax": Target(
        "JAX",
        "jnp",
        {
            **PYTHON,
            "jnp": "import jax.numpy as jnp",
            "lax": "from jax import lax",
            "nn": "from jax import nn",
            "linalg": "from jax.scipy import linalg",
            "special": "from jax.scipy import special",
        },
        AXES,
        _column(2, "jnp", {r"np\.": "jnp."}),
        definitions.JAX,
        scalar=lambda text, kind, like: f"jnp.asarray({text}, {kind})",
        cast=lambda text, kind, like: f"{text}.astype({kind})",
        array=lambda text, kind, like: f"jnp.array({text})",
        like=lambda like: "",
    ),
}
