"""What the command line says when something is wrong: one file per message, read as prose.

A snapshot is a command, what stands on its standard input, and what it prints on standard error.
With GRADCALC_UPDATE_SNAPSHOTS=1 the files are written instead of compared.
"""

import os
import shlex
from pathlib import Path

import numpy as np
import pytest

SNAPSHOTS = Path(__file__).parent / "snapshots"

COMMANDS = {
    # the command line
    "no_verb": ["x*x", "x=3"],
    "verb_misspelt": ["evla", "x*x"],
    "option_unknown": ["eval", "x*x", "x=3", "--jsno"],
    "option_unknown_before_the_verb": ["--verison"],
    "option_short_unknown": ["eval", "mean(x)", "x=3", "-j"],
    "option_short_unknown_first": ["eval", "-j", "mean(x)", "x=3"],
    "completion_for_no_shell": ["completion", "fsh"],
    "option_without_value": ["eval", "x*x", "x=3", "--wrt", "--json"],
    "option_choice": ["eval", "x*x", "x=3", "--dtype", "float8"],
    "option_number": ["eval", "x*x", "x=3", "--max-elements", "many"],
    "option_number_too_small": ["eval", "x*x", "x=3", "--seed", "-1"],
    "option_precision": ["eval", "x*x", "x=3", "--precision", "0"],
    "option_flag_with_value": ["eval", "x*x", "x=3", "--json=yes"],
    "option_for_streams": ["diff", "x*x", "--keep", "id"],
    "options_exclude_each_other": ["eval", "x*x", "x=3", "--no-grad", "--jacobian"],
    "wrt_unknown": ["eval", "weight*x", "x=3", "weight=1", "--wrt", "wieght"],
    "wrt_empty": ["eval", "x*x", "x=3", "--wrt", "x,"],
    "only_unknown": ["eval", "x*x", "x=3", "--only", "grad"],
    "only_unknown_inside": ["eval", "x*x", "x=3", "--only", "grads.y"],
    "expression_missing": ["eval"],
    "expression_not_quoted": ["eval", "x", "*", "x", "x=3"],
    "expression_after_bindings": ["eval", "x=3", "x*x"],
    "output_ending": ["eval", "x*x", "x=3", "-o", "result.txt"],
    "output_folder_missing": ["eval", "x*x", "x=3", "-o", "missing/result.json"],
    "output_npy_of_many": ["eval", "x*y", "x=3", "y=2", "--only", "grads", "-o", "a.npy"],
    # the expression
    "derivative_by_a_number": ["eval", "grad(x**2, 2)", "x=[1,2]"],
    "file_without_a_name": ["eval", "x*x", "x=@"],
    "hessian_not_scalar": ["eval", "x*2", "x=[1,2]", "--hessian"],
    "name_of_pytorch": ["eval", "torch.nn.Linear(x)", "x=2"],
    "prefix_of_a_library": ["eval", "F.relu(x)", "x=2"],
    "prefix_taken_for_a_tensor": ["diff", "sum(nn.functional.softmax(x, dim=0)*y)", "x:3", "y:3"],
    "shape_of_brackets": ["diff", "sum(x)", "x:[3,4]"],
    "bracket_never_closed": ["eval", "mean(x*x", "x=3"],
    "number_before_name": ["eval", "2x", "x=3"],
    "caret": ["eval", "x^2", "x=3"],
    "function_misspelt": ["eval", "maen(x)", "x=3"],
    "keyword_unknown": ["eval", "sum(x, dmi=0)", "x=[1,2]"],
    "shapes_matmul": ["eval", "x @ w", "x=[[1,2],[3,4],[5,6]]", "w=[1,1,1]"],
    "shapes_broadcast": ["eval", "x + y", "x=[[1,2,3],[4,5,6]]", "y=[1,2,3,4]"],
    "axis_unknown": ["eval", "sum(x, dim=2)", "x=[[1,2],[3,4]]"],
    "tensor_for_an_axis": ["eval", "sum(max(x, y))", "x=[1,2]", "y=[2,1]"],
    "tensors_without_brackets": ["eval", "sum(cat(x, y))", "x=[1,2]", "y=[2,1]"],
    "indices_too_many": ["eval", "x[0, 1]", "x=[1,2,3]"],
    "size_too_large_to_count": ["eval", "zeros(10**30)"],
    "size_from_a_large_tensor": ["eval", "zeros(sum(ones(100000, 100000)))"],
    "whole_number_too_large": ["eval", "10000000000*10000000000*x", "x=1"],
    "result_not_scalar": ["eval", "x*2", "x=[1,2,3]"],
    "result_not_float": ["eval", "x > 1", "x=2"],
    "gradient_of_another_shape": ["eval", "x*2", "x=[1,2,3]", "--gradient", "[1,2]"],
    "gradient_not_a_tensor": ["eval", "x*2", "x=[1,2,3]", "--gradient", "[1,null]"],
    # bindings
    "name_unbound": ["eval", "x*yy", "x=3"],
    "names_unbound": ["eval", "x*y + z", "x=3"],
    "name_bound_twice": ["eval", "x*x", "x=1", "x=2"],
    "name_not_used": ["eval", "weight*2", "wieght=3"],
    "name_is_a_constant": ["eval", "e*x", "x=3", "e=2"],
    "shape_only": ["eval", "sum(x)", "x:3"],
    "value_missing": ["eval", "x*x", "x="],
    "value_not_constant": ["eval", "x*y", "x=2", "y=2*x"],
    "value_is_a_file_name": ["eval", "x*x", "x=table.csv"],
    "value_not_an_expression": ["eval", "x*x", "x=[1,2"],
    "value_with_a_mistake": ["eval", "x*x", "x=ones(2) @ ones(3)"],
    "value_boolean": ["eval", "x*x", "x=1 > 0"],
    "value_ragged": ["eval", "sum(x)", "x=[[1,2],[3]]"],
    "value_string": ["eval", "sum(x)", 'x=[1,"2"]'],
    "value_null": ["eval", "sum(x)", "x=[1,null]"],
    "value_too_large": ["eval", "x", "x=1e400"],
    "value_too_large_for_float32": ["eval", "x", "x=1e39", "--dtype", "float32"],
    "value_true": ["eval", "sum(x)", "x=[true,1]"],
    "value_object": ["eval", "sum(x)", 'x={"a":1}'],
    "value_too_deep": ["eval", "sum(x)", "x=" + "[" * 65 + "]" * 65],
    # files
    "file_missing": ["eval", "x*x", "x=@missing.json"],
    "file_of_another_kind": ["eval", "x*x", "x=@notes.txt"],
    "file_npy_with_objects": ["eval", "sum(x)", "x=@objects.npy"],
    "file_npz_with_several": ["eval", "sum(x)", "x=@several.npz"],
    "file_csv_with_text": ["eval", "sum(x)", "x=@table.csv"],
    "file_json_ragged": ["eval", "sum(x)", "x=@ragged.json"],
    # streams and checks
    "keep_what_answers_have": ["eval", "x*x", "--jsonl", "--keep", "value"],
    "stream_into_a_file": ["eval", "x*x", "--jsonl", "-o", "a.json"],
    "check_nothing": ["check", "1 + 1"],
    "check_no_such_variable": ["check", "x*x", "x=3", "--expect-grad", "y=3"],
    "check_no_such_report": ["check", "x*x", "x=3", "--report", "jnit"],
    "check_update_without_suite": ["check", "x*x", "x=3", "--update"],
    "suite_missing": ["check", "-f", "missing.toml"],
    "suite_without_checks": ["check", "-f", "none.toml"],
    "suite_not_toml": ["check", "-f", "broken.toml"],
    "suite_member_misspelt": ["check", "-f", "misspelt.toml"],
    "suite_no_such_check": ["check", "-f", "good.toml", "--only", "squre"],
    # numbers
    "not_finite": ["eval", "sum(log(x))", "x=[1,0]", "--finite"],
    "slope_not_finite": ["eval", "sum(sqrt(x))", "x=[1,0]", "--finite"],
    "too_many_entries": ["eval", "ones(1000000, 1000000)"],
}

