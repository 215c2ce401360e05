"""How a bar is said to be met; a missed one is printed and fails nothing."""


def met(is_met: bool) -> str:
    return "[green]met[/]" if is_met else "[red]missed[/]"
