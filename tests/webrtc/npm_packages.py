"""The packages of package.json, installed into the build folder once, and again when package.json changes."""

import pathlib
import shutil
import subprocess

LIST = pathlib.Path(__file__).resolve().parent / "package.json"
INSTALL_SECONDS = 300
# No script of theirs runs: a browser is there already, and the library is in its package.
INSTALL = ["npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--no-update-notifier"]


class NotInstalled(Exception):
    """Says why, and what to do."""


def install(folder):
    """The folder of the modules."""
    wanted, noted = LIST.read_text(encoding="utf-8"), folder / "installed.json"
    if noted.exists() and noted.read_text(encoding="utf-8") == wanted:
        return folder / "node_modules"
    for program, package in (("node", "nodejs"), ("npm", "npm")):
        if shutil.which(program) is None:
            raise NotInstalled(f"{program} is not installed (package {package})")
    folder.mkdir(parents=True, exist_ok=True)
    noted.unlink(missing_ok=True)
    shutil.copy(LIST, folder / "package.json")
    run = subprocess.run(INSTALL, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, timeout=INSTALL_SECONDS)
    if run.returncode != 0:
        raise NotInstalled(f"npm could not install what {LIST.name} lists: {run.stdout[-600:]}")
    noted.write_text(wanted, encoding="utf-8")
    return folder / "node_modules"
