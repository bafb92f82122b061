"""A picture of what grows with what: two panels over one logarithmic axis, as SVG."""

import html
import math

WIDTH, HEIGHT = 420, 240
LEFT, TOP, RIGHT, BOTTOM = 70, 36, 16, 44


def two_panels(x_label, x, panels):
    """`panels`: two of (title, values); a value for each x."""
    body = "".join(panel(index * WIDTH, x_label, x, title, values) for index, (title, values) in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" width="{2 * WIDTH}" height="{HEIGHT}" '
            f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>{body}</svg>\n')


def panel(shift, x_label, x, title, values):
    top = nice(max(values))
    low, high = math.log(x[0]), math.log(x[-1])

    def across(value):
        return shift + LEFT + (math.log(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def up(value):
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    parts = [text(shift + LEFT, 20, title, "start"), text(shift + (WIDTH + LEFT) / 2, HEIGHT - 8, x_label)]
    for step in range(5):
        value = top * step / 4
        parts.append(f'<line x1="{shift + LEFT}" x2="{shift + WIDTH - RIGHT}" y1="{up(value):.1f}" y2="{up(value):.1f}" stroke="#ddd"/>')
        parts.append(text(shift + LEFT - 6, up(value) + 4, f"{value:,g}", "end"))
    parts += [text(across(value), HEIGHT - BOTTOM + 16, f"{value:,}") for value in x]
    points = [(across(one), up(value)) for one, value in zip(x, values)]
    line = " ".join(f"{one:.1f},{other:.1f}" for one, other in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#2563eb" stroke-width="2"/>')
    parts += [f'<circle cx="{one:.1f}" cy="{other:.1f}" r="3.5" fill="#2563eb"/>' for one, other in points]
    return "".join(parts)


def text(x, y, words, anchor="middle"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333">{html.escape(words)}</text>'


def nice(value):
    """The next of 1, 2, 4, 6, 8 times a power of ten."""
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if value <= power * step)
