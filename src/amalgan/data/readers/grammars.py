"""Strings that are made by a rule, so that a first model of text needs no download.

formulas   4,000 different formulas, as 3*(x+12)/y-4; the class is the outermost operator
logs       4,000 lines as servers write them, of nine events; the class is the event

A formula is valid where Python can parse it. The events "panic" and "intruder" are rare: 1 line in 100 each.
"""

from __future__ import annotations

from random import Random

COUNT = 4000
OPERATORS = {"+": "sum", "-": "difference", "*": "product", "/": "quotient"}
USERS = ("ada", "alan", "barbara", "claude", "donald", "edsger", "grace", "john", "katherine", "margaret")
SERVICES = ("auth", "billing", "cache", "mail", "queue", "search", "storage", "web")
EVENTS = {
    "login": (30, "{service}: user {user} logged in from 10.{a}.{b}.{c}"),
    "logout": (20, "{service}: user {user} logged out after {long} s"),
    "request": (40, "{service}: GET /{user}/{long} 200 in {short} ms"),
    "missing": (10, "{service}: GET /{user}/{long} 404 in {short} ms"),
    "refused": (8, "{service}: password of {user} refused, try {digit}"),
    "slow": (6, "{service}: query took {long} ms, {short} rows"),
    "restart": (4, "{service}: restarted by {user}, pid {long}"),
    "panic": (1, "{service}: PANIC out of memory at 0x{long:08x}"),
    "intruder": (1, "{service}: root shell opened from 203.0.{b}.{c}"),
}
"""How often each event occurs, and its line."""


def formulas() -> list[tuple[str, str]]:
    """Return different formulas and their classes."""
    random, found = Random(0), dict[str, str]()
    while len(found) < COUNT:
        operator = random.choice([*OPERATORS])
        text = f"{operand(random, 0)}{operator}{operand(random, 0)}"
        found[text] = OPERATORS[operator]
    return [*found.items()]


def operand(random: Random, depth: int) -> str:
    """Return a variable, a number, or a formula in brackets."""
    kind = random.random()
    if kind < 0.35:
        return random.choice("xyz")
    if kind < 0.7 or depth > 1:
        return str(random.randint(1, 99))
    return f"({operand(random, depth + 1)}{random.choice([*OPERATORS])}{operand(random, depth + 1)})"


def logs() -> list[tuple[str, str]]:
    """Return lines and their events."""
    random = Random(0)
    events = random.choices([*EVENTS], [weight for weight, _ in EVENTS.values()], k=COUNT)
    return [(line(random, EVENTS[event][1]), event) for event in events]


def line(random: Random, form: str) -> str:
    """Return ``form``, filled in."""
    a, b, c = (random.randint(0, 255) for _ in range(3))
    return form.format(
        service=random.choice(SERVICES),
        user=random.choice(USERS),
        a=a,
        b=b,
        c=c,
        long=random.randint(100, 9999),
        short=random.randint(1, 99),
        digit=random.randint(1, 5),
    )
