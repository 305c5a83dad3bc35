"""Which of two values of a field stands, when two systems have changed it.

A field is kept as a *register*: its value, when it was written, and by which system. Of two
registers one stands, always the same one, whichever system asks and in whatever order they come:
so two systems that have heard the same end with the same, however late or often they heard it.
"""

from funnelkit import _inputs

__all__ = [
    "CONSENT",
    "FIELDS",
    "LIFECYCLE",
    "OWNABLE",
    "need_owners",
    "stands",
    "stronger",
    "written_at",
]

# The fields of a contact, besides its consent.
FIELDS = ("email", "first_name", "last_name", "phone", "source", "lifecycle")

# How far a contact has come, in its one direction.
LIFECYCLE = ("subscriber", "lead", "MQL", "SQL", "opportunity", "customer")

# What is known of a contact's consent; each wins against those before it, at whatever times.
CONSENT = ("none", "given", "withdrawn")

# What may belong to one system: a field, sending mails, merging contacts.
OWNABLE = (*FIELDS, "mail", "merge")


def stands(field, one, other):
    """Return which of two registers of a field stands.

    The later one; at one moment, that of the system whose name comes later in the alphabet. Of two
    consents the stronger one, whatever the times: a withdrawal wins against all that follows.

    Parameters
    ----------
    field : str
        One of `crm.FIELDS`, or "consent".
    one, other : tuple
        A value, when it was written, and the name of the system that wrote it.

    Returns
    -------
    tuple
        One of the two.

    Examples
    --------
    >>> stands("phone", ("0601", "2026-03-05", "sales"), ("0602", "2026-03-07", "marketing"))
    ('0602', '2026-03-07', 'marketing')
    >>> withdrawn = ("withdrawn", "2026-03-05", "marketing")
    >>> stands("consent", withdrawn, ("given", "2026-03-07", "sales"))
    ('withdrawn', '2026-03-05', 'marketing')
    """
    _inputs.one_of("field", field, (*FIELDS, "consent"))
    registers = [_read(field, name, each) for name, each in (("one", one), ("other", other))]
    return one if stronger(field, *registers) == registers[0] else other


def _read(field, name, register):
    """Return a register with its time as a Timestamp; refuse what is not one."""
    if not isinstance(register, tuple | list) or len(register) != 3:
        raise TypeError(
            f"{name} is {_inputs.short_form(register)}: give a value, when it was written and the "
            'system that wrote it, such as ("0601", "2026-03-05", "sales")'
        )
    value, at, by = register
    if field == "consent":
        _inputs.one_of(f"the consent of {name}", value, CONSENT)
    _inputs.need_texts(**{f"the value of {name}": value, f"the system of {name}": by})
    return value, _inputs.moment(f"the time of {name}", at), by


def stronger(field, one, other):
    """Return which of two registers stands, as `stands` does, without looking at what they are."""
    return max(one, other, key=lambda register: _strength(field, register))


def _strength(field, register):
    value, at, by = register
    return (CONSENT.index(value) if field == "consent" else 0, at, by, value or "")


def written_at(at, known):
    """Return the time that a register gets which is written here at a time.

    Whoever changes a value has seen the one that is there; so the new one counts as later, even
    where the other system's clock is ahead.
    """
    return at if known is None else max(at, known[1] + 1)


def need_owners(owners):
    """Return who owns what as a plain dictionary; refuse what cannot be owned."""
    owners = {} if owners is None else owners
    advice = 'give a dictionary such as {"phone": "sales"}'
    if not isinstance(owners, dict):
        raise TypeError(f"owners is {_inputs.name_of_type(owners)}: {advice}")
    for what, name in owners.items():
        if what == "consent":
            raise ValueError(
                "consent cannot belong to one system: a withdrawal counts wherever it is made, so "
                "leave it out of owners"
            )
        _inputs.need_known(what, OWNABLE, "thing to own")
        if not isinstance(name, str):
            raise TypeError(f"owners has {_inputs.short_form(name)} for {what!r}: {advice}")
    return dict(owners)
