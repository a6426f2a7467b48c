"""Runs each client library against emulators of its own: `run.py PROGRAM [LIBRARY]...`.

PROGRAM is a built `crmlink-emulators`; LIBRARY is a part of a script's name. Exits with 1 if one of the libraries saw
something else than it would see at the real services. CRMLINK_CONTRACTS, if set, has all calls checked against the
vendors' contracts; what does not fit them is shown and is no failure, since the libraries make calls that crmlink
never makes.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent


def run(program, script):
    with tempfile.TemporaryDirectory() as folder:
        addresses = pathlib.Path(folder, "addresses.json")
        emulators = subprocess.Popen(
            [program, "--world", HERE / "world.yaml", "--addresses-file", addresses,
             "--ca-file", pathlib.Path(folder, "ca.pem")],
            stderr=subprocess.PIPE,
        )
        try:
            while not addresses.exists():
                if emulators.poll() is not None:
                    sys.exit(emulators.stderr.read().decode())
                time.sleep(0.01)
            # Whatever a library keeps between runs, it keeps it here.
            environment = dict(os.environ, HOME=folder, XDG_CACHE_HOME=folder, PYTHONDONTWRITEBYTECODE="1")
            code = subprocess.run([sys.executable, script, addresses], cwd=folder, env=environment).returncode
            control = json.loads(addresses.read_text())["control"]
            with urllib.request.urlopen(f"{control}/contracts") as answer:
                violations = json.load(answer)["violations"]
            odd = {(row["direction"], row["method"], row["path"], row["pointer"], row["reason"]) for row in violations}
            for row in sorted(odd):
                print("not in the contract:", " ".join(row))
            return code
        finally:
            emulators.terminate()
            emulators.wait()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, wanted = sys.argv[1], sys.argv[2:]
    failed = []
    for script in sorted(HERE.glob("with_*.py")):
        if wanted and not any(name in script.name for name in wanted):
            continue
        print(f"== {script.name}", flush=True)
        if run(program, script) != 0:
            failed.append(script.name)
    print(f"== failed: {', '.join(failed)}" if failed else "== all well")
    sys.exit(1 if failed else 0)


main()
