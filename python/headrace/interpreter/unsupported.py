"""What a session without a JVM refuses by name."""


class Unsupported(AttributeError, NotImplementedError):
    """A part of the driver's API that a session without a JVM does not have. Its class shows as `UnsupportedOperation`."""


Unsupported.__name__ = "UnsupportedOperation"
