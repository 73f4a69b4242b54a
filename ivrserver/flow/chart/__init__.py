"""A call's timeline as a chart: lanes over seconds, with the story's own words. Pure.

`model` holds what is drawn, `sketch` the spans that are under way, `drawing` what each event
means to them.
"""

from ivrserver.flow.chart.drawing import draw_chart
from ivrserver.flow.chart.model import Chart, Lane, Line, Link, Mark, MarkKind, Tone

__all__ = ["Chart", "Lane", "Line", "Link", "Mark", "MarkKind", "Tone", "draw_chart"]
