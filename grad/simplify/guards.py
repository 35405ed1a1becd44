"""Guards that rules put around singular points, and what the display phase shows instead.

A rule writes ``where(norm(x) == 0, 0, x/norm(x))`` so that the number at the kink is right. A
formula for people leaves that out, as every textbook does; a guard that the user wrote stays. A
derived row may have a guard of another kind (no norm below eps): it states its textbook formula.
A Cholesky factor that stands for an inverse or a determinant is a guard against rounding.
"""

from __future__ import annotations

from ..node import Node, walk
from ..ops import F, is_constant, rebuild
from .patterns import Wild, row, rows

NEXT_TO_NOTHING = 1e-6  # a length below which a direction is not asked for

x, y, c = Wild("x"), Wild("y"), Wild("c", number=True)
total, log, diag, diagonal, norm = rows("sum log diag diagonal norm")
cholesky, solve, logdet = row("cholesky"), row("solve"), row("logdet")


def _part(x: Node) -> Node:
    """The symmetric part, which is what `cholesky` reads."""
    return (x + x.mT) / 2


def _half_logdet(x: Node) -> Node:
    return F.logdet(_part(x)) / 2


def _quadratic(x: Node, y: Node) -> Node:
    return y @ F.solve(_part(x), y)


def _vector(y: Node, **_: Node) -> bool:
    return y.ndim == 1


whitened = solve(cholesky(x, upper=False), y)
CHOLESKY = [  # for positive definite matrices, without which there is no factor
    total(log(diag(cholesky(x)))) >> _half_logdet,  # prod L[i,i]^2 = det(L L')
    total(log(diagonal(cholesky(x)))) >> _half_logdet,
    (total(whitened**2) >> _quadratic).when(_vector),  # |inv(L) y|^2 = y' inv(L L') y
    (norm(whitened, p=2) ** 2 >> _quadratic).when(_vector),
    (whitened @ whitened >> _quadratic).when(_vector),
    (-whitened @ whitened >> (lambda x, y: -_quadratic(x, y))).when(_vector),
    ((c * whitened) @ whitened >> (lambda x, y, c: c * _quadratic(x, y))).when(_vector),
]


def textbook(root: Node) -> tuple[Node, tuple[str, ...]]:
    """`root` with derived rows as textbooks have them, and the conditions under which it is equal
    to it."""
    conditions: dict[str, None] = {}
    done: dict[Node, Node] = {}
    for node in walk([root]):
        same = rebuild(node, [done[a] for a in node.args]) if node.args else node
        if node.op.textbook is not None:
            shown = node.op.textbook.formula(*same.args, **dict(same.attrs))
            if shown is not same.op.expand(same):
                conditions[node.op.textbook.where] = None
                same = shown
        found = (rule.apply(same) for rule in CHOLESKY if rule.pattern.row == same.op.name)
        done[node] = next((made for made in found if made is not None), same)
    return done[root], tuple(conditions)


def unguarded(root: Node) -> Node:
    """`root` without the guards of rules: equal to it but at the points guarded."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        same = rebuild(node, [done[a] for a in node.args]) if node.args else node
        done[node] = SHOWN[same.op.name](same) if same.op.name in SHOWN else same
    return done[root]


def isolated(root: Node) -> Node:
    """`root` with every guarded quotient as a product: x*where(n == 0, 0, 1/n)."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        same = rebuild(node, [done[a] for a in node.args]) if node.args else node
        if same.op.name == "where" and _shown(same) is not same and same.args[2].op.name == "div":
            above, below = same.args[2].args
            made = above * F.where(same.args[0], 0, 1 / below)
            same = made if made.shape == same.shape else same
        done[node] = _chosen_product(same) if same.op.name == "multiply_no_nan" else same
    return done[root]


def _chosen_product(node: Node) -> Node:
    """p*where(m, 0, g), which is 0 where m holds or g is 0 whatever p is, as where(m, 0, p*g)."""
    p, g = node.args
    masks: list[tuple[Node, bool]] = []
    while g.op.name == "where" and any(is_constant(branch, 0) for branch in g.args[1:]):
        masks.append((g.args[0], is_constant(g.args[1], 0)))
        g = g.args[2 if masks[-1][1] else 1]
    plain = _plain(g).op.name == "constant"
    made = p * g if plain else F.multiply_no_nan(p, g)
    for mask, zero in reversed(masks):
        made = F.where(mask, 0, made) if zero else F.where(mask, made, 0)
    return made if (masks or plain) and made.shape == node.shape else node


def _unclamped(node: Node) -> Node:
    """clamp(norm(x), min=1e-8) is norm(x), where that is not next to nothing."""
    least = node.args[-1]
    lengthy = _plain(node.args[0]).op.name == "norm" and node.attr("given") == ("min",)
    return node.args[0] if lengthy and _next_to_nothing(least) else node


def _next_to_nothing(node: Node) -> bool:
    return is_constant(node) and 0 <= node.attr("value") <= NEXT_TO_NOTHING


def _shown(node: Node) -> Node:
    condition, special, usual = node.args
    if condition.op.name == "ge" and is_constant(usual, 0):
        long = _plain(condition.args[0]).op.name == "norm" and _next_to_nothing(condition.args[1])
        return special if long else node
    if condition.op.name == "logical_and" and is_constant(special, 0):
        both = [_zero_of(part) for part in condition.args]  # where(x == 0 == y, 0, x/y), of xlogy
        return usual if usual.op.name == "div" and list(usual.args) == both else node
    if condition.op.name != "eq":
        return node
    u, v = condition.args
    if is_constant(special, 0.5) and usual.op.name in ("gt", "lt") and set(usual.args) == {u, v}:
        a, b = usual.args if usual.op.name == "gt" else usual.args[::-1]
        step = F.heaviside(a - b, 0.5)  # where(x == y, 1/2, x > y), of finite numbers
        return step if step.shape == node.shape and node.kind == "float" else node
    if is_constant(special, 0) and is_constant(v, 0) and not is_constant(u):
        return usual if _from_a_rule(u, usual) else node  # where(u == 0, 0, f) = f, u not 0
    return node


def _zero_of(condition: Node) -> Node | None:
    """What is compared with 0."""
    if condition.op.name == "eq" and is_constant(condition.args[1], 0):
        return condition.args[0]
    return None


def _from_a_rule(u: Node, usual: Node) -> bool:
    """Whether the guard is that of a norm or std, or of a power with an exponent that varies."""
    u = _plain(u)
    if u.op.name in ("norm", "hypot", "std"):
        return True
    if usual.op.name == "mul" and usual.args[0].op.name == "sign":
        return usual.args[0].args[0] is u  # of a norm of another order
    for f in walk([usual]):
        if f.op.name == "pow" and not is_constant(f.args[1]):
            base, exponent = f.args
            if u is _plain(base) or any(u is _plain(part) for part in walk([exponent])):
                return True
    return False


def _plain(node: Node) -> Node:
    """A node without the axes that were only added to it."""
    while node.op.name in ("unsqueeze", "broadcast_to"):
        node = node.args[0]
    return node


def _compared(node: Node) -> Node:
    """Whether one of two is the larger (the smaller), nan or not: x > y, of numbers."""
    x, y = node.args
    if y.op.name in ("maximum", "minimum") and x in y.args:
        other = y.args[0] if y.args[1] is x else y.args[1]
        return (F.gt if y.op.name == "maximum" else F.lt)(x, other)
    return F.eq(x, y)


SHOWN = {"where": _shown, "clamp": _unclamped, "same": _compared}
