"""Functions that a library lacks, as source to stand above the function that calls them.

Those that libraries share are written for NumPy, which goes by another name in the others.
"""

from __future__ import annotations

import re

_SHARED = """
def cofactor_derivative(x, *directions):
    '''The cofactors of x, or their derivative along directions: det is linear in each row.'''
    n = x.shape[-1]
    rows = np.eye(n)
    found = np.zeros_like(x)
    for i, *others in itertools.permutations(range(n), 1 + len(directions)):
        replaced = x
        for k, direction in zip(others, directions):
            replaced = np.where(rows[k, :, None] == 1, direction, replaced)
        minors = np.where(rows[i, :, None] == 1, rows[:, None, :], replaced[..., None, :, :])
        found = found + rows[i, :, None] * np.linalg.det(minors)[..., None, :]
    return found

def diag_embed(x, offset, axis1, axis2):
    '''Matrices with the last axis of x on a diagonal, zeros elsewhere.'''
    places = np.arange(x.shape[-1] + abs(offset))
    on = places - places[:, None] == offset
    ends = [(0, 0)] * (x.ndim - 1) + [(max(0, -offset), max(0, offset))]
    found = np.where(on, np.pad(x, ends)[..., None], 0)
    return np.moveaxis(found, (-2, -1), (axis1, axis2))

def iv(n, x):
    '''Modified Bessel function of order n: the sum of (x/2)**(2*k + n)/(k!*(k + n)!).'''
    n = abs(n)
    term = (x / 2) ** n / math.factorial(n)
    found = term
    for k in range(1, 300):
        term = term * (x / 2) ** 2 / (k * (k + n))
        found = found + term
    return found

def logdet(x):
    '''log(det(x)), and nan where the determinant is negative.'''
    sign, size = np.linalg.slogdet(x)
    return np.where(sign < 0, np.nan, size)

def matrix_exp_derivative(x, *directions):
    '''How the exponential of x changes along directions: a corner of that of a block matrix.'''
    block, *directions = np.broadcast_arrays(x, *directions)
    n = x.shape[-1]
    for direction in directions:
        above = np.kron(np.eye(block.shape[-1] // n), direction)
        upper = np.concatenate([block, above], -1)
        lower = np.concatenate([np.zeros_like(block), block], -1)
        block = np.concatenate([upper, lower], -2)
    return linalg.expm(block)[..., :n, -n:]

def pinv(x, rtol, atol):
    '''Pseudoinverse; smaller singular values than the tolerance count as 0.'''
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    kept = s > np.maximum(rtol * s[..., :1], atol)
    inverse = np.where(kept, 1 / np.where(kept, s, 1), 0)
    return vh.mT @ (inverse[..., :, None] * u.mT)

def prod_derivative(x, *directions, axes):
    '''How the products of the others change along directions: they are linear in each entry.'''
    last = tuple(range(-len(axes), 0))
    moved = [np.moveaxis(a, axes, last) for a in np.broadcast_arrays(x, *directions)]
    shape = moved[0].shape
    x, *directions = [a.reshape(shape[: len(shape) - len(axes)] + (-1,)) for a in moved]
    n = x.shape[-1]
    found = [np.zeros_like(x[..., 0]) for _ in range(n)]
    for i, *chosen in itertools.permutations(range(n), 1 + len(directions)):
        term = np.ones_like(x[..., 0])
        for k in range(n):
            if k != i:
                term = term * (directions[chosen.index(k)] if k in chosen else x)[..., k]
        found[i] = found[i] + term
    return np.moveaxis(np.stack(found, -1).reshape(shape), last, axes)

def prod_others(x, axes):
    '''For each entry the product of the others.'''
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    flat = moved.reshape(moved.shape[: moved.ndim - len(axes)] + (-1,))
    one = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, np.flip(flat[..., 1:], (-1,))], -1), -1)
    return np.moveaxis((before * np.flip(after, (-1,))).reshape(moved.shape), last, axes)

def recurrence(a, b, axis, reverse=False):
    '''y[k] = a[k]*y[k - 1] + b[k] along an axis, from y[-1] = 0.'''
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    places = range(len(b))[::-1] if reverse else range(len(b))
    found = []
    for k in places:
        found.append(a[k] * found[-1] + b[k] if found else b[k])
    return np.moveaxis(np.stack(found[::-1] if reverse else found), 0, axis)

def softplus(x, beta, threshold):
    '''log(1 + exp(beta*x))/beta, and x where beta*x exceeds the threshold.'''
    return np.where(beta * x > threshold, x, np.logaddexp(0, beta * x) / beta)

def spherical_jn(n, x):
    '''Spherical Bessel function of order n: its series near 0, its recurrence elsewhere.'''
    series = term = x**n / math.prod(range(1, 2 * n + 2, 2))
    for k in range(1, 40):
        term = -term * x**2 / (2 * k * (2 * n + 2 * k + 1))
        series = series + term
    near = np.abs(x) < n + 2
    far = np.where(near, n + 2, x)
    before, found = np.cos(far) / far, np.sin(far) / far
    for k in range(n):
        before, found = found, (2 * k + 1) / far * found - before
    return np.where(near, series, found)

def weighted_logsumexp(x, y, axes, keepdim):
    '''log(sum(y*exp(x))) without overflow.'''
    top = np.amax(np.where(y == 0, -np.inf, x), axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    terms = np.where(y == 0, 0, y * np.exp(np.where(y == 0, 0, x - top)))
    found = np.log(np.sum(terms, axes, keepdims=True)) + top
    return found if keepdim else np.squeeze(found, axes)
"""

