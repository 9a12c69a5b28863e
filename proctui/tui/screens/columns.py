"""Which columns the list has, in which order and how wide; the list follows as one chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from proctui.files.settings import NARROWEST, WIDEST
from proctui.tui.screens.dialog import Dialog, Keyed, button_row
from proctui.tui.screens.menu import COLUMN_TITLES
from proctui.tui.widgets.columns import SPECS
from proctui.views.view import COLUMNS, Column

Try = Callable[[Sequence[Column], Mapping[Column, int]], None]
"""Shows the list with these columns."""


class ColumnChooser(Dialog[dict[str, Any]]):
    """Answers `columns` and `widths` as the settings have them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep", show=False, priority=True),
        Binding("space", "show", "Show or hide", show=False),
        Binding("shift+up,left_square_bracket", "shift(-1)", "Earlier", show=False),
        Binding("shift+down,right_square_bracket", "shift(1)", "Later", show=False),
        Binding("right,plus", "widen(1)", "Wider", show=False),
        Binding("left,minus", "widen(-1)", "Narrower", show=False),
        Binding("0", "fit", "Fit by itself", show=False),
        Binding("r", "reset", "As usual", show=False),
    ]
    heading = "Columns"
    foot = "^s: keep   Esc: leave it as it was"

    def __init__(
        self, columns: Sequence[Column], widths: Mapping[Column, int], try_out: Try
    ) -> None:
        super().__init__()
        self.add_class("columns")
        self._before = (tuple(columns), dict(widths))
        self._order: list[Column] = [*columns, *(c for c in COLUMNS if c not in columns)]
        self._chosen = set(columns)
        self._widths = dict(widths)
        self._try = try_out

    def body(self) -> Iterable[Widget]:
        """The columns in their order, and what the keys do."""
        yield Static(f"    {'Column':<9}{'Width':<10}What it shows", classes="heading")
        menu = OptionList(*self._options(), compact=True)
        menu.highlighted = 0
        yield menu
        yield Static(
            "space shows or hides   [ and ] move   + and - size\n"
            "0 lets it fit by itself   r as usual",
            classes="dialog-note",
            markup=False,
        )
        yield button_row(
            Keyed("Keep", "^s", id="keep", kind="-good"), Keyed("Cancel", "esc", id="cancel")
        )

    def _options(self) -> list[Option]:
        return [Option(self._label(column)) for column in self._order]

    def _label(self, column: Column) -> Content:
        shown = column in self._chosen
        mark = " ✓ " if shown else " · "
        width = self._widths.get(column)
        size = "auto" if width is None else f"{width} cells"
        return Content.assemble(
            (mark, "bold $text-success" if shown else "$text-muted"),
            (f" {SPECS[column].title:<9}", "bold" if shown else "$text-muted"),
            (f"{size:<10}", "" if width is not None else "$text-muted"),
            (COLUMN_TITLES[column], "$text-muted"),
        )

    @property
    def _menu(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _column(self) -> Column:
        return self._order[self._menu.highlighted or 0]

    @property
    def _columns(self) -> tuple[Column, ...]:
        return tuple(column for column in self._order if column in self._chosen)

    def _show(self) -> None:
        """Draws the labels anew and lets the list follow."""
        for index, column in enumerate(self._order):
            self._menu.replace_option_prompt_at_index(index, self._label(column))
        self._try(self._columns, self._widths)

    # ------------------------------------------------------------------ choosing

    @on(OptionList.OptionSelected)
    def action_show(self) -> None:
        """Shows or hides the column; the name always stays."""
        if self._column == "name":
            self.app.bell()
        else:
            self._chosen ^= {self._column}
            self._show()

    def action_shift(self, step: int) -> None:
        """Moves the column before or behind its neighbour."""
        at = self._menu.highlighted or 0
        to = at + step
        if 0 <= to < len(self._order):
            self._order[at], self._order[to] = self._order[to], self._order[at]
            self._show()
            self._menu.highlighted = to

    def action_widen(self, step: int) -> None:
        """Gives the column a width of its own, one cell more or less."""
        now = self._widths.get(self._column, SPECS[self._column].usual)
        self._widths[self._column] = min(max(now + step, NARROWEST), WIDEST)
        self._show()

    def action_fit(self) -> None:
        """Lets the column take the width that suits."""
        self._widths.pop(self._column, None)
        self._show()

    def action_reset(self) -> None:
        """All columns in the usual order."""
        self._order, self._chosen, self._widths = list(COLUMNS), set(COLUMNS), {}
        self._show()

    # ------------------------------------------------------------------ leaving

    @on(Button.Pressed, "#keep")
    def action_keep(self) -> None:
        """Answers what was chosen."""
        self.dismiss({"columns": self._columns, "widths": self._widths})

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Has the list as it was."""
        self._try(*self._before)
        self.dismiss(None)
