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


class ServicePrincipalAuthentication(AbstractAuthentication):
    """A principal by its id and secret, at the server's token service."""

    def __init__(self, tenant_id, service_principal_id, service_principal_password, cloud=None):
        self._tenant = tenant_id
        self._form = {
            "grant_type": "client_credentials",
            "client_id": service_principal_id,
            "client_secret": service_principal_password,
            "scope": "https://management.azure.com/.default",
        }
        self._known = (None, 0.0)

    def _token(self):
        import time

        from headrace.azureml.client import Endpoint

        if self._known[1] < time.monotonic():
            endpoint = Endpoint.find()
            answer = (
                Endpoint(endpoint.url, None, endpoint.ca_file)
                .request("POST", "/%s/oauth2/v2.0/token" % self._tenant, form=self._form, error=AuthenticationException)
                .json()
            )
            self._known = (answer["access_token"], time.monotonic() + int(answer.get("expires_in", 3600)) - 60)
        return self._known[0]


class TokenAuthentication(AbstractAuthentication):
    """A token of the caller's: `get_token_for_audience(audience)` returns it."""

    def __init__(self, get_token_for_audience):
        self._get = get_token_for_audience

    def _token(self):
        return self._get("https://management.azure.com/")
