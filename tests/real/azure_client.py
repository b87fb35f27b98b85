"""What the Azure scripts share: what they are given, who they are, and how a refusal is caught.

Argument: a JSON document with `parts`, the parts to run, and what they need. Output: what was seen, as JSON. The CA
comes from the environment, and so does the identity, as in a function app, unless the document holds a `token`.
"""

import json
import sys
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.identity import ManagedIdentityCredential

given = json.loads(sys.argv[1])
# One attempt, as the function makes it.
once = {"retry_total": 0}


class Fixed:
    """A token that somebody else got."""

    def get_token(self, *scopes, **options):
        return AccessToken(given["token"], int(time.time()) + 3600)


credential = Fixed() if "token" in given else ManagedIdentityCredential()


def refused(exception, call, *arguments, **options):
    """The HTTP status and code of a call that must end in this very exception."""
    try:
        call(*arguments, **options)
    except HttpResponseError as error:
        if type(error) is not exception:
            raise
        return [error.status_code, getattr(error, "error_code", None) or error.error.code]
    raise SystemExit(f"{call.__name__}{arguments} was not refused")


def run(*parts):
    """Runs the functions that are asked for by name."""
    parts = {part.__name__: part for part in parts}
    print(json.dumps({name: parts[name]() for name in given["parts"]}))
