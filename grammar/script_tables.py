"""What lark makes of gradcalc.lark and script.lark: written by `make tables`, not by hand."""

# ruff: noqa: E501
# fmt: off
from .lalr import Tables

TABLES = Tables(
    terminals=(
        ('F_STRING', '(?s:[fF]("""(\\\\.|[^\\\\])*?"""|\'\'\'(\\\\.|[^\\\\])*?\'\'\'|\'([^\'\\\\\r\n]|\\\\.)*\'|"([^"\\\\\r\n]|\\\\.)*"))'),
        ('LONG_STRING', '(?s:"""(\\\\.|[^\\\\])*?"""|\'\'\'(\\\\.|[^\\\\])*?\'\'\')'),
        ('AUGMENTED', '(\\+|-|\\*\\*?|\\/\\/?|%|@)='),
        ('POWER', '\\*\\*'),
        ('NUMBER', '(?:\\.[0-9](_?[0-9])*|[0-9](_?[0-9])*(?:\\.)?(?:[0-9](_?[0-9])*)?)(?:[eE][+-]?[0-9](_?[0-9])*)?'),
        ('NAME', '[^\x00-@\\[-\\^`{-\x7f][^\x00-\\/:-@\\[-\\^`{-\x7f]*'),
        ('STRING', '\'([^\'\\\\\r\n]|\\\\.)*\'|"([^"\\\\\r\n]|\\\\.)*"'),
        ('__IGNORE_2', '#[^\r\n]*'),
        ('__IGNORE_0', '[ \t\x0c]+'),
        ('__IGNORE_1', '\\\\(\r\n|\r|\n)'),
        ('CONSTANT', '\\.\\.\\.'),
        ('BITWISE', '&&?|\\|\\|?|~|<<|>>'),
        ('COMPARISON', '[<>=!]=|[<>]'),
        ('FACTOR', '\\/\\/|[*\\/%@]'),
        ('_NEWLINE', '\r\n|\r|\n'),
        ('WALRUS', ':='),
        ('BRACE', '[{}]'),
        ('SIGN', '[+-]'),
        ('ASSIGN', '='),
        ('CARET', '\\^'),
        ('COLON', ':'),
        ('LPAR', '\\('),
        ('LSQB', '\\['),
        ('RPAR', '\\)'),
        ('RSQB', '\\]'),
        ('_COMMA', ','),
        ('_DOT', '\\.'),
        ('_SEMICOLON', ';'),
        ('UNCLOSED', '\'[^\'\r\n]*|"[^"\r\n]*'),
        ('OTHER', '.'),
    ),
    ignored=(
        "__IGNORE_0", "__IGNORE_1", "__IGNORE_2",
    ),
    rules=(
        ("___arguments_star_2", 2, "", (1,)), ("___arguments_star_2", 3, "", (-1, 2)),
        ("___indices_star_3", 2, "", (1,)), ("___indices_star_3", 3, "", (-1, 2)),
        ("___items_star_1", 2, "", (1,)), ("___items_star_1", 3, "", (-1, 2)), ("___line_star_5", 2,
        "", (-2,)), ("___line_star_5", 3, "", (-1, -3)), ("__comparison_plus_14", 3, "", (-1, 1,
        2)), ("__comparison_plus_14", 2, "", (0, 1)), ("__conjunction_plus_13", 2, "", (0, 1)),
        ("__conjunction_plus_13", 3, "", (-1, 1, 2)), ("__disjunction_plus_12", 2, "", (0, 1)),
        ("__disjunction_plus_12", 3, "", (-1, 1, 2)), ("__for_star_10", 2, "", (1,)),
        ("__for_star_10", 3, "", (-1, 2)), ("__if_star_9", 4, "", (0, 1, 2, 3)), ("__if_star_9", 5,
        "", (-1, 1, 2, 3, 4)), ("__import_star_7", 2, "", (1,)), ("__import_star_7", 3, "", (-1,
        2)), ("__path_star_8", 2, "", (1,)), ("__path_star_8", 3, "", (-1, 2)), ("__script_star_4",
        2, "", (-1, -2)), ("__script_star_4", 1, "", (-1,)), ("__set_plus_6", 2, "", (0, 1)),
        ("__set_plus_6", 3, "", (-1, 1, 2)), ("__try_plus_11", 2, "", (-1, 1)), ("__try_plus_11", 1,
        "", (0,)), ("_arguments", 1, "", (0,)), ("_arguments", 2, "", (0,)), ("_arguments", 2, "",
        (0, -2)), ("_arguments", 3, "", (0, -2)), ("_indices", 1, "", (0,)), ("_indices", 2, "",
        (0,)), ("_indices", 2, "", (0, -2)), ("_indices", 3, "", (0, -2)), ("_items", 1, "", (0,)),
        ("_items", 2, "", (0,)), ("_items", 2, "", (0, -2)), ("_items", 3, "", (0, -2)), ("_line",
        2, "", (-1,)), ("_line", 3, "", (-1,)), ("_line", 3, "", (-1, -2)), ("_line", 4, "", (-1,
        -2)), ("_small", 1, "", (0,)), ("_small", 1, "", (0,)), ("_small", 1, "", (0,)), ("_small",
        1, "", (0,)), ("_small", 1, "", (0,)), ("_small", 1, "", (0,)), ("_step", 1, "", (-1,)),
        ("_step", 1, "", (0,)), ("_step", 1, "", (0,)), ("_step", 1, "", (0,)), ("_step", 1, "",
        (0,)), ("_step", 1, "", (0,)), ("_to", 1, "", (0,)), ("_to", 2, "", (0, 1)), ("argument", 3,
        "argument", (0, 1, 2)), ("argument", 1, "argument", (0,)), ("atom", 1, "constant", (0,)),
        ("atom", 1, "formatted", (0,)), ("atom", 1, "text", (0,)), ("atom", 2, "tuple", (0, 1)),
        ("atom", 3, "group", (0, 1, 2)), ("atom", 4, "tuple", (0, 1, 3)), ("atom", 5, "tuple", (0,
        1, -4, 4)), ("atom", 2, "list", (0, 1)), ("atom", 3, "list", (0, -2, 2)), ("atom", 1,
        "name", (0,)), ("atom", 1, "number", (0,)), ("atom", 1, "text", (0,)), ("block", 4, "block",
        (-3,)), ("block", 1, "block", (-1,)), ("comparator", 1, "comparator", (0,)), ("comparator",
        1, "comparator", (0,)), ("comparator", 1, "comparator", (0,)), ("comparator", 2,
        "comparator", (0, 1)), ("comparator", 2, "comparator", (0, 1)), ("comparison", 1, "", (0,)),
        ("comparison", 2, "compare", (0, -2)), ("conjunction", 1, "", (0,)), ("conjunction", 2,
        "every", (0, -2)), ("disjunction", 1, "", (0,)), ("disjunction", 2, "either", (0, -2)),
        ("do", 1, "do", (0,)), ("embedded", 2, "", (0,)), ("expression", 1, "", (0,)),
        ("expression", 5, "conditional", (0, 1, 2, 3, 4)), ("expressions", 1, "", (0,)),
        ("expressions", 2, "bare_tuple", (0,)), ("expressions", 3, "bare_tuple", (0, -3)), ("for",
        6, "for", (0, 1, 2, 3, 4, 5)), ("for", 7, "for", (0, 1, -3, 3, 4, 5, 6)), ("from", 6,
        "from", (0, 1, 2, 3, 4, 5)), ("from", 7, "from", (0, 1, 2, 3, 4, 6)), ("from", 7, "from",
        (0, 1, 2, 3, 4, -6, 6)), ("from", 8, "from", (0, 1, 2, 3, 4, -6, 7)), ("from", 4, "from",
        (0, 1, 2, 3)), ("from", 5, "from", (0, 1, 2, 3, -5)), ("handler", 3, "handler", (0, 1, 2)),
        ("handler", 6, "handler", (0, 1, 2, 3, 4, 5)), ("handler", 4, "handler", (0, 1, 2, 3)),
        ("if", 4, "if", (0, 1, 2, 3)), ("if", 7, "if", (0, 1, 2, 3, 4, 5, 6)), ("if", 5, "if", (0,
        1, 2, 3, -5)), ("if", 8, "if", (0, 1, 2, 3, -5, 5, 6, 7)), ("import", 2, "import", (0, 1)),
        ("import", 3, "import", (0, 1, -3)), ("index", 1, "slice", (-1,)), ("index", 2, "slice",
        (-1, -2)), ("index", 1, "", (0,)), ("index", 2, "slice", (0, -2)), ("index", 3, "slice", (0,
        -2, -3)), ("module", 1, "module", (0,)), ("module", 3, "module", (0, 1, 2)), ("negation", 2,
        "negated", (0, 1)), ("negation", 1, "", (0,)), ("path", 1, "path", (0,)), ("path", 2,
        "path", (0, -2)), ("postfix", 1, "", (0,)), ("postfix", 3, "call", (0, 1, 2)), ("postfix",
        4, "call", (0, 1, -3, 3)), ("postfix", 4, "subscript", (0, 1, 2, 3)), ("postfix", 3,
        "attribute", (0, 2)), ("power", 1, "", (0,)), ("power", 3, "binary", (0, 1, 2)), ("product",
        3, "binary", (0, 1, 2)), ("product", 1, "", (0,)), ("script", 0, "script", ()), ("script",
        1, "script", (-1,)), ("set", 2, "set", (0, -2)), ("signed", 2, "unary", (0, 1)), ("signed",
        1, "", (0,)), ("simple", 1, "simple", (0,)), ("simple", 1, "simple", (0,)), ("simple", 1,
        "simple", (0,)), ("subscript", 1, "", (0,)), ("subscript", 2, "indices", (0,)),
        ("subscript", 3, "indices", (0, -3)), ("sum", 1, "", (0,)), ("sum", 3, "binary", (0, 1, 2)),
        ("try", 4, "try", (0, 1, 2, -4)), ("update", 3, "update", (0, 1, 2)), ("while", 4, "while",
        (0, 1, 2, 3)), ("with", 4, "with", (0, 1, 2, 3)), ("with", 5, "with", (0, 1, -3, 3, 4)),
    ),
    follows=(
        "$END", "_NEWLINE _SEMICOLON",
        "AND AS ASSIGN AUGMENTED COLON COMPARISON ELSE FACTOR IF IN IS LPAR LSQB NOT OR POWER RPAR RSQB SIGN _COMMA _DOT _NEWLINE _SEMICOLON",
        "$END BREAK CONSTANT CONTINUE FOR FROM F_STRING IF IMPORT LONG_STRING LPAR LSQB NAME NOT NUMBER PASS SIGN STRING TRY WHILE WITH _DEDENT",
        "AND AS ASSIGN AUGMENTED COLON ELSE IF OR RPAR RSQB _COMMA _NEWLINE _SEMICOLON",
        "AS ASSIGN AUGMENTED COLON ELSE IF RPAR RSQB _COMMA _NEWLINE _SEMICOLON",
        "AS ASSIGN AUGMENTED COLON RPAR RSQB _COMMA _NEWLINE _SEMICOLON",
        "ASSIGN _NEWLINE _SEMICOLON",
        "AS ASSIGN AUGMENTED COLON ELSE IF OR RPAR RSQB _COMMA _NEWLINE _SEMICOLON",
        "AND AS ASSIGN AUGMENTED COLON COMPARISON ELSE FACTOR IF IN IS NOT OR RPAR RSQB SIGN _COMMA _NEWLINE _SEMICOLON",
        "AND AS ASSIGN AUGMENTED COLON COMPARISON ELSE IF IN IS NOT OR RPAR RSQB SIGN _COMMA _NEWLINE _SEMICOLON",
        "ASSIGN COLON _NEWLINE _SEMICOLON", "AS IMPORT RPAR _COMMA _NEWLINE _SEMICOLON",
        "RPAR _COMMA _NEWLINE _SEMICOLON", "ASSIGN COLON RPAR RSQB _NEWLINE _SEMICOLON",
        "$END BREAK CONSTANT CONTINUE ELIF ELSE EXCEPT FOR FROM F_STRING IF IMPORT LONG_STRING LPAR LSQB NAME NOT NUMBER PASS SIGN STRING TRY WHILE WITH _DEDENT",
        "CONSTANT F_STRING LONG_STRING LPAR LSQB NAME NUMBER SIGN STRING",
        "AND COMPARISON FACTOR IF IN IS LPAR LSQB NOT OR POWER RPAR SIGN _COMMA _DOT", "RPAR",
        "RPAR _COMMA", "COLON RSQB _COMMA", "RSQB _COMMA", "RSQB",
        "AND AS ASSIGN AUGMENTED COLON COMPARISON ELSE IF IN IS NOT OR RPAR RSQB _COMMA _NEWLINE _SEMICOLON",
        "IN _COMMA", "AS IMPORT RPAR _COMMA _DOT _NEWLINE _SEMICOLON",
        "ASSIGN COLON RPAR RSQB _COMMA _NEWLINE _SEMICOLON",
        "$END BREAK CONSTANT CONTINUE EXCEPT FOR FROM F_STRING IF IMPORT LONG_STRING LPAR LSQB NAME NOT NUMBER PASS SIGN STRING TRY WHILE WITH _DEDENT",
        "$END BREAK CONSTANT CONTINUE ELIF ELSE FOR FROM F_STRING IF IMPORT LONG_STRING LPAR LSQB NAME NOT NUMBER PASS SIGN STRING TRY WHILE WITH _DEDENT",
    ),
    shifts=(
        {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FOR": 5, "FROM": 6, "F_STRING": 7, "IF": 8,
        "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15,
        "PASS": 16, "SIGN": 17, "STRING": 18, "TRY": 19, "WHILE": 20, "WITH": 21, "__script_star_4":
        22, "_line": 23, "_small": 24, "_step": 25, "atom": 26, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "do": 30, "expression": 31, "expressions": 32, "for": 33, "from": 34,
        "if": 35, "import": 36, "negation": 37, "postfix": 38, "power": 39, "product": 40, "script":
        41, "set": 42, "signed": 43, "simple": 44, "sum": 45, "try": 46, "update": 47, "while": 48,
        "with": 49}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12,
        "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27,
        "conjunction": 28, "disjunction": 29, "embedded": 50, "expression": 51, "expressions": 52,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {},
        {"NAME": 53}, {"NAME": 54, "path": 55}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 56,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"NAME": 54, "module": 57, "path": 58}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "RPAR": 59, "SIGN": 17,
        "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29,
        "expression": 60, "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43,
        "sum": 45}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12,
        "NAME": 13, "NOT": 14, "NUMBER": 15, "RSQB": 61, "SIGN": 17, "STRING": 18, "_items": 62,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 63,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "negation": 64,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"CONSTANT": 3,
        "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NUMBER": 15, "SIGN":
        17, "STRING": 18, "atom": 26, "postfix": 38, "power": 39, "signed": 65}, {"COLON": 66},
        {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "expression": 67, "negation": 37, "postfix": 38, "power": 39, "product":
        40, "signed": 43, "sum": 45}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11,
        "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 68, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"BREAK": 2,
        "CONSTANT": 3, "CONTINUE": 4, "FOR": 5, "FROM": 6, "F_STRING": 7, "IF": 8, "IMPORT": 9,
        "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "PASS": 16,
        "SIGN": 17, "STRING": 18, "TRY": 19, "WHILE": 20, "WITH": 21, "_line": 23, "_small": 24,
        "_step": 69, "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30,
        "expression": 31, "expressions": 32, "for": 33, "from": 34, "if": 35, "import": 36,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43,
        "simple": 44, "sum": 45, "try": 46, "update": 47, "while": 48, "with": 49}, {"_NEWLINE": 70,
        "_SEMICOLON": 71, "___line_star_5": 72}, {"OR": 73, "__disjunction_plus_12": 74}, {"IF":
        75}, {"AUGMENTED": 76, "_COMMA": 77}, {"ASSIGN": 78, "__set_plus_6": 79}, {"AND": 80,
        "__conjunction_plus_13": 81}, {"LPAR": 82, "LSQB": 83, "POWER": 84, "_DOT": 85}, {"FACTOR":
        86}, {"COMPARISON": 87, "IN": 88, "IS": 89, "NOT": 90, "SIGN": 91, "__comparison_plus_14":
        92, "comparator": 93}, {"_COMMA": 77}, {"_NEWLINE": 94}, {"IN": 95, "_COMMA": 96,
        "__for_star_10": 97}, {"_DOT": 98, "__path_star_8": 99}, {"IMPORT": 100}, {"COLON": 101},
        {"_COMMA": 102, "__import_star_7": 103}, {"AS": 104}, {"RPAR": 105, "_COMMA": 106}, {"RSQB":
        107}, {"_COMMA": 108, "___items_star_1": 109}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4,
        "FROM": 6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME":
        13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line":
        111, "_small": 24, "atom": 26, "block": 112, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import": 36,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43,
        "simple": 44, "sum": 45, "update": 47}, {"COLON": 113}, {"COLON": 114, "_COMMA": 115,
        "___items_star_1": 116}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6, "F_STRING":
        7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER":
        15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 117, "_small": 118, "atom": 26,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression": 31,
        "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix": 38, "power": 39,
        "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update": 47}, {"_NEWLINE":
        119, "_SEMICOLON": 120}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11,
        "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26,
        "comparison": 27, "conjunction": 121, "negation": 37, "postfix": 38, "power": 39, "product":
        40, "signed": 43, "sum": 45}, {"OR": 122}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 123, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"CONSTANT": 3,
        "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER":
        15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "expression": 51, "expressions": 124, "negation": 37, "postfix": 38,
        "power": 39, "product": 40, "signed": 43, "sum": 45}, {"CONSTANT": 3, "F_STRING": 7,
        "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17,
        "STRING": 18, "_items": 125, "atom": 26, "comparison": 27, "conjunction": 28, "disjunction":
        29, "expression": 63, "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed":
        43, "sum": 45}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12,
        "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27,
        "conjunction": 28, "disjunction": 29, "expression": 51, "expressions": 126, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"ASSIGN": 127},
        {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "negation": 128,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"AND": 129},
        {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 130,
        "NOT": 14, "NUMBER": 15, "RPAR": 131, "SIGN": 17, "STRING": 18, "_arguments": 132,
        "argument": 133, "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29,
        "expression": 134, "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43,
        "sum": 45}, {"COLON": 135, "CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11,
        "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "_to": 136,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 137,
        "index": 138, "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43,
        "subscript": 139, "sum": 45}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11,
        "LSQB": 12, "NAME": 13, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "postfix": 38,
        "power": 39, "signed": 140}, {"NAME": 141}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING":
        10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26,
        "postfix": 38, "power": 39, "signed": 142}, {"NOT": 143}, {"IN": 144}, {"CONSTANT": 3,
        "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NUMBER": 15, "SIGN":
        17, "STRING": 18, "atom": 26, "postfix": 38, "power": 39, "product": 145, "signed": 43},
        {"COMPARISON": 87, "IN": 88, "IS": 89, "NOT": 90, "comparator": 146}, {"CONSTANT": 3,
        "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NUMBER": 15, "SIGN":
        17, "STRING": 18, "atom": 26, "postfix": 38, "power": 39, "product": 40, "signed": 43,
        "sum": 147}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12,
        "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27,
        "conjunction": 28, "disjunction": 29, "expression": 51, "expressions": 148, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"NAME": 149}, {"IN":
        150, "_COMMA": 151}, {"NAME": 152}, {"_DOT": 153}, {"LPAR": 154, "NAME": 54, "module": 155,
        "path": 58}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6, "F_STRING": 7, "IMPORT":
        9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "PASS":
        16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line": 111, "_small": 24, "atom": 26,
        "block": 156, "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30,
        "expression": 31, "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix":
        38, "power": 39, "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update":
        47}, {"NAME": 54, "module": 157, "path": 58}, {"_COMMA": 158}, {"NAME": 159}, {"CONSTANT":
        3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14,
        "NUMBER": 15, "RPAR": 160, "SIGN": 17, "STRING": 18, "_items": 161, "atom": 26,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 63, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"CONSTANT": 3,
        "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER":
        15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "expression": 162, "negation": 37, "postfix": 38, "power": 39, "product":
        40, "signed": 43, "sum": 45}, {"_COMMA": 163}, {"_INDENT": 164}, {"EXCEPT": 165,
        "__try_plus_11": 166, "handler": 167}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6,
        "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line": 111,
        "_small": 24, "atom": 26, "block": 168, "comparison": 27, "conjunction": 28, "disjunction":
        29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import": 36, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45,
        "update": 47}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6, "F_STRING": 7,
        "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15,
        "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line": 111, "_small": 24, "atom":
        26, "block": 169, "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30,
        "expression": 31, "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix":
        38, "power": 39, "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update":
        47}, {"COLON": 170, "_COMMA": 171}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6,
        "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 172, "_small": 173,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression":
        31, "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix": 38, "power": 39,
        "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update": 47}, {"CONSTANT":
        3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14,
        "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 174,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"ELSE": 175}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12,
        "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27,
        "conjunction": 28, "disjunction": 29, "expression": 51, "expressions": 176, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"CONSTANT": 3,
        "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER":
        15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "negation": 177, "postfix": 38,
        "power": 39, "product": 40, "signed": 43, "sum": 45}, {"ASSIGN": 178}, {"RPAR": 179},
        {"_COMMA": 180, "___arguments_star_2": 181}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING":
        10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 182,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"COLON": 135, "_to": 183}, {"COLON": 135, "_to": 184}, {"_COMMA": 185}, {"RSQB": 186},
        {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13,
        "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "postfix": 38, "power": 39, "product":
        40, "signed": 43, "sum": 187}, {"SIGN": 91}, {"COLON": 188}, {"CONSTANT": 3, "F_STRING": 7,
        "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17,
        "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29,
        "expression": 51, "expressions": 189, "negation": 37, "postfix": 38, "power": 39, "product":
        40, "signed": 43, "sum": 45}, {"NAME": 190}, {"NAME": 191}, {"NAME": 54, "module": 192,
        "path": 58}, {"_COMMA": 102, "__import_star_7": 193}, {"ELIF": 194, "ELSE": 195,
        "__if_star_9": 196}, {"NAME": 54, "module": 197, "path": 58}, {"RPAR": 198}, {"CONSTANT": 3,
        "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER":
        15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "expression": 199, "negation": 37, "postfix": 38, "power": 39, "product":
        40, "signed": 43, "sum": 45}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FOR": 5, "FROM":
        6, "F_STRING": 7, "IF": 8, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME":
        13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "TRY": 19, "WHILE": 20,
        "WITH": 21, "__script_star_4": 200, "_line": 23, "_small": 24, "_step": 25, "atom": 26,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression": 31,
        "expressions": 32, "for": 33, "from": 34, "if": 35, "import": 36, "negation": 37, "postfix":
        38, "power": 39, "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "try": 46,
        "update": 47, "while": 48, "with": 49}, {"COLON": 201, "CONSTANT": 3, "F_STRING": 7,
        "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17,
        "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29,
        "expression": 202, "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43,
        "sum": 45}, {"EXCEPT": 165, "handler": 203}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4,
        "FROM": 6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME":
        13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line":
        111, "_small": 24, "atom": 26, "block": 204, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import": 36,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43,
        "simple": 44, "sum": 45, "update": 47}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 205,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "expression": 206, "negation": 37, "postfix": 38, "power": 39, "product":
        40, "signed": 43, "sum": 45}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11,
        "LSQB": 12, "NAME": 130, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "argument": 207,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 134,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"_COMMA": 208}, {"COLON": 135, "_to": 209}, {"COLON": 135, "CONSTANT": 3, "F_STRING": 7,
        "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17,
        "STRING": 18, "_indices": 210, "_to": 136, "atom": 26, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "expression": 137, "index": 211, "negation": 37, "postfix": 38, "power":
        39, "product": 40, "signed": 43, "sum": 45}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4,
        "FROM": 6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME":
        13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line":
        111, "_small": 24, "atom": 26, "block": 212, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import": 36,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43,
        "simple": 44, "sum": 45, "update": 47}, {"COLON": 213}, {"RPAR": 214, "_COMMA": 215,
        "__import_star_7": 216}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11,
        "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "atom": 26,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 217, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45}, {"COLON": 218},
        {"ELIF": 219, "ELSE": 220}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FOR": 5, "FROM": 6,
        "F_STRING": 7, "IF": 8, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13,
        "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "TRY": 19, "WHILE": 20,
        "WITH": 21, "_DEDENT": 221, "_line": 23, "_small": 24, "_step": 69, "atom": 26,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression": 31,
        "expressions": 32, "for": 33, "from": 34, "if": 35, "import": 36, "negation": 37, "postfix":
        38, "power": 39, "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "try": 46,
        "update": 47, "while": 48, "with": 49}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM":
        6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line": 111,
        "_small": 24, "atom": 26, "block": 222, "comparison": 27, "conjunction": 28, "disjunction":
        29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import": 36, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45,
        "update": 47}, {"AS": 223, "COLON": 224}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 130, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18,
        "argument": 225, "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29,
        "expression": 134, "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43,
        "sum": 45}, {"_COMMA": 226, "___indices_star_3": 227}, {"BREAK": 2, "CONSTANT": 3,
        "CONTINUE": 4, "FROM": 6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB":
        12, "NAME": 13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE":
        110, "_line": 111, "_small": 24, "atom": 26, "block": 228, "comparison": 27, "conjunction":
        28, "disjunction": 29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import":
        36, "negation": 37, "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43,
        "simple": 44, "sum": 45, "update": 47}, {"NAME": 54, "RPAR": 229, "module": 157, "path":
        58}, {"RPAR": 230, "_COMMA": 231}, {"COLON": 232}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE":
        4, "FROM": 6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME":
        13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line":
        111, "_small": 24, "atom": 26, "block": 233, "comparison": 27, "conjunction": 28,
        "disjunction": 29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import": 36,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43,
        "simple": 44, "sum": 45, "update": 47}, {"CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 234,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"COLON": 235}, {"NAME": 236}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6,
        "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT":
        14, "NUMBER": 15, "PASS": 16, "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line": 111,
        "_small": 24, "atom": 26, "block": 237, "comparison": 27, "conjunction": 28, "disjunction":
        29, "do": 30, "expression": 31, "expressions": 32, "from": 34, "import": 36, "negation": 37,
        "postfix": 38, "power": 39, "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45,
        "update": 47}, {"COLON": 135, "CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11,
        "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "_to": 136,
        "atom": 26, "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 137,
        "index": 238, "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43,
        "sum": 45}, {"_COMMA": 239}, {"NAME": 54, "RPAR": 240, "module": 197, "path": 58}, {"BREAK":
        2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17,
        "STRING": 18, "_NEWLINE": 110, "_line": 111, "_small": 24, "atom": 26, "block": 241,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression": 31,
        "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix": 38, "power": 39,
        "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update": 47}, {"COLON":
        242}, {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6, "F_STRING": 7, "IMPORT": 9,
        "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "PASS": 16,
        "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line": 111, "_small": 24, "atom": 26, "block":
        243, "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression": 31,
        "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix": 38, "power": 39,
        "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update": 47}, {"COLON":
        244}, {"COLON": 135, "CONSTANT": 3, "F_STRING": 7, "LONG_STRING": 10, "LPAR": 11, "LSQB":
        12, "NAME": 13, "NOT": 14, "NUMBER": 15, "SIGN": 17, "STRING": 18, "_to": 136, "atom": 26,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "expression": 137, "index": 245,
        "negation": 37, "postfix": 38, "power": 39, "product": 40, "signed": 43, "sum": 45},
        {"BREAK": 2, "CONSTANT": 3, "CONTINUE": 4, "FROM": 6, "F_STRING": 7, "IMPORT": 9,
        "LONG_STRING": 10, "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "PASS": 16,
        "SIGN": 17, "STRING": 18, "_NEWLINE": 110, "_line": 111, "_small": 24, "atom": 26, "block":
        246, "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression": 31,
        "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix": 38, "power": 39,
        "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update": 47}, {"BREAK": 2,
        "CONSTANT": 3, "CONTINUE": 4, "FROM": 6, "F_STRING": 7, "IMPORT": 9, "LONG_STRING": 10,
        "LPAR": 11, "LSQB": 12, "NAME": 13, "NOT": 14, "NUMBER": 15, "PASS": 16, "SIGN": 17,
        "STRING": 18, "_NEWLINE": 110, "_line": 111, "_small": 24, "atom": 26, "block": 247,
        "comparison": 27, "conjunction": 28, "disjunction": 29, "do": 30, "expression": 31,
        "expressions": 32, "from": 34, "import": 36, "negation": 37, "postfix": 38, "power": 39,
        "product": 40, "set": 42, "signed": 43, "simple": 44, "sum": 45, "update": 47},
    ),
    states=(
        (0, 129, 0), (1,), (2, 134, 1), (2, 60, 2), (2, 135, 1), (3,), (4,), (2, 61, 2), (5,), (6,),
        (2, 62, 2), (7,), (8,), (2, 69, 2), (9,), (2, 70, 2), (2, 136, 1), (10,), (2, 71, 2), (11,),
        (12,), (13,), (14, 130, 0), (2, 50, 3), (15,), (2, 23, 3), (2, 120, 2), (2, 117, 4), (16,
        83, 5), (17, 87, 6), (2, 44, 1), (18, 89, 7), (19, 85, 1), (2, 51, 3), (2, 45, 1), (2, 52,
        3), (2, 46, 1), (20, 81, 8), (21, 125, 9), (2, 133, 9), (22, 140, 10), (2,), (2, 47, 1), (2,
        128, 9), (2, 48, 1), (23, 79, 4), (2, 53, 3), (2, 49, 1), (2, 54, 3), (2, 55, 3), (2,), (24,
        89, 11), (25,), (26,), (27, 118, 12), (28,), (29,), (30, 107, 1), (31, 114, 13), (2, 63, 2),
        (32,), (2, 67, 2), (33,), (34, 36, 14), (2, 116, 4), (2, 132, 9), (35,), (36,), (37,), (2,
        22, 3), (2, 40, 15), (38,), (39,), (40,), (41, 84, 5), (42,), (43,), (44, 90, 11), (45,),
        (46, 131, 1), (47,), (48, 82, 8), (49,), (50,), (51,), (52,), (53,), (2, 74, 16), (2, 75,
        16), (54, 76, 16), (55,), (56,), (57, 80, 4), (58,), (2, 86, 0), (59,), (60,), (61,), (62,),
        (63, 119, 12), (64,), (65,), (66,), (67, 108, 1), (68,), (2, 64, 2), (69,), (2, 68, 2), (70,
        37, 14), (71, 38, 14), (72,), (2, 73, 15), (73,), (74,), (75,), (70,), (76,), (2, 41, 15),
        (2, 6, 1), (2, 42, 15), (77,), (2, 12, 8), (78,), (79,), (2, 143, 1), (2, 91, 11), (2, 24,
        7), (80,), (2, 10, 4), (81,), (82, 69, 17), (2, 121, 2), (83,), (84, 28, 18), (2, 59, 19),
        (85, 56, 20), (86, 109, 21), (87, 111, 21), (88, 137, 22), (89,), (2, 126, 9), (2, 124, 2),
        (2, 127, 9), (2, 77, 16), (2, 78, 16), (22, 141, 10), (90,), (91, 9, 23), (92,), (2, 14,
        24), (93,), (94,), (2, 20, 25), (95,), (96,), (97, 98, 1), (98, 103, 3), (2, 18, 13), (99,),
        (2, 115, 13), (2, 65, 2), (100,), (2, 4, 26), (101, 39, 14), (102,), (103,), (104, 142, 3),
        (2, 27, 27), (2, 144, 3), (2, 145, 3), (105,), (101,), (2, 43, 15), (2, 7, 1), (2, 13, 8),
        (106,), (2, 25, 7), (2, 11, 4), (107,), (2, 122, 2), (108, 29, 18), (109, 30, 18), (2, 57,
        20), (2, 110, 21), (110, 112, 21), (111, 138, 22), (2, 123, 2), (91, 8, 23), (112,), (113,),
        (2, 15, 24), (2, 21, 25), (114,), (67, 99, 1), (115,), (116,), (117, 105, 3), (2, 19, 13),
        (2, 66, 2), (2, 5, 26), (118,), (119,), (120,), (2, 26, 27), (2, 146, 3), (2, 88, 6), (2,
        58, 19), (2, 0, 19), (121, 31, 18), (2, 113, 21), (2, 139, 22), (122, 32, 22), (2, 92, 3),
        (123,), (2, 94, 1), (124,), (125,), (126,), (127,), (128,), (129,), (2, 72, 15), (2, 100,
        27), (130,), (131,), (2, 1, 19), (132, 33, 22), (133, 34, 22), (2, 93, 3), (2, 95, 1), (2,
        96, 1), (134,), (135,), (2, 104, 3), (136,), (137,), (138,), (2, 102, 27), (2, 2, 21), (139,
        35, 22), (2, 97, 1), (2, 16, 28), (140,), (2, 106, 3), (141,), (2, 3, 21), (2, 17, 28), (2,
        101, 27),
    ),
    starts={"script": (0, 41), "embedded": (1, 50)},
)
