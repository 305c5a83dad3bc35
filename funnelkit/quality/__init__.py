"""How good the data are: faults found and counted, records joined, people kept unrecognisable.

A `Rule` says what a fault is. `report` counts the faults of a table, `check_schema` refuses a
table that is not what was agreed, `monitor` watches the share of faults week by week and raises
an alarm. `resolve_identities` finds the records of one person, `leakage_screen` finds columns
that know the outcome too well, and `k_anonymity` says in how large a crowd each person stands.
`clean_leads` does to the school's leads what lesson 11 decides, step by step.
"""

from funnelkit.quality.identities import resolve_identities
from funnelkit.quality.leads import AGES, CROWNS, LEAD_RULES, SAME_PERSON, clean_leads
from funnelkit.quality.leakage import METRICS as _LEAKAGE
from funnelkit.quality.leakage import known_too_late, leakage_screen, separation
from funnelkit.quality.privacy import METRICS as _PRIVACY
from funnelkit.quality.privacy import generalise, group_sizes, k_anonymity, pseudonyms
from funnelkit.quality.rules import KINDS, Rule, check_schema, duplicates, monitor, report
from funnelkit.quality.rules import METRICS as _RULES

__all__ = [
    "AGES",
    "CROWNS",
    "KINDS",
    "LEAD_RULES",
    "METRICS",
    "Rule",
    "SAME_PERSON",
    "check_schema",
    "clean_leads",
    "duplicates",
    "generalise",
    "group_sizes",
    "k_anonymity",
    "known_too_late",
    "leakage_screen",
    "monitor",
    "pseudonyms",
    "report",
    "resolve_identities",
    "separation",
]

METRICS = (*_RULES, *_LEAKAGE, *_PRIVACY)
