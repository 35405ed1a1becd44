"""The verbs, and what is said of all of them: in the pages of help and in the manual page."""

DESCRIPTION = "Differentiate expressions over tensors: value, gradient and derivation."

VERBS = {  # a module each, imported when called
    "eval": "Value, gradients, and how they come about.",
    "diff": "The gradient as a formula, from shapes alone.",
    "simplify": "The closed form of an expression.",
    "check": "Gradients against finite differences or expected values; suites.",
    "run": "A program in the style of autograd tutorials.",
    "repl": "The same language, live.",
    "graph": "The computational graph, as a tree or a picture.",
    "functions": "Every function: signature, rule, kinks, example.",
    "explain": "What an error code means, and how to fix it.",
    "completion": "Completion for bash, zsh and fish, functions included.",
    "man": "The manual page.",
}

SMALL = {"diff", "simplify", "functions"}  # verbs that compute with small tensors alone

EXIT_CODES = {
    "0": "done",
    "1": "ran to the end, but a check or a record failed",
    "2": "usage: an unknown option, a file that cannot be read",
    "3": "the expression is wrong whatever the data: syntax, unknown function",
    "4": "expression and data do not fit, or the data are wrong: shapes, JSON",
    "5": "a NaN or an infinity with --finite, or linear algebra that fails",
    "70": "a bug in gradcalc",
    "130": "interrupted (Ctrl-C)",
    "141": "nobody reads the output any more",
}

EXAMPLES = """\
\b
Examples:
  gradcalc eval 'mean(x*x)' x='[[1,2],[3,4]]'
  gradcalc eval 'mean((X @ w - y)**2)' X=@X.npy w='zeros(3)' y=@y.csv --wrt w
  echo '{"x": [1, 2]}' | gradcalc eval 'sum(exp(x))' --json | jq .grads
  eval "$(gradcalc completion bash)"

"""
