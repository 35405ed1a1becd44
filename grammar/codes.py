"""Every error code: what it means, an example that shows it, how to fix it, and its exit status.

The families: G0 the command line, G1 the expression whatever the data, G2 data and bindings,
G3 shapes, G4 differentiation, G5 numbers that are not finite, G6 limits, G7 checks that failed,
G9 gradcalc itself.
A code keeps its meaning for ever; one that is no longer used is not given away again.
"""

from __future__ import annotations

from typing import NamedTuple

FAILED, USAGE, EXPRESSION, DATA, NONFINITE, INTERNAL = 1, 2, 3, 4, 5, 70


class Code(NamedTuple):
    """One row of the table that ``gradcalc explain`` prints."""

    title: str
    exit: int
    explanation: str


# fmt: off
CODES: dict[str, Code] = {
    # the command line
    "G001": Code("unknown option", USAGE, """\
No option of this command has that name. A word that starts with two minus signs is
always taken for an option, never for data, so that a typing mistake cannot pass
unnoticed:
    gradcalc eval 'x*x' x=3 --jsno
Write the option that the message suggests, or look it up in `gradcalc eval --help`.
"""),
    "G002": Code("a file cannot be read", USAGE, """\
A value was given as `@file`, or a file with `-f`, and the file is not there or may not
be read:
    gradcalc eval 'x*x' x=@missing.json
Check the path; a relative one starts at the current folder.
"""),
    "G003": Code("an option has a value it does not take", USAGE, """\
The option exists, but not with this value; the message lists the values it takes:
    gradcalc eval 'x*x' x=3 --dtype float8
Options that take a name of a variable want one that occurs in the expression.
"""),
    "G004": Code("an argument is neither an expression nor a binding", USAGE, """\
After the expression come bindings, NAME=VALUE or NAME:SHAPE, and options. This argument
is none of these; most often the shell has split an expression at its spaces:
    gradcalc eval x * x x=3
Put the whole expression, and every value, into single quotes: 'x * x'.
"""),
    "G005": Code("a file cannot be written", USAGE, """\
The file given with `-o` cannot be written, or its ending is not one of .json, .npy and
.npz:
    gradcalc eval 'x*x' x=3 -o result.txt
Results are written completely or not at all: an older file of that name is still intact.
"""),
    "G006": Code("nothing to check", USAGE, """\
No check was found where they were looked for, or `--only` leaves none of them. A job that
checks nothing would succeed for ever, so this is an error:
    gradcalc check -f checks/ --only 'no such name'
A suite is a .toml or .json file with a table `checks`; folders are searched for them.
"""),
    "G007": Code("a suite of checks that cannot be used", USAGE, """\
The file is not TOML or JSON, or a check in it lacks `expr` or has a member that is not
known:
    [checks.square]
    expr = "mean(x*x)"
    inputs = { x = [1, 2] }
    grads = { x = [1, 2] }
The other members are `value`, `wrt`, `gradient`, `rtol`, `atol` and `seed`.
"""),
    "G008": Code("a library that is not installed", USAGE, """\
A few commands need a library that the others do not, and that is therefore an extra:
    gradcalc repl
The message says how to install it.
"""),
    "G009": Code("a setting that cannot be used", USAGE, """\
Options of taste and policy have defaults in a file gradcalc.toml, or in the table
[tool.gradcalc] of pyproject.toml; the message marks what is wrong there:
    printf 'precison = 4\\n' > gradcalc.toml; gradcalc eval 'x*x' x=3
They are named as on the command line, without the minus signs (`max-elements = 1000`); a
table such as [tool.gradcalc.diff] is for one command. In the environment it is
GRADCALC_MAX_ELEMENTS=1000. `--isolated` leaves both aside.
"""),
    # the expression, whatever the data
    "G101": Code("a bracket is never closed", EXPRESSION, """\
The text ends, or a different bracket closes, while a bracket is still open:
    gradcalc eval 'mean(x*x' x='[1,2]'
The message marks both ends: where the bracket was opened, and where it should be closed.
"""),
    "G102": Code("something else belongs here", EXPRESSION, """\
The text is well-formed up to the mark, but cannot go on like this; the message says what
can stand there:
    gradcalc eval 'x + * y' x=1 y=2
Often an operand or an operator is missing just before the mark.
"""),
    "G103": Code("a number and a name side by side", EXPRESSION, """\
There is no implicit multiplication, because `2x`, `x y` and `2(x)` have been read in
different ways by different programs, and gradcalc never guesses:
    gradcalc eval '2x' x=3
Write the multiplication: `2*x`.
"""),
    "G104": Code("`^` is not an operator", EXPRESSION, """\
In Python `^` is not power but "exclusive or", in other languages it is power; gradcalc
has neither:
    gradcalc eval 'x^2' x=3
Write `x**2`. Matrix powers are `matrix_power(X, 2)`, elementwise ones `X**2`.
"""),
    "G105": Code("a character that means nothing here", EXPRESSION, """\
The language uses letters, digits and the ASCII punctuation of Python. Text copied from a
document often has other signs that look the same, or invisible ones:
    gradcalc eval 'x − 1' x=3
Type the sign that the message names; invisible characters are shown spelled out.
"""),
    "G106": Code("Python that is not part of the language", EXPRESSION, """\
The language is the part of Python that computes with tensors. Statements, conditions,
loops and definitions are not in it:
    gradcalc eval 'x if x > 0 else 0' x=3
Choose entry by entry with `where(x > 0, x, 0)`; combine conditions with `*` (and) and
`maximum` (or); spell a loop out, or use a reduction such as `sum`.
"""),
    "G107": Code("a string is never closed", EXPRESSION, """\
A string starts with a quote and ends with the same quote on the same line:
    gradcalc eval "einsum('ij->i, x)" x='[[1,2]]'
If the quote is there in what you typed, the shell has taken it: use one kind of quotes
around the expression and the other kind inside.
"""),
    "G108": Code("nothing to evaluate", EXPRESSION, """\
The text is empty, or holds only comments, or ends with an assignment to a name where a
value is asked for:
    gradcalc eval ''
Write an expression; in a program, the last statement is the result.
"""),
    "G109": Code("brackets nested too deep", EXPRESSION, """\
Brackets may be nested 10,000 deep. A text beyond that is a slip of whatever wrote it:
    gradcalc eval "$(printf '(%.0s' $(seq 20000))"
Chains of operators may be as long as you like. Name the inner parts: `a = ...; f(a)`.
"""),
    "G110": Code("no function of this name", EXPRESSION, """\
A name followed by `(` is a function, and this one is not known:
    gradcalc eval 'maen(x)' x='[1,2]'
`gradcalc functions` lists all of them, with the spellings of NumPy and of PyTorch.
A variable before a bracket is not multiplied with it: write `a*(b + c)`.
"""),
    "G111": Code("the function has no such keyword", EXPRESSION, """\
The function is known, but takes no argument of that name:
    gradcalc eval 'sum(x, along=0)' x='[1,2]'
`gradcalc functions sum` shows its signature. `axis` and `keepdims` are understood wherever
`dim` and `keepdim` are.
"""),
    "G112": Code("too many or too few arguments", EXPRESSION, """\
The function takes a different number of arguments, or the same one was given twice, once
by position and once by name:
    gradcalc eval 'where(x > 0, x)' x=3
`gradcalc functions where` shows its signature.
"""),
    "G113": Code("an argument of the wrong kind", EXPRESSION, """\
Some arguments are tensors; others are fixed when the expression is read, such as an axis,
a shape, a flag or a mode, and cannot depend on data:
    gradcalc eval 'sum(x, dim="rows")' x='[1,2]'
`gradcalc functions sum` shows what each argument is.
"""),
    "G114": Code("no attribute or method of this name", EXPRESSION, """\
After a dot come `T`, `mT`, `shape`, `ndim`, or any function of the language, whose first
argument is then the value before the dot:
    gradcalc eval 'x.shpe' x='[1,2]'
`x.mean()` is the same as `mean(x)`. The modules `np`, `numpy` and `torch` may stand
before a function. Tensors of a script for `run` have the attributes of PyTorch's; there are
no optimisers and no layers.
"""),
    "G115": Code("this cannot be assigned to", EXPRESSION, """\
To the left of `=` stands a name, or entries of one:
    gradcalc eval 'x + 1 = y; y' x=3
Write `y = x + 1`, or `y[0] = x`. If a comparison was meant, it is written `==`.
"""),
    "G116": Code("this is not a variable", EXPRESSION, """\
A derivative is taken with respect to a variable, so the second argument of `grad`,
`jacobian`, `hessian`, `jvp`, `vjp` and `hvp` is a name:
    gradcalc eval 'grad(x**2, 2*x)' x=3
Give the inner expression a name first: `u = 2*x; grad(u**2/4, u)`.
"""),
    "G117": Code("an argument has a value it cannot have", EXPRESSION, """\
The argument is of the right kind, but this value has no meaning for the function:
    gradcalc eval 'mse_loss(x, y, reduction="avg")' x='[1,2]' y='[3,4]'
The message lists the values that have one; so does `gradcalc functions mse_loss`.
"""),
    "G118": Code("lines that are indented wrongly", EXPRESSION, """\
In a program for `gradcalc run`, the lines of a block begin below each other, further right
than the line with the colon, and no other line is indented:
    printf 'x = 1\\n  y = 2\\n' | gradcalc run -
Use spaces or tabs, but the same in all lines.
"""),
    "G119": Code("a module that there is not", EXPRESSION, """\
In a program for `gradcalc run`, imports give names to the modules of the language, and load
nothing: torch with its parts, numpy and math:
    echo 'import matplotlib' | gradcalc run -
Leave the line out, together with those that use the module.
"""),
    # data and bindings
    "G201": Code("a name without a value", DATA, """\
The expression uses a name that is neither a constant nor bound to a value:
    gradcalc eval 'x*y' x=3
Bind it on the command line (`y=2`, `y='[1,2]'`, `y=@file.json`), assign it in the
expression (`y = 2; x*y`), or send it as JSON to standard input.
"""),
    "G202": Code("rows of different lengths", DATA, """\
A tensor is rectangular: at each depth, all lists have the same length:
    gradcalc eval 'sum(x)' x='[[1,2],[3]]'
The message names the first row that differs. Pad the short rows, or bind them as
separate names.
"""),
    "G203": Code("a string where a number belongs", DATA, """\
Tensors hold numbers. Of all strings only "NaN", "Infinity" and "-Infinity" are read as
such, which JSON cannot write otherwise:
    gradcalc eval 'sum(x)' x='[1,"2"]'
Remove the quotes, with jq for example: `jq 'map(tonumber)'`.
"""),
    "G204": Code("null where a number belongs", DATA, """\
A null is a missing value, and gradcalc does not guess what it stands for:
    gradcalc eval 'sum(x)' x='[1,null]'
Leave the entry out, or write the number that is meant; "NaN" if it shall be not-a-number.
"""),
    "G205": Code("true or false among numbers", DATA, """\
A tensor that is given is made of numbers; true and false are not taken for 1 and 0:
    gradcalc eval 'sum(x)' x='[true,1]'
Write 1 and 0. In the expression `m != 0` makes a mask of them, as `where` wants it.
"""),
    "G206": Code("a number too large for a float", DATA, """\
The number is beyond the largest float (about 1.8e308 for float64, 3.4e38 for float32) and
would silently become infinite:
    gradcalc eval 'x' x=1e400
Scale the data, or write "Infinity" if that is what is meant.
"""),
    "G207": Code("the same key twice", DATA, """\
A JSON object binds each name once. With a key given twice, programs disagree on which
one counts:
    echo '{"x": 1, "x": 2}' | gradcalc eval 'x*x'
Remove one of them.
"""),
    "G208": Code("lists nested too deep", DATA, """\
Data may be nested 64 deep, which is as many axes as an array can have:
    gradcalc eval 'x' x="$(printf '[%.0s' $(seq 65))"
A tensor of n axes has n levels of brackets: `[[1,2],[3,4]]` is a matrix.
"""),
    "G209": Code("not JSON", DATA, """\
The data cannot be read as JSON; the mark stands where reading stopped:
    echo '[1,2' | gradcalc eval 'sum(x)'
Frequent reasons: a comma or bracket missing or too many, single quotes instead of double
ones, a comment. With `--jsonl`, every line is a document of its own. A value on the command
line may be an expression of numbers, too, and this is none.
"""),
    "G210": Code("standard input is empty", DATA, """\
A name of the expression is not bound on the command line, so its value was expected on
standard input, where nothing came:
    gradcalc eval 'x*x' < /dev/null
Bind the name (`x=3`), or check the command before the pipe.
"""),
    "G211": Code("a .npy or .npz file that is not accepted", DATA, """\
The file is damaged, or holds something other than numbers. Arrays of Python objects are
never loaded, because loading them can run any code:
    gradcalc eval 'sum(x)' x=@objects.npy
Save numbers: `np.save(file, np.asarray(x, dtype=float))`. Of several arrays in one .npz,
choose one with `x=@file.npz:key`.
"""),
    "G212": Code("not a table of numbers", DATA, """\
A .csv file is read as a matrix: one row per line, numbers separated by commas, the same
count in every row, and at most one line of column titles:
    gradcalc eval 'sum(x)' x=@table.csv
The message names the line and the column that do not fit.
"""),
    "G213": Code("not UTF-8", DATA, """\
Text is read as UTF-8, whatever the locale; these bytes are something else:
    printf '\\377' | gradcalc eval 'x'
Convert the file: `iconv -f latin1 -t utf-8 file`. If it is a binary file, its name needs
the ending .npy or .npz.
"""),
    "G214": Code("a name bound twice", DATA, """\
The same name has two values on the command line, and neither wins:
    gradcalc eval 'x*x' x=1 x=2
Remove one of them. A name given on the command line is not taken from standard input.
"""),
    "G215": Code("a value that is not constant", DATA, """\
The value of a binding is JSON, or an expression of numbers and functions that there are; it
cannot refer to other names:
    gradcalc eval 'x*y' x=2 y='2*x'
Assign it in the expression instead: `y = 2*x; x*y`. A file is written `@file`.
"""),
    "G216": Code("a name that the expression does not use", DATA, """\
A value was bound to a name that does not occur in the expression; most often one of the
two is misspelt:
    gradcalc eval 'x*x' x=3 z=4
Remove the binding, or correct the name.
"""),
    "G217": Code("an object where a tensor belongs", DATA, """\
A tensor is written as a number or as nested lists. An object binds names, at the top level
of a document only:
    gradcalc eval 'sum(x)' x='{"a": 1}'
Pick the part that is meant, with jq for example, or send the object to standard input.
"""),
    "G218": Code("a record that does not say what to compute", DATA, """\
A record of a stream lacks a member that says what to compute, or has one of another kind. With
`-` in place of the expression, each brings its own, a string that is called `expr`:
    echo '{"x": 3}' | gradcalc eval - --jsonl
Write it into the record, as in `{"expr": "x*x", "x": 3}`, or on the command line for all of
them. Records of `diff` have their `shapes` in a table; those of `check` are as in a suite.
"""),
    "G219": Code("an operation that these values do not allow", DATA, """\
A program for `gradcalc run` came to a step that Python would refuse as well: a division by
zero, an index that is not there, a text where a number belongs:
    echo 'print(1 // 0)' | gradcalc run -
The message begins with what Python calls it; `except` catches it under that name.
"""),
    # shapes
    "G301": Code("a matrix product of shapes that do not fit", DATA, """\
`A @ B` multiplies the rows of A with the columns of B: the last axis of A has to be as long
as the last but one of B (or as the only one, for a vector):
    gradcalc eval 'X @ w' X='[[1,2],[3,4],[5,6]]' w='[1,2,3]'
Often one of them wants a transpose: `X.T @ w`. Scalars are multiplied with `*`.
"""),
    "G302": Code("shapes that do not broadcast", DATA, """\
Entry by entry, shapes are aligned at their last axis; two sizes fit if they are equal or
one of them is 1:
    gradcalc eval 'x + y' x='[[1,2,3],[4,5,6]]' y='[1,2]'
Add an axis of size 1 where one is missing: a value per row is `y[:, None]`.
"""),
    "G303": Code("no such axis", DATA, """\
A tensor of n axes has the axes 0 to n-1, or counted from the end -1 to -n:
    gradcalc eval 'sum(x, dim=2)' x='[[1,2],[3,4]]'
A vector has one axis only, and a scalar has none. An axis may also not be named twice.
"""),
    "G304": Code("a reshape that changes the number of entries", DATA, """\
The sizes of the new shape have to multiply out to the number of entries there are; one of
them may be -1, which is then worked out:
    gradcalc eval 'reshape(x, (2, 2))' x='[1,2,3]'
To repeat entries use `broadcast_to` or `tile`.
"""),
    "G305": Code("an index out of range", DATA, """\
An axis of size n has the entries 0 to n-1, or counted from the end -1 to -n:
    gradcalc eval 'x[3]' x='[1,2,3]'
Slices such as `x[1:5]` stop at the end of the axis by themselves.
"""),
    "G306": Code("the matrix is not square", DATA, """\
`inv`, `det`, `trace`, `solve`, `cholesky`, `matrix_power` and the like are for matrices with
as many rows as columns:
    gradcalc eval 'det(X)' X='[[1,2,3],[4,5,6]]'
For other matrices there are `pinv(X)` and `X.T @ X`.
"""),
    "G307": Code("more indices than axes", DATA, """\
Each index takes one axis of the tensor, and there are more of them than axes:
    gradcalc eval 'x[0, 1]' x='[1,2,3]'
`None` adds an axis and takes none; `...` stands for all axes not mentioned.
"""),
    "G308": Code("a gradient of the wrong shape", DATA, """\
The gradient that is handed in (`--gradient`, or v in `vjp(f, x, v)`) has the shape of the
result; the direction in `jvp(f, x, v)` and `hvp(f, x, v)` has the shape of x:
    gradcalc eval 'x*2' x='[1,2,3]' --gradient '[1,1]'
It says how much each entry counts; all equally is `ones`.
"""),
    "G309": Code("the wrong number of axes", DATA, """\
The function is for a certain number of axes, such as matrices or vectors only:
    gradcalc eval 'trace(x)' x='[1,2,3]'
Add an axis with `x[:, None]` or `unsqueeze`, remove one with `squeeze`, or select one.
"""),
    "G310": Code("shapes that have to agree do not", DATA, """\
Tensors that are joined have the same shape (`stack`), or the same but for the axis along
which they are joined (`concat`):
    gradcalc eval 'stack([x, y])' x='[1,2]' y='[1,2,3]'
Slice or `pad` them to the same size, or join them along another axis.
"""),
    "G311": Code("an einsum that does not fit its operands", DATA, """\
In `einsum('ij,jk->ik', A, B)` there is one group of letters per operand, one letter per axis,
and a letter means the same size everywhere:
    gradcalc eval "einsum('ij,jk->ik', A, B)" A='[[1,2]]' B='[[1,2]]'
Each letter after the arrow occurs before it, once.
"""),
    "G312": Code("nothing to choose from", DATA, """\
The largest, the smallest or the middle one of no entries at all does not exist:
    gradcalc eval 'max(x)' x='[]'
Sums and products of nothing do: 0 and 1. Add an entry to fall back on, `cat([x, [0]])`.
"""),
    # differentiation
    "G401": Code("the result is not a scalar", DATA, """\
A gradient says how one number depends on the data; this result has several:
    gradcalc eval 'x*2' x='[1,2,3]'
Make one number of them (`sum(x*2)`), or weigh the entries (`--gradient '[1,1,1]'`). `eval`
can also be asked for all slopes (`--jacobian`), or for the value alone (`--no-grad`).
"""),
    "G402": Code("no derivative is known for this function", EXPRESSION, """\
gradcalc has no rule for this step, and does not pretend that its slope is zero.
`gradcalc functions NAME` shows the rule of every function that has one.
Use `detach(...)` around the step if it shall count as a constant, `--wrt` to leave out the
variables that pass through it, or `--no-grad` for the value alone.
"""),
    "G403": Code("a result that is not a float has no gradient", DATA, """\
Integers and booleans jump; a comparison, `argmax` or a count has no slope anywhere:
    gradcalc eval 'sum(x > 0)' x='[1,-2]'
Use `--no-grad` for the value, or a smooth stand-in: `sigmoid` for a step, `softmax` for
`argmax`.
"""),
    "G404": Code("a derivative that cannot be asked for like this", DATA, """\
A Hessian belongs to a scalar result, a Jacobian to one result and one variable, and
`--gradient` to a single product with the Jacobian:
    gradcalc eval 'hessian(x*2, x)' x='[1,2,3]'
The message says which of them does not fit, and what does.
"""),
    "G405": Code("a value was overwritten that a gradient needs", DATA, """\
The rule of some operation needs a tensor as it was when the operation ran, and it has been
changed in place since:
    echo 'x=ones(2, requires_grad=True); y=x+1; z=y*y; y+=1; sum(z).backward()' | gradcalc run -
Write `y = y + 1`, which makes a new tensor, in place of `y += 1`.
"""),
    "G406": Code("a graph that has been freed", DATA, """\
`backward()` frees what it goes through, so it can go through only once:
    echo 'x=torch.ones(1,requires_grad=True);y=x*x;y.backward();y.backward()' | gradcalc run -
Compute the result again, or write `backward(retain_graph=True)` the first time.
"""),
    "G407": Code("a leaf that requires grad cannot be changed in place", DATA, """\
Its gradient is asked for at the value it has; changing it would lose that value:
    echo 'x = torch.ones(2, requires_grad=True); x += 1' | gradcalc run -
A step of gradient descent is taken within `with torch.no_grad():`, or on `x.data`.
"""),
    "G408": Code("nothing that requires grad", DATA, """\
The result does not depend on any tensor that requires grad, so there is no way back:
    echo 'x = torch.ones(2); x.sum().backward()' | gradcalc run -
Make the tensor with `requires_grad=True`, and do not compute the result within `no_grad`.
"""),
    # numbers that are not finite
    "G501": Code("a value or gradient that is not finite", NONFINITE, """\
A NaN or an infinity came up. With `--finite` that is an error, otherwise a warning; the
message names the first step where it happened:
    gradcalc eval 'log(x)' x=0 --finite
Keep the argument inside the domain (`log(clamp(x, min=1e-12))`), or use a function made
for the purpose, such as `xlogy`, `logsumexp` or `log1p`.
"""),
    "G502": Code("a singular matrix", NONFINITE, """\
The matrix has no inverse, or the computation did not converge:
    gradcalc eval 'inv(X)' X='[[1,2],[2,4]]'
Add a little to the diagonal (`X + 1e-6*eye(2)`), or use `pinv`. A matrix for `cholesky` is
symmetric, and positive definite.
"""),
    # limits
    "G601": Code("too many entries", DATA, """\
A step would make a tensor of more entries than `--max-elements` allows. It is refused before
any memory is taken:
    gradcalc eval 'ones(1000000, 1000000)'
Raise the limit if you mean it; otherwise look for an outer product or a broadcast that was
not intended.
"""),
    "G602": Code("too many operations", DATA, """\
The expression, with the derivatives in it, has more operations than are allowed. Higher
derivatives grow quickly: each `grad` around an expression makes it several times as long.
Differentiate fewer times, give shared parts a name, or use `jvp` and `hvp`, which need no
complete matrix of derivatives.
"""),
    "G603": Code("too many steps", DATA, """\
A program for `gradcalc run` has run more statements than `--max-steps` allows:
    printf 'while True:\\n  pass\\n' | gradcalc run - --max-steps 1000
Look for a loop that does not end, or raise the limit.
"""),
    "G604": Code("a record that is too long", DATA, """\
A stream is read line by line, and a line may have 256 MiB. One that is longer is not held in
memory but read past; it is answered by this error, and the next line is read as usual:
    yes 0, | tr -d '\\n' | head -c 300000000 | gradcalc eval 'sum(x)' --jsonl
Most often the line breaks between records are missing. Large tensors belong into files:
`x=@x.npy`.
"""),
    "G605": Code("a process was killed", DATA, """\
One of the processes of `--jobs` has gone without an answer. Most often the system has killed
it because memory was short:
    gradcalc eval 'sum(inv(A))' --jsonl --jobs 8 < matrices.jsonl
Use fewer processes or smaller records. What was written before is right, in whole lines.
"""),
    # checks that failed
    "G701": Code("a value is not the expected one", FAILED, """\
An entry is further off than `atol + rtol*|expected|`, or the shapes differ:
    gradcalc check 'mean(x*x)' x='[1,2]' --expect-value 2.4
The entries that are too far off by the largest factor are listed first. If the new value is
right, accept it in a suite with `--update`.
"""),
    "G702": Code("a gradient is not the expected one", FAILED, """\
An entry is further off than `atol + rtol*|expected|`, or the shapes differ:
    gradcalc check 'mean(x*x)' x='[1,2]' --expect-grad x='[1,3]'
Finite differences say who is right, where they can: not at a kink, where the slopes on both
sides differ, nor at the edge of the domain.
"""),
    "G703": Code("a gradient and finite differences disagree", FAILED, """\
The gradient is further from finite differences than their own error explains. Where the
function is smooth this is a bug in gradcalc: please report it. It can also come from
a function that is rough on the scale of the step, or from `detach`, which declares a slope
to be zero that is not; the message says so where there is one.
"""),
    # gradcalc itself
    "G900": Code("a bug in gradcalc", INTERNAL, """\
gradcalc failed in a way that its authors did not foresee; nothing in the expression or in
the data excuses that.
The details were written to the file that the message names. Please report them together
with the command.
"""),
}
