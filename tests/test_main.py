"""Where the program does not run, it says so before anything else."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("platform", ["darwin", "win32", "freebsd14"])
def test_on_another_system_every_command_is_refused_before_it_imports_anything(
    platform: str,
) -> None:
    text = (
        "import sys; from pfocr_rdf.__main__ import run\n"
        f"before = set(sys.modules); sys.platform = {platform!r}; sys.argv = ['pfocr-rdf', '-h']\n"
        "try: run()\n"
        "finally: print(set(sys.modules) - before, 'fcntl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "set() False\n")
    assert done.stderr == (
        f"error: pfocr-rdf runs on Linux only, and this is {platform}: run it in a container or a "
        "virtual machine with Linux\n"
    )