_NUMPY = """
def argcummax(x, axis):
    '''Where the running maximum was last attained.'''
    places = np.arange(x.shape[axis]).reshape([-1] + [1] * (x.ndim - 1 - axis))
    attained = x == np.maximum.accumulate(x, axis)
    return np.maximum.accumulate(np.where(attained, places, 0), axis)

def index_add(x, value, index):
    '''x with value added at index.'''
    found = np.array(x, dtype=np.result_type(x, value))
    np.add.at(found, index, value)
    return found

def index_set(x, value, index):
    '''x with value put at index.'''
    found = np.array(x, dtype=np.result_type(x, value))
    found[index] = value
    return found

def scatter(x, axis, index, src):
    '''x with each entry of src put at its position along an axis.'''
    found = np.array(x, dtype=np.result_type(x, src))
    places = list(np.ogrid[tuple(map(slice, index.shape))])
    places[axis] = index
    found[tuple(places)] = src
    return found

def scatter_add(x, axis, index, src):
    '''x with each entry of src added at its position along an axis.'''
    found = np.array(x, dtype=np.result_type(x, src))
    places = list(np.ogrid[tuple(map(slice, index.shape))])
    places[axis] = index
    np.add.at(found, tuple(places), src)
    return found
"""

_TORCH = """
def index_add(x, value, index):
    '''x with value added at index.'''
    places = torch.arange(x.numel(), device=x.device).reshape(x.shape)[index]
    return x.flatten().index_add(0, places.flatten(), value.flatten()).reshape(x.shape)

def index_set(x, value, index):
    '''x with value put at index.'''
    found = x.to(torch.result_type(x, value), copy=True)
    found[index] = value
    return found
"""

_JAX = """
def argcummax(x, axis):
    '''Where the running maximum was last attained.'''
    places = jnp.arange(x.shape[axis]).reshape([-1] + [1] * (x.ndim - 1 - axis))
    attained = x == lax.cummax(x, axis)
    return lax.cummax(jnp.where(attained, places, 0), axis)

def scatter(x, axis, index, src):
    '''x with each entry of src put at its position along an axis.'''
    places = list(jnp.ogrid[tuple(map(slice, index.shape))])
    places[axis] = index
    return x.at[tuple(places)].set(src)

def scatter_add(x, axis, index, src):
    '''x with each entry of src added at its position along an axis.'''
    places = list(jnp.ogrid[tuple(map(slice, index.shape))])
    places[axis] = index
    return x.at[tuple(places)].add(src)
"""


def _read(text: str) -> dict[str, str]:
    """The definitions in a text, by name."""
    bodies = re.split(r"(?m)^def ", text.replace("'''", '"""'))[1:]
    return {body.partition("(")[0]: f"def {body.rstrip()}\n" for body in bodies}


_IN_TORCH = {
    r"np\.eye\((.*?)\)": r"torch.eye(\1, dtype=x.dtype, device=x.device)",
    r"\bdirection\)": "direction.contiguous())",  # kron wants it so
    r"np\.broadcast_arrays": "torch.broadcast_tensors",
    r"\blinalg\.expm": "torch.linalg.matrix_exp",
    r"np\.": "torch.",
}


def _in_torch(text: str) -> str:
    for old, new in _IN_TORCH.items():
        text = re.sub(old, new, text)
    return text


NUMPY = _read(_SHARED + _NUMPY)
TORCH = _read(_in_torch(_SHARED) + _TORCH)
JAX = _read(_SHARED.replace("np.", "jnp.") + _JAX)
