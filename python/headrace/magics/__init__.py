"""The notebook magics: `%synapse` and `%%synapse`. IPython loads this by itself where the package is installed: its
configuration file
etc/ipython/ipython_config.py, which the wheel brings, names it."""

import re

# The article writes `%% synapse`, which IPython rejects
_SPACED = re.compile(r"^%%[ \t]+(synapse\b)")


def close_gap(lines):
    """An input transformer: `%% synapse` on the first line that is not blank becomes `%%synapse`."""
    for number, line in enumerate(lines):
        if line.strip():
            lines[number] = _SPACED.sub(r"%%\1", line)
            break
    return lines


def load_ipython_extension(shell):
    from headrace import dropin
    from headrace.magics.synapse import SynapseMagics

    dropin.install()
    shell.register_magics(SynapseMagics)
    if close_gap not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.insert(0, close_gap)


def unload_ipython_extension(shell):
    if close_gap in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(close_gap)