STREAMS = {
    "stdin_empty": (["eval", "x*x"], b""),
    "stdin_blank": (["eval", "x*x"], b" \n"),
    "stdin_one_tensor_for_two_names": (["eval", "x*y"], b"[1,2]"),
    "stdin_without_the_name": (["eval", "x*y", "y=2"], b'{"X": 3, "id": 7}'),
    "stdin_not_json": (["eval", "sum(x)"], b"[1, 2\n"),
    "stdin_trailing": (["eval", "sum(x)"], b"[1, 2]\n[3, 4]\n"),
    "stdin_key_twice": (["eval", "sum(x)"], b'{"x": 1,\n "x": 2}'),
    "stdin_ragged": (["eval", "sum(x)"], b'{"x": [[1, 2],\n       [3]]}'),
    "stdin_not_utf8": (["eval", "sum(x)"], b'{"x": "\xff"}'),
}

SETTINGS = {  # with this in gradcalc.toml
    "setting_unknown": "precison = 4  # digits\n",
    "setting_unknown_for_the_verb": "[eval]\nformat = 'latex'\n",
    "setting_with_a_wrong_value": "color = 'auto'\nprecision = 40\n",
    "setting_with_a_wrong_choice": "[eval]\ncolor = 'blue'\n",
    "setting_not_toml": "color = auto\n",
    "setting_of_the_question": "wrt = 'x'\n",
}
VARIABLES = {
    "variable_unknown": ("GRADCALC_PRECISON", "4"),
    "variable_with_a_wrong_value": ("GRADCALC_COLOR", "blue"),
}


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "several.npz", a=np.ones(2), b=np.ones(3))
    (tmp_path / "table.csv").write_text("a,b\n1,2\n3,four\n")
    (tmp_path / "ragged.json").write_text("[[1, 2, 3],\n [4, 5, 6],\n [7, 8]]\n")
    (tmp_path / "notes.txt").write_text("1\n")
    (tmp_path / "none.toml").write_text("[check.a]\nexpr = 'x'\n")
    (tmp_path / "broken.toml").write_text("[checks.a]\nexpr = x\n")
    (tmp_path / "misspelt.toml").write_text("[checks.a]\nexpr = 'x'\ninput.x = 1\n")
    (tmp_path / "good.toml").write_text("[checks.square]\nexpr = 'x*x'\ninputs.x = 1\n")


