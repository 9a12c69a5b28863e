"""Component classes of a widget → styles, composed one upon the other and remembered."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from rich.style import Style
from textual.geometry import Region
from textual.widget import Widget

from proctui.tui.contrast import legible


class Palette:
    """The styles of one widget's component classes ``PREFIX--NAME``.

    Text is always legible, whatever colours the theme brings; only what is named in
    `ornaments` (lines, bars) may be as faint as it likes.  `clear` must be called when the
    widget's style sheets change.
    """

    def __init__(self, widget: Widget, prefix: str, ornaments: Collection[str] = ()) -> None:
        self._widget = widget
        self._prefix = prefix
        self._ornaments = frozenset(ornaments)
        self._styles: dict[tuple[str, ...], Style] = {}

    def clear(self) -> None:
        """Forgets what was composed."""
        self._styles.clear()

    def style(self, *names: str) -> Style:
        """The widget's own style with the classes `names` laid upon it, the last on top.

        Empty names are left out.  A background with an alpha shows what lies under it.
        """
        style = self._styles.get(names)
        if style is None:
            style = self._styles[names] = self._compose(names)
        return style

    def _compose(self, names: tuple[str, ...]) -> Style:
        _, _, background, color = self._widget.colors
        style = Style()
        automatic = False
        for name in filter(None, names):
            layer = self._widget.get_component_styles(f"{self._prefix}--{name}")
            if layer.has_rule("background"):
                background += layer.background.tint(layer.background_tint)
            if layer.has_rule("color"):
                color, automatic = layer.color, False
            if layer.has_rule("auto_color") and layer.auto_color:
                automatic = True
            style += layer.text_style
        if automatic:
            color = background.get_contrast_text(color.a)
        color = background + color
        if not self._ornaments.intersection(names):
            color = legible(color, background)
        return style + Style.from_color(color.rich_color, background.rich_color)


class Painted(Widget):
    """A widget that draws its own lines with a palette, which it keeps true."""

    _palette: Palette

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """As Textual's; without regions it also forgets styles, which may have changed."""
        if not regions:
            self._palette.clear()
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Forgets the old styles."""
        super().notify_style_update()
        self._palette.clear()
