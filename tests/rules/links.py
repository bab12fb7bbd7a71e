"""Links of Markdown files that lead nowhere: to a file that is not there, or to a heading that is not in it.

    links.py FILE...
"""

import os
import re
import sys

CODE = re.compile(r"^```.*?^```", re.M | re.S)


def anchors(path):
    """The names of a file's headings, as forges make them."""
    with open(path, encoding="utf-8") as file:
        text = CODE.sub("", file.read())
    titles = re.findall(r"^#+ +(.*?) *$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", t)).strip().lower().replace(" ", "-") for t in titles}


for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        text = re.sub(r"`[^`\n]*`", "", CODE.sub("", file.read()))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        if not os.path.exists(path):
            print(f"{name}: {target} is not there")
        elif anchor and path.endswith(".md") and anchor not in anchors(path):
            print(f"{name}: {path} has no heading #{anchor}")
