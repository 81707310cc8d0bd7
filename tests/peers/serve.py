"""Runs the other scripts of this folder one after another: loading PyTorch takes longer than most of them.

Each line of standard input is a JSON list [SCRIPT, ARGUMENT, ...]. The answer is a line of JSON: what the script printed, or
null where it failed; then standard error says why. A first answer, "ready", says that PyTorch is there.
"""
import contextlib
import importlib.util
import io
import json
import os
import runpy
import sys
import traceback

if any(importlib.util.find_spec(name) is None for name in ("numpy", "torch")):
    sys.exit(1)
import exchange  # loads PyTorch


def answer(text):
    print(json.dumps(text), flush=True)


answer("ready")
for line in sys.stdin:
    script, *sys.argv[1:] = json.loads(line)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(os.path.join(os.path.dirname(__file__), script), run_name="__main__")
        answer(printed.getvalue())
    except Exception:
        traceback.print_exc()
        answer(None)
