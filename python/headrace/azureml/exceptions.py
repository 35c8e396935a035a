"""The SDK's exceptions, with the names that code written for the original catches."""

import os
import traceback

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class AzureMLException(Exception):
    """Anything the SDK raises. `message` is the server's, `code` its error code, `status` the HTTP status (None without an
    answer)."""

    def __init__(self, message="", code=None, status=None, **details):
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.details = details

    def __str__(self):
        return self.message

    def __repr__(self):
        return "%s(%r)" % (type(self).__name__, self.message)

    def _render_traceback_(self):
        """What IPython shows: the caller's line and the message, without the SDK's own stack."""
        frames = [frame for frame in traceback.extract_tb(self.__traceback__) if not frame.filename.startswith(_HERE)]
        where = ["line %d: %s" % (frames[-1].lineno, frames[-1].line)] if frames and frames[-1].line else []
        return where + ["%s: %s" % (type(self).__name__, self)]


class UserErrorException(AzureMLException):
    """A request that the server cannot fulfil as it is: a wrong name, a missing role, a conflict."""


class AuthenticationException(AzureMLException):
    """A missing, expired or foreign token."""


class ServiceException(AzureMLException):
    """The server failed, or cannot be reached."""


class WorkspaceException(UserErrorException):
    """A workspace that is not there."""


class ProjectSystemException(UserErrorException):
    """A name that exists, or does not."""


class ComputeTargetException(AzureMLException):
    """A compute that is not there, or whose attach failed."""


class DatasetValidationError(UserErrorException):
    """A definition that the server does not accept: a path that is not there, a pattern that matches nothing, a name that is taken."""


class DatasetExecutionError(UserErrorException):
    """A dataset that cannot be read: a file that changed or went since it was registered, bytes that are not what they should be."""


class SnapshotException(UserErrorException):
    """A source folder that cannot be a snapshot."""


class RunEnvironmentException(AzureMLException):
    """A script asks for its run, and has none."""


class ExperimentExecutionException(AzureMLException):
    """A run that could not be started."""


class ActivityFailedException(AzureMLException):
    """A run that was waited for, and failed."""


class UnsupportedOperation(UserErrorException, NotImplementedError):
    """A part of the SDK that Headrace does not have."""


def unsupported(what, instead=None):
    return UnsupportedOperation(
        "%s is not supported by Headrace %s%s" % (what, _version(), ": " + instead if instead else "")
    )


def _version():
    import headrace

    return headrace.__version__
