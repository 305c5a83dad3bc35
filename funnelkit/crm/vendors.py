"""What HubSpot and Salesforce call things, and three of their rules.

Column headers, names of stages, what a row needs and how large a file may be are theirs, from their
documentation of imports; headers that end in ``__c`` (Salesforce), and "Lead ID", "Added At",
"Channel" and "Mail Consent" (HubSpot), are fields that the school has added to its account.
"""

from types import MappingProxyType

from funnelkit import _inputs
from funnelkit.crm.registers import LIFECYCLE

__all__ = [
    "HEADERS",
    "KINDS",
    "LIMITS",
    "NEEDS",
    "SYSTEMS",
    "WORDS",
    "lifecycle_answer",
    "lifecycle_requests",
    "salesforce_id",
]

SYSTEMS = ("hubspot", "salesforce")
KINDS = ("contacts", "deals")

# By system and kind: our column, and the header of theirs.
HEADERS = {
    ("hubspot", "contacts"): {
        "lead_id": "Lead ID",
        "created_at": "Added At",
        "email": "Email",
        "first_name": "First Name",
        "last_name": "Last Name",
        "phone": "Phone Number",
        "source": "Channel",
        "lifecycle": "Lifecycle Stage",
        "consent": "Mail Consent",
    },
    ("hubspot", "deals"): {
        "deal_id": "Deal Name",
        "lead_id": "Lead ID",
        "stage": "Deal Stage",
        "amount": "Amount",
        "created_at": "Added At",
        "expected_close": "Close Date",
    },
    ("salesforce", "contacts"): {
        "lead_id": "Lead_ID__c",
        "created_at": "Added_At__c",
        "email": "Email",
        "first_name": "FirstName",
        "last_name": "LastName",
        "phone": "Phone",
        "source": "LeadSource",
        "lifecycle": "Lifecycle__c",
        "consent": "Mail_Consent__c",
    },
    ("salesforce", "deals"): {
        "deal_id": "Name",
        "lead_id": "Lead_ID__c",
        "stage": "StageName",
        "amount": "Amount",
        "created_at": "Added_At__c",
        "expected_close": "CloseDate",
    },
}

# A row needs a value in one column of each of these groups.
NEEDS = {
    ("hubspot", "contacts"): [("first_name", "last_name", "email")],
    ("hubspot", "deals"): [("deal_id",), ("stage",)],
    ("salesforce", "contacts"): [("last_name",)],
    ("salesforce", "deals"): [("deal_id",), ("stage",), ("expected_close",)],
}

# Fewer rows and bytes than these: HubSpot's of 2021 (later ones are wider, and depend on what one
# pays), and those of Salesforce's Bulk API.
LIMITS = {"hubspot": (250_000, 150_000_000), "salesforce": (150_000_000, 100_000_000)}

LIFECYCLE_WORDS = {
    "MQL": "marketingqualifiedlead",
    "SQL": "salesqualifiedlead",
    **{each: each for each in LIFECYCLE if each.islower()},
}
# By system and our column: our word, and theirs; words that are not here are the same.
WORDS = {
    ("hubspot", "lifecycle"): LIFECYCLE_WORDS,
    ("hubspot", "stage"): {"won": "Closed Won", "lost": "Closed Lost"},
    ("salesforce", "stage"): {
        "MQL": "Prospecting",
        "SQL": "Qualification",
        "call": "Needs Analysis",
        "proposal": "Proposal/Price Quote",
        "negotiation": "Negotiation/Review",
        "won": "Closed Won",
        "lost": "Closed Lost",
    },
}
HEADERS, NEEDS, WORDS = (MappingProxyType(each) for each in (HEADERS, NEEDS, WORDS))


def salesforce_id(short):
    """Return the id of 18 characters for one of 15, as Salesforce's exports have them.

    Ids of 15 characters differ in capitals alone, which a spreadsheet's lookup or a case-blind
    database does not see. The three characters that are added say which letters are capitals.

    Parameters
    ----------
    short : str
        An id of 15 characters; one of 18 is checked and comes back as it is.

    Returns
    -------
    str
        The id of 18 characters.

    Examples
    --------
    >>> salesforce_id("006Hp000014d4Rm")
    '006Hp000014d4RmIAI'
    """
    advice = "give the 15 letters and digits of an id, as Salesforce wrote them"
    if not isinstance(short, str):
        raise TypeError(f"short is {_inputs.short_form(short)}: {advice}")
    if len(short) not in (15, 18) or not (short.isascii() and short.isalnum()):
        raise ValueError(f"short is {_inputs.short_form(short)}: {advice}")
    letters, end = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", ""
    for start in (0, 5, 10):
        capitals = [each.isupper() for each in short[start : start + 5]]
        end += letters[sum(is_one << place for place, is_one in enumerate(capitals))]
    if len(short) == 18 and short[15:].upper() != end:
        raise ValueError(
            f"short is {short!r}, whose last three characters do not fit its capitals, which would "
            f"be {end}: take it again from Salesforce, something has changed its letters"
        )
    return short[:15] + end


def lifecycle_requests(current, wanted):
    """Return the requests that bring a HubSpot contact from one lifecycle stage to another.

    HubSpot moves a contact's lifecycle stage forward only: a request to set an earlier one is
    answered as if it were done, and nothing changes. The way back is to clear it, and then, in a
    second request, to set it; in one batch the order is not guaranteed.

    Parameters
    ----------
    current, wanted : str
        Of `crm.LIFECYCLE`; `current` may be None.

    Returns
    -------
    list of dict
        The properties to send, one dictionary per request, in HubSpot's words.

    Examples
    --------
    >>> lifecycle_requests("lead", "MQL")
    [{'lifecyclestage': 'marketingqualifiedlead'}]
    >>> lifecycle_requests("opportunity", "lead")
    [{'lifecyclestage': ''}, {'lifecyclestage': 'lead'}]
    """
    if current is not None:
        _inputs.one_of("current", current, LIFECYCLE)
    _inputs.one_of("wanted", wanted, LIFECYCLE)
    if current == wanted:
        return []
    back = current is not None and LIFECYCLE.index(wanted) < LIFECYCLE.index(current)
    clear = [{"lifecyclestage": ""}] if back else []
    return [*clear, {"lifecyclestage": LIFECYCLE_WORDS[wanted]}]


def lifecycle_answer(current, request):
    """Return what HubSpot answers to a request, and the lifecycle stage afterwards.

    Parameters
    ----------
    current : str or None
        The stage before: of `crm.LIFECYCLE`.
    request : dict
        One of those of `lifecycle_requests`.

    Returns
    -------
    tuple of (int, str or None)
        The HTTP status, 204 (done, and nothing to say) in any case, as HubSpot's first API for
        contacts has it, and the stage.

    Examples
    --------
    >>> lifecycle_answer("opportunity", {"lifecyclestage": "lead"})
    (204, 'opportunity')
    >>> lifecycle_answer("opportunity", {"lifecyclestage": ""})
    (204, None)
    """
    if current is not None:
        _inputs.one_of("current", current, LIFECYCLE)
    if not isinstance(request, dict) or list(request) != ["lifecyclestage"]:
        raise TypeError(
            f"request is {_inputs.short_form(request)}: give one of lifecycle_requests(...)"
        )
    ours = {theirs: each for each, theirs in LIFECYCLE_WORDS.items()}
    word = _inputs.one_of("lifecyclestage", request["lifecyclestage"], ("", *ours))
    if not word:
        return 204, None
    asked = ours[word]
    forward = current is None or LIFECYCLE.index(asked) >= LIFECYCLE.index(current)
    return 204, asked if forward else current