def check(name, text):
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("GRADCALC_UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("name", [*COMMANDS, *STREAMS])
def test_message(gradcalc, name):
    words, stdin = STREAMS.get(name) or (COMMANDS[name], b"")
    run = gradcalc(*words, stdin=stdin)
    assert run.out == ""
    command = "$ gradcalc " + shlex.join(words)
    if stdin:
        command += f" <<< {shlex.quote(stdin.decode(errors='backslashreplace'))}"
    check(name, f"{command}\n\n{run.err}[exit {run.code}]\n")
    assert not any(word in run.err for word in ("Traceback", "__ANON", "Error", "Exception"))


@pytest.mark.parametrize("name", [*SETTINGS, *VARIABLES])
def test_message_about_a_setting(gradcalc, name, tmp_path, monkeypatch):
    if name in SETTINGS:
        (tmp_path / "gradcalc.toml").write_text(SETTINGS[name])
        said = f"printf {SETTINGS[name]!r} > gradcalc.toml"
    else:
        monkeypatch.setenv(*VARIABLES[name])
        said = "export " + "=".join(VARIABLES[name])
    run = gradcalc("eval", "x*x", "x=3")
    check(name, f"$ {said}\n$ gradcalc eval x*x x=3\n\n{run.err}[exit {run.code}]\n")


def test_every_snapshot_belongs_to_a_test():
    known = {*COMMANDS, *STREAMS, *SETTINGS, *VARIABLES, "tutorial"}
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == known
