"""`azureml.core.authentication`: who asks."""

from headrace.azureml.exceptions import AuthenticationException


class AbstractAuthentication:
    """Gives the bearer token of the requests; None leaves it to the server's own address (doc/python.md)."""

    def _token(self):
        return None

    def get_authentication_header(self):
        token = self.get_token().token
        return {"Authorization": "Bearer " + token}

    def get_token(self, *scopes, **kwargs):
        """The token as azure-core's credentials give it."""
        from headrace.azureml.client import Endpoint

        token = self._token() or Endpoint.find().token
        if not token:
            raise AuthenticationException("there is no token: run `headrace env` and set what it prints")
        import collections
        import time

        return collections.namedtuple("AccessToken", "token expires_on")(token, int(time.time()) + 3600)


class InteractiveLoginAuthentication(AbstractAuthentication):
    """The user whose token the environment or the server's home holds: there is nothing to log in to."""

    def __init__(self, force=False, tenant_id=None, cloud=None):
        pass


class TokenAuthentication(AbstractAuthentication):
    """A token of the caller's: `get_token_for_audience(audience)` returns it."""

    def __init__(self, get_token_for_audience):
        self._get = get_token_for_audience

    def _token(self):
        return self._get("https://management.azure.com/")
