"""How the pictures of notebooks look: `plt.rcParams.update(STYLE)`, and a colour for each meaning."""

STYLE = {
    "figure.figsize": (9, 3.6), "figure.dpi": 110, "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.titlepad": 12,
    "date.autoformatter.day": "%d %b", "date.autoformatter.hour": "%a %H:%M", "date.autoformatter.minute": "%H:%M",
}  # fmt: skip
USUAL, WARNED, BAD, FAINT = "#4682b4", "#e08a00", "#c0272d", "#b8b8b8"
