"""The suite runs on the oldest release of each supported Python that a machine has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.interpreters import ask, find_interpreters, oldest_of_each, supported_versions

THIS_RELEASE = "{}.{}.{}".format(*sys.version_info)


def says(path: Path, answer: str) -> Path:
    """Write a program that answers as an interpreter does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{answer}\n", "utf-8")
    path.chmod(0o755)
    return path


def test_each_python_that_the_classifiers_name_is_supported() -> None:
    assert "3.11" in supported_versions()
    assert ".".join(map(str, sys.version_info[:2])) in supported_versions()


def test_of_each_minor_version_the_oldest_release_is_taken_and_the_oldest_comes_first() -> None:
    found = [("3.12.10", "/a"), ("3.12.9", "/b"), ("3.11.7", "/c"), ("3.9.1", "/d"), ("3.11.2", "/e"), ("3.11.2", "/f")]
    taken = oldest_of_each(found, frozenset({"3.11", "3.12", "3.13"}))
    assert list(taken.items()) == [("3.11.2", "/e"), ("3.12.9", "/b")]


def test_an_interpreter_is_found_on_path_with_pyenv_with_uv_and_where_it_is_said_to_be(tmp_path: Path) -> None:
    says(tmp_path / "bin/python3", "echo 3.11.2 /on-path")
    says(tmp_path / "bin/python3-config", "echo 3.11.1 /no-python")
    says(tmp_path / ".pyenv/versions/3.12.1/bin/python3", "echo 3.12.1 /pyenv")
    says(tmp_path / ".local/share/uv/python/cpython-3.13/bin/python3", "echo 3.13.0 /uv")
    environ = {"HOME": str(tmp_path), "PATH": f"{tmp_path}/none:{tmp_path}/bin"}
    told = says(tmp_path / "opt/python", "echo 3.14.0 /told")
    assert find_interpreters(environ, [told]) == {
        "3.11.2": "/on-path",
        "3.12.1": "/pyenv",
        "3.13.0": "/uv",
        "3.14.0": "/told",
    }


@pytest.mark.parametrize("answer", ["exit 1", "true", "echo 3.12.1 /x; exit 127"])
def test_what_is_no_python_with_venv_is_left_out(tmp_path: Path, answer: str) -> None:
    assert ask(says(tmp_path / "python3", answer)) is None
    assert ask(tmp_path / "missing") is None


def test_the_python_of_this_suite_says_its_release() -> None:
    assert ask(Path(sys.executable)) == (THIS_RELEASE, sys.executable)


def test_a_machine_without_a_supported_python_is_told_so_and_fails(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(["HOME", "PATH", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"], str(tmp_path))
    code = [sys.executable, "-m", "tests.support.interpreters"]
    done = subprocess.run(code, capture_output=True, text=True, env={**os.environ, **nowhere}, check=False)  # noqa: S603 - ourselves
    assert (done.returncode, done.stdout) == (1, "")
    assert "no Python of 3.11" in done.stderr
