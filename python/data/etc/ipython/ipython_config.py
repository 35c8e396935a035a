# Headrace's notebook magics, in every IPython and kernel of this environment
c = get_config()  # noqa: F821
c.InteractiveShellApp.extensions.append("headrace.magics")
