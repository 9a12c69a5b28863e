"""Completion scripts for bash, zsh and fish, made from the parser itself.

What can't be known before, the names of workers and sessions, the scripts ask proctui for when
it is needed (``proctui completion words``).  Pure: a parser goes in, text comes out.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from typing import Final, NamedTuple, get_args

from proctui.commands.arguments import OPEN
from proctui.commands.parsing import commands
from proctui.lessons import LESSONS
from proctui.linux.signals import all_signals, signal_name
from proctui.spec import StartMethod

WORKERS: Final = "workers"
SESSIONS: Final = "sessions"
ACTIVE: Final = "active"
"""Sessions that have not ended."""
FILES: Final = "files"
SIGNALS: Final = "signals"
ANYTHING: Final = "anything"
"""What nobody can guess."""
_ACTING: Final = (
    "start", "join", "terminate", "kill", "restart", "stop", "add", "reload", "shutdown",
)  # fmt: skip
"""Commands for which a session that has ended is of no use."""
_BY_DEST: Final = {
    "workers": WORKERS,
    "worker": WORKERS,
    "session": SESSIONS,
    "names": SESSIONS,
    "file": FILES,
    "target": FILES,
    "trace": FILES,
    "write": FILES,
    "signal": SIGNALS,
    "start_method": " ".join(get_args(StartMethod)),
}


class Option(NamedTuple):
    """One option of a command."""

    names: tuple[str, ...]
    help: str
    takes: str
    """Empty for a switch, one of the kinds above, else the words to choose from."""


class Command(NamedTuple):
    """What can be completed after a command."""

    name: str
    help: str
    options: tuple[Option, ...]
    takes: str
    """The same of its words."""
    runs: bool
    """A command with words of its own may follow ``--``."""


def describe(parser: argparse.ArgumentParser) -> list[Command]:
    """All commands, as the scripts need them."""
    return [_command(name, made) for name, made in commands(parser).items() if name != OPEN]


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for ``bash``, ``zsh`` or ``fish``."""
    makers: dict[str, Callable[[list[Command]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
    return makers[shell](describe(parser))


def _command(name: str, parser: argparse.ArgumentParser) -> Command:
    summary = (parser.description or "").partition("\n")[0]
    options = [a for a in parser._actions if a.option_strings and a.help != argparse.SUPPRESS]
    words = dict.fromkeys(_takes(a) for a in parser._actions if not a.option_strings)
    if len(words) > 1:
        words.pop(ANYTHING, None)
    return Command(
        name,
        summary,
        tuple(_option(action, name) for action in options),
        " ".join(words),
        "words" in parser._defaults,
    )


def _option(action: argparse.Action, command: str) -> Option:
    takes = "" if action.nargs == 0 else _takes(action)
    if takes == SESSIONS and command in _ACTING:
        takes = ACTIVE
    return Option(tuple(action.option_strings), action.help or "", takes)


def _takes(action: argparse.Action) -> str:
    if action.choices is not None:
        # The names of kinds are for the scripts alone.
        kinds = (WORKERS, SESSIONS, ACTIVE)
        return " ".join(str(choice) for choice in action.choices if choice not in kinds)
    if action.dest == "id":
        return " ".join(LESSONS)
    if action.dest == "name" and not action.option_strings:
        return SESSIONS
    return _BY_DEST.get(action.dest, ANYTHING)


def _signals() -> tuple[str, str]:
    """All names of signals, without their ``SIG`` and with it."""
    names = [signal_name(number) for number in all_signals()]
    return " ".join(name.removeprefix("SIG") for name in names), " ".join(names)


def bash(found: list[Command]) -> str:
    """For bash 4 and later."""
    cases = "\n".join(f"    {one.name}) {_bash_case(one)} ;;" for one in found)
    short, full = _signals()
    listed = " ".join(one.name for one in found)
    return _BASH.format(
        commands=listed, cases=cases, short=short, full=full, running=_running(found)
    )


def _running(found: list[Command]) -> str:
    return " ".join(one.name for one in found if one.runs)


def _bash_case(command: Command) -> str:
    names = " ".join(name for option in command.options for name in option.names)
    valued = [option for option in command.options if option.takes]
    branches = "".join(
        f"{'|'.join(option.names)}) _proctui_words {shlex.quote(option.takes)}; return ;; "
        for option in valued
    )
    inner = f'case "$previous" in {branches}esac; ' if branches else ""
    return f"{inner}_proctui_words {shlex.quote(command.takes)} {shlex.quote(names)}"


_BASH: Final = """\
# bash completion for proctui
_proctui_words() {{
    local kind words=""
    for kind in $1; do
        case "$kind" in
            files) compopt -o filenames 2>/dev/null; mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY \\
                < <(compgen -f -- "$current") ;;
            workers) words+=" $(proctui completion workers $session 2>/dev/null)" ;;
            active) words+=" $(proctui completion active 2>/dev/null)" ;;
            sessions) words+=" $(proctui completion sessions 2>/dev/null)" ;;
            signals) [[ $current == SIG* ]] && words+=" {full}" || words+=" {short}" ;;
            anything) ;;
            *) words+=" $kind" ;;
        esac
    done
    [[ $current == -* ]] && words+=" ${{2-}}"
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W "$words" -- "$current")
}}
_proctui() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" session=""
    local place
    COMPREPLY=()
    for ((place = 1; place < COMP_CWORD; place++)); do
        [[ ${{COMP_WORDS[place]}} == --session ]] && session="--session ${{COMP_WORDS[place+1]}}"
        if [[ ${{COMP_WORDS[place]}} == -- && " {running} " == *" ${{COMP_WORDS[1]}} "* ]]; then
            if ((COMP_CWORD == place + 1)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$current")
            else
                _proctui_words files
            fi
            return
        fi
    done
    if ((COMP_CWORD == 1)); then
        _proctui_words files "--help --version"
        mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W "{commands}" -- "$current")
        return
    fi
    case "${{COMP_WORDS[1]}}" in
{cases}
    *) _proctui_words files "--session --adopt --leftovers --help" ;;
    esac
}}
complete -F _proctui proctui
"""


def zsh(found: list[Command]) -> str:
    """For zsh with compinit."""
    listed = "\n".join(f"        {shlex.quote(f'{one.name}:{one.help}')}" for one in found)
    cases = "\n".join(_zsh_case(one) for one in found)
    short, full = _signals()
    return _ZSH.format(
        commands=listed, cases=cases, short=short, full=full, running=_running(found)
    )


def _zsh_case(command: Command) -> str:
    specs = [_zsh_option(option) for option in command.options]
    specs += [f"'*:word:{_zsh_action(command.takes)}'"] if command.takes else []
    return f"        {command.name}) _arguments {' '.join(specs)} ;;"


def _zsh_option(option: Option) -> str:
    text = option.help.replace("[", "(").replace("]", ")").replace(":", " ")
    value = f":value:{_zsh_action(option.takes)}" if option.takes else ""
    names = option.names
    if len(names) == 1:
        return shlex.quote(f"{names[0]}[{text}]{value}")
    group = shlex.quote(f"({' '.join(names)})")
    return f"{group}{{{','.join(names)}}}{shlex.quote(f'[{text}]{value}')}"


def _zsh_action(takes: str) -> str:
    if takes == ANYTHING:
        return " "
    if takes == FILES:
        return "_files"
    return f"_proctui_{takes}" if takes in (WORKERS, SESSIONS, ACTIVE, SIGNALS) else f"({takes})"


_ZSH: Final = """\
#compdef proctui
_proctui_workers() {{
    local -a named
    local place=${{words[(i)--session]}}
    (( place < $#words )) && named=(--session ${{words[place+1]}})
    compadd -- ${{(f)"$(proctui completion workers $named 2>/dev/null)"}}
}}
_proctui_sessions() {{
    compadd -- ${{(f)"$(proctui completion sessions 2>/dev/null)"}}
}}
_proctui_active() {{
    compadd -- ${{(f)"$(proctui completion active 2>/dev/null)"}}
}}
_proctui_signals() {{
    if [[ $PREFIX == SIG* ]]; then
        compadd -- {full}
    else
        compadd -- {short}
    fi
}}
_proctui() {{
    local -a known
    known=(
{commands}
    )
    if (( CURRENT == 2 )); then
        _describe command known
        _files
        return
    fi
    local chosen=${{words[2]}}
    shift words
    (( CURRENT-- ))
    local -i end=${{words[(i)--]}}
    if [[ " {running} " == *" $chosen "* ]] && (( end < CURRENT )); then
        shift $end words
        (( CURRENT -= end ))
        _normal
        return
    fi
    case $chosen in
{cases}
        *) _files ;;
    esac
}}
compdef _proctui proctui
"""


_FISH: Final = """\
# fish completion for proctui
function __proctui_workers
    set -l words (commandline -opc)
    if set -l at (contains -i -- --session $words)
        proctui completion workers --session $words[(math $at + 1)] 2>/dev/null
    else
        proctui completion workers 2>/dev/null
    end
end
function __proctui_sessions
    proctui completion sessions 2>/dev/null
end
function __proctui_active
    proctui completion active 2>/dev/null
end
function __proctui_signals
    if string match -q 'SIG*' -- (commandline -ct)
        string split ' ' '{full}'
    else
        string split ' ' '{short}'
    end
end"""


def fish(found: list[Command]) -> str:
    """For fish 3 and later."""
    short, full = _signals()
    lines = [_FISH.format(short=short, full=full)]
    for one in found:
        lines.append(
            f"complete -c proctui -n __fish_use_subcommand -a {one.name} -d {_fish(one.help)}"
        )
        lines += _fish_lines(one)
    return "\n".join(lines) + "\n"


def _fish_lines(command: Command) -> list[str]:
    start = f"complete -c proctui -n '__fish_seen_subcommand_from {command.name}'"
    lines = [f"{start}{_fish_words(command.takes, ' -f')}"] if command.takes else [f"{start} -f"]
    if command.runs:
        behind = (
            f"__fish_seen_subcommand_from {command.name}; and contains -- -- (commandline -opc)"
        )
        lines.append(f"complete -c proctui -n '{behind}' -F -a '(__fish_complete_command)'")
    for option in command.options:
        names = "".join(
            f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}"
            for name in option.names
        )
        value = f" -r{_fish_words(option.takes, ' -f')}" if option.takes else ""
        lines.append(f"{start}{names} -d {_fish(option.help)}{value}")
    return lines


def _fish_words(takes: str, alone: str) -> str:
    if takes == FILES:
        return " -F"
    if takes == ANYTHING:
        return ""
    if takes in (WORKERS, SESSIONS, ACTIVE, SIGNALS):
        return f"{alone} -a '(__proctui_{takes})'"
    return f"{alone} -a {_fish(takes)}"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
