"""A matplotlib backend for sessions: `plt.show()`, and figures that a statement leaves open, become the statement's pictures."""

import io
import sys

from matplotlib import _pylab_helpers
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from headrace.interpreter import output

FigureManager = FigureManagerBase
FigureCanvas = FigureCanvasAgg


def render(figure):
    """{image/png} of a figure."""
    target = io.BytesIO()
    figure.savefig(target, format="png", bbox_inches="tight")
    return {
        output.PNG: output.png(target.getvalue()),
        output.PLAIN: "<Figure size %dx%d with %d Axes>\n"
        % (*(figure.get_size_inches() * figure.dpi), len(figure.axes)),
    }


def show(*args, **kwargs):
    """Shows every open figure, once, and closes it, as a notebook does."""
    collector = getattr(sys.stdout, "_output", None)
    for manager in _pylab_helpers.Gcf.get_all_fig_managers():
        if collector is not None and manager.canvas.figure.axes:
            collector.show(render(manager.canvas.figure))
        _pylab_helpers.Gcf.destroy(manager)


def open_numbers():
    return set(_pylab_helpers.Gcf.figs)


def show_new(before):
    """Shows the figures that were not open before; they stay open for a `%matplot plt` that follows."""
    collector = getattr(sys.stdout, "_output", None)
    for number, manager in list(_pylab_helpers.Gcf.figs.items()):
        if number not in before and manager.canvas.figure.axes:
            collector.show(render(manager.canvas.figure))
