#!/usr/bin/env python3
"""Prints which file of a Rust crate imports from which, a pair a line, for tsort and grep.

    imports.py SRC      pairs of files below SRC, tests left out

A path leads to the file of the longest module that it names. What a mod.rs or lib.rs names of its own
modules is no import: it only puts them together.
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
files = {}
for path in root.rglob("*.rs"):
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[-1] in ("mod", "lib", "main"):
        parts.pop()
    if "tests" not in parts and parts != ["testing"]:
        files.setdefault(tuple(parts), path)


def trees(text, prefix=()):
    """The paths of a use tree."""
    text = text.strip()
    brace = text.find("{")
    if brace < 0:
        yield prefix + tuple(part.strip() for part in text.split("::"))
        return
    prefix += tuple(part.strip() for part in text[:brace].split("::") if part.strip())
    depth, start = 0, brace + 1
    for at in range(brace, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
        if depth == 0 or (depth == 1 and text[at] == ","):
            if text[start:at].strip():
                yield from trees(text[start:at], prefix)
            start = at + 1


def module(path, own):
    """The module that a path leads to, as seen from the module `own`."""
    own = list(own)
    names = list(path)
    if names[0] == "crate":
        own, names = [], names[1:]
    elif names[0] == "self":
        names = names[1:]
    elif names[0] == "super":
        while names and names[0] == "super":
            own, names = own[:-1], names[1:]
    else:
        return None
    while names and tuple(own + names[:1]) in files:
        own, names = own + names[:1], names[1:]
    return tuple(own)


for own, path in sorted(files.items()):
    text = path.read_text()
    text = re.sub(r"//.*", "", text)
    text = re.split(r"#\[cfg\(test\)\]\s*mod tests", text)[0]
    found = set()
    for tree in re.findall(r"\buse\s+([^;]+);", text):
        found.update(module(names, own) for names in trees(tree))
    for names in re.findall(r"\b((?:crate|super)(?:::\w+)+)", text):
        found.add(module(names.split("::"), own))
    for other in sorted(found - {None, own}):
        below = other[: len(own)] == own
        if other in files and not (below and path.name in ("mod.rs", "lib.rs", "main.rs")):
            print(path.relative_to(root), files[other].relative_to(root))
