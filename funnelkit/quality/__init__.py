"""How good the data are: faults found and counted, records joined, people kept unrecognisable.

A `Rule` says what a fault is. `report` counts the faults of a table, `check_schema` refuses a
table that is not what was agreed, `monitor` watches the share of faults week by week and raises
an alarm. `resolve_identities` finds the records of one person, `leakage_screen` finds columns
that know the outcome too well, and `k_anonymity` says how large the smallest crowd is in which
somebody disappears. `clean_leads` does to the school's leads what lesson 11 decides, step by step.
"""

from funnelkit.quality.identities import PLACEHOLDERS, resolve_identities
from funnelkit.quality.leads import AGES, CROWNS, LEAD_RULES, SAME_PERSON, clean_leads
from funnelkit.quality.leakage import METRICS as _LEAKAGE
from funnelkit.quality.leakage import auc_either_way, known_too_late, leakage_screen
from funnelkit.quality.privacy import METRICS as _PRIVACY
from funnelkit.quality.privacy import compare_k_anonymity, group_sizes, k_anonymity, pseudonyms
from funnelkit.quality.rules import KINDS, Rule, check_schema, duplicates, monitor, report
from funnelkit.quality.rules import METRICS as _RULES

__all__ = [
    "AGES",
    "CROWNS",
    "KINDS",
    "LEAD_RULES",
    "METRICS",
    "PLACEHOLDERS",
    "Rule",
    "SAME_PERSON",
    "auc_either_way",
    "check_schema",
    "clean_leads",
    "compare_k_anonymity",
    "duplicates",
    "group_sizes",
    "k_anonymity",
    "known_too_late",
    "leakage_screen",
    "monitor",
    "pseudonyms",
    "report",
    "resolve_identities",
]

METRICS = (*_RULES, *_LEAKAGE, *_PRIVACY)


def __dir__():
    return __all__
