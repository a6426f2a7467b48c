"""Where the emulators listen, and how a difference is told."""

import json
import os
import sys
import urllib.request

TENANT = "11111111-1111-4111-8111-111111111111"
CLIENT = "22222222-2222-4222-8222-222222222222"
SECRET = "s3cret"


class Emulators:
    """The addresses file of a running `crmlink-emulators`, named by the first argument."""

    def __init__(self):
        if len(sys.argv) != 2:
            sys.exit(f"usage: {sys.argv[0]} ADDRESSES_FILE")
        with open(sys.argv[1], encoding="utf-8") as file:
            addresses = json.load(file)
        self.graph = addresses["graph_tls"]
        self.zoho = addresses["zoho_tls"]
        self.control = addresses["control"]
        self.ca_file = os.path.abspath(addresses["ca_file"])
        # The one authority that these libraries trust, each by the variable that it looks at.
        for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            os.environ[variable] = self.ca_file

    def edit(self, service, action):
        """A person changes something in the vendor's own user interface."""
        return self._post(f"edit/{service}", action)

    def throttle_once(self, path):
        """The next GET of this path is told to come back in a second."""
        refusal = {"error": {"code": "ApplicationThrottled", "message": "Application is over its limit."}}
        answer = {"status": 429, "headers": {"Retry-After": "1"}, "body": refusal}
        self._post("faults", {"service": "graph", "method": "GET", "path": path, "answer": answer})

    def _post(self, path, document):
        request = urllib.request.Request(f"{self.control}/{path}", data=json.dumps(document).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def same(what, found, expected):
    """Ends the script with 1 where the library saw something else than it would see at the real service."""
    if found != expected:
        sys.exit(f"{what}: {found!r} instead of {expected!r}")
    print(f"ok: {what}")
