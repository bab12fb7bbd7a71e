#!/usr/bin/env python3
"""Whether the crates keep to deny.toml, without network and without cargo-deny.

    cargo metadata ... | licences.py deny.toml

Prints what does not: licences that are not allowed, sources that are not named, dependencies without a version.
"""
import json
import re
import sys
import tomllib


def allowed(expression, licences):
    """Whether an SPDX expression can be met; `/` is an old way to write OR."""
    words = re.findall(r"\(|\)|[^\s()/]+|/", expression)
    at = 0

    def alternatives():
        nonlocal at
        value = together()
        while at < len(words) and words[at] in ("OR", "/"):
            at += 1
            other = together()
            value = value or other
        return value

    def together():
        nonlocal at
        value = one()
        while at < len(words) and words[at] == "AND":
            at += 1
            other = one()
            value = value and other
        return value

    def one():
        nonlocal at
        word = words[at]
        at += 1
        if word == "(":
            value = alternatives()
            at += 1
            return value
        if at < len(words) and words[at] == "WITH":
            word += " WITH " + words[at + 1]
            at += 2
        return word in licences

    return alternatives()


def main():
    with open(sys.argv[1], "rb") as file:
        rules = tomllib.load(file)
    registries = ["registry+" + name for name in rules["sources"]["allow-registry"]]
    exceptions = {entry["name"]: entry["allow"] for entry in rules["licenses"]["exceptions"]}
    packages = json.load(sys.stdin)["packages"]
    for package in packages:
        name = f"{package['name']} {package['version']}"
        licences = rules["licenses"]["allow"] + exceptions.get(package["name"], [])
        if not allowed(package["license"] or "none", licences):
            print(f"{name}: licence {package['license']}")
        if package["source"] is not None and package["source"] not in registries:
            print(f"{name}: source {package['source']}")
        for dependency in package["dependencies"]:
            if package["source"] is None and dependency["req"] == "*" and not dependency.get("path"):
                print(f"{name}: any version of {dependency['name']}")
    if len(packages) < 2:
        print("no packages")


main()
