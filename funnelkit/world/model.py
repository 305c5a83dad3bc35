"""The model of the world: every parameter that is planted, in one place.

``MODEL`` is written into ``datasets/truth.json`` as it stands, with what came of it.
"""

from funnelkit.world.keys import DAY, seconds_of

__all__ = [
    "AREAS",
    "CHANNELS",
    "COMPANY_SHARE",
    "COMPANY_SIZES",
    "EXPERIMENTS",
    "FIRST_PAGE",
    "GEO",
    "IMPOSSIBLE_AGES",
    "JOURNEYS",
    "LATER_CHANNEL",
    "LATER_SHARE",
    "LEADS",
    "LIBRARY",
    "MODEL",
    "NEXT_PAGE",
    "NURTURING",
    "OFFERS",
    "OWNERS",
    "PIPELINE",
    "PAST_TESTS",
    "REGION_SHARE",
    "SEED",
    "STEP_PAGE",
    "last_second",
    "lead_span",
]

LEADS = {
    "span": {"from": "2025-01-01", "to": "2026-06-30"},
    "scored_after_hours": 48,
    "segments": {
        "students": {
            "share": 0.28, "age": 26.0, "age_sd": 5.5, "income": 16_000.0, "log_sd": 0.42,
            "effect": -0.3, "offer": {"none": 0.0, "instalments": 1.3, "certificate": -0.2},
        },
        "young_professionals": {
            "share": 0.30, "age": 31.0, "age_sd": 5.5, "income": 52_000.0, "log_sd": 0.38,
            "effect": 0.1, "offer": {"none": 0.0, "instalments": -0.2, "certificate": 1.2},
        },
        "returners": {
            "share": 0.22, "age": 48.0, "age_sd": 6.5, "income": 21_000.0, "log_sd": 0.40,
            "effect": 0.1, "offer": {"none": 0.0, "instalments": 1.0, "certificate": -0.2},
        },
        "managers": {
            "share": 0.20, "age": 52.0, "age_sd": 6.5, "income": 78_000.0, "log_sd": 0.36,
            "effect": 0.0, "offer": {"none": 0.0, "instalments": -0.6, "certificate": 0.8},
        },
    },
    "effects": {
        "source": {
            "social_ads": -2.0, "seo": -1.22, "brand_search": -0.53, "content": -1.73,
            "social": -2.04, "partner": -0.41, "offline": -1.4, "direct": -1.4,
        },
        "card_or_list": -1.9,
        "four_visits_or_more": 1.1,
        "webinar": 0.3,
        "each_download_with_a_webinar": 0.7,
        "each_own_open": 0.35,
        "intent": {
            "pricing": 1.1, "looking": -0.3, "support": -0.9, "job": -2.2, "partner": -1.8,
            "none": 0.0,
        },
        "company_size": {"1": 0.0, "2-9": 0.1, "10-49": 0.5, "50-249": 0.5, "250+": -0.2,
                         "none": 0.0},
    },
    "behaviour": {
        "more_visits": 1.9, "downloads": 0.5, "downloads_per_visit": 0.10, "webinar": 0.30,
        "own_opens": 0.9, "pages_per_visit": 2.4,
        "machine_opens": {"from": "2025-12-01", "share": 0.7, "mean": 2.0},
        "under_recorded_from_age": 50, "recorded_share": 0.5,
    },
    "message": {
        "share": 0.62,
        "intents": {"looking": 0.34, "pricing": 0.28, "support": 0.16, "job": 0.12,
                    "partner": 0.10},
    },
    "calls": {
        "by_lot": 0.05,
        "share_by_points": {"form": [0.10, 0.70, 0.92, 0.97], "other": [0.0, 0.06, 0.2, 0.4]},
        "books_if_not_enrolling": 0.74, "after_days": {"median": 1.5, "sigma": 0.7},
    },
    "consent": {"form": 0.86, "card": 0.60, "list": 0.35},
    "arrivals": {"cards_a_weekend_day": 7.0, "list_a_monday": 13.0, "walk_in_left_a_card": 0.07},
    "missing": {
        "birth_year": 0.03, "age": 0.14, "gender": 0.08, "postcode": 0.05,
        "company_size": {"students": 0.85, "other": 0.35},
        "income": {"level": -2.1, "per_log_income": 1.3, "around": 30_000.0, "card": 0.6},
        "phone": {"form": 0.22, "card": 0.08, "list": 0.40},
    },
    "faults": {
        "exact_duplicates": 0.0095, "comes_back_under_another_address": 0.30,
        "households": {"share": 0.045, "homes_a_region": 20}, "impossible_ages": 0.0065,
        "stale_import": {"at": "2025-11-03 06:30:00", "rows": 240, "ages_of": 2019},
        "crowns": {"from": "2025-03-01", "to": "2025-05-31", "to_the_euro": 25.0},
    },
    "leak": {"column": "portal_logins", "mean_after_a_month": 9.0, "guests": 0.02},
}  # fmt: skip


# The advisers' work on the leads. What became of a lead was settled before, so each of these is
# drawn given the outcome: the log-odds below hold among leads that are alike otherwise.
PIPELINE = {
    "opening": {"days": "Monday to Saturday", "from_hour": 9, "to_hour": 19},
    "shifts": {"days": 5, "short_share": 0.25, "short_days": 2},
    "first_attempt": {
        "median_days": {"full": 0.3, "short": 1.6}, "sigma": 0.8, "two_points_or_more": 0.6,
        "log_odds_of_winning_per_day": -0.25,
    },
    "attempts": {"reached_at_each": 0.55, "most": 6, "gap_days": {"median": 0.9, "sigma": 0.5}},
    "in_vain": {"share": 0.5, "attempts": [3, 4, 5, 6], "given_up_after_days": 4.0},
    "minutes": {"median": 14.0, "sigma": 0.5},
    "lost": {
        "last_stage_once_booked": {"call": 0.40, "proposal": 0.25, "negotiation": 0.35},
        "days_after_booking": {"median": 18.0, "sigma": 0.7},
        "days_after_first_talk": {"median": 12.0, "sigma": 0.7},
    },
    "recycled": {
        "share_of_lost": 0.12, "after_days": {"median": 75.0, "sigma": 0.4},
        "booked_later_than_days": 35.0, "days_to_lost": {"median": 15.0, "sigma": 0.6},
        "talks": 0.6,
    },
    "discount": {
        "objects": 0.5, "given_if_objects": 0.8, "given_otherwise": 0.15,
        "sizes": {"0.1": 0.4, "0.15": 0.3, "0.2": 0.3},
        "log_odds": {"base": 1.75, "objects": -1.6, "discount": 0.5},
    },
    "expected_close": {
        "days": {"median": 18.0, "sigma": 0.35}, "at_the_end_of_the_month": 0.4,
        "moved_when_due": 0.85, "moved_by_days": {"7": 0.35, "14": 0.35, "21": 0.15, "30": 0.15},
    },
}  # fmt: skip


# The tests of the free lessons' pages. In B each does what its entry says; all else is as in A.
# `lead` is the share of readers who leave their address, `minutes` a factor. `bounces` is the share
# who leave before the slow page has loaded: readers of little engagement, who leave no address in A
# either. So there is no effect, but in B nobody counted them. `first_week_lift` halves each week.
# `stream` names the test's dice: these show what is planted, which a single throw need not.
EXPERIMENTS = {
    "readers": 20_000, "days": 42, "follow_days": {"lead": 14, "customer": 60},
    "lead": 0.20, "weekend": 0.75, "customers_of_leads": 0.25, "opted_out": 0.02,
    "lead_delay_minutes": {"median": 20.0, "sigma": 2.0},
    "revenue": {"median": 380.0, "sigma": 0.5},
    "minutes": {"median": 24.0, "sigma": 0.7, "kept": 0.656, "correlation": 0.6},
    "more_sessions": 1.6, "clicks": {"rate": 0.12, "within_user": 0.2},
    "tests": {
        "aa_check": {"starts": "2025-08-04", "share": 0.22, "stream": 0, "B": {}},
        "booking_page": {"starts": "2025-09-15", "share": 0.22, "stream": 16,
                         "B": {"lead": 0.24}},
        "short_form": {"starts": "2025-10-27", "share": 0.50, "stream": 9,
                       "B": {"lead": 0.25, "new_leads_buy": False}},
        "video_page": {"starts": "2026-01-05", "share": 0.22, "stream": 1,
                       "B": {"bounces": 0.15}},
        "pop_up": {"starts": "2026-02-02", "share": 0.22, "stream": 1,
                   "B": {"lead": 0.235, "opted_out": 0.045}},
        "new_home": {"starts": "2026-02-16", "share": 0.22, "stream": 4,
                     "B": {"first_week_lift": 0.5}},
        "reading_list": {"starts": "2026-03-16", "share": 0.22, "stream": 3,
                         "B": {"minutes": 1.06}},
    },
}  # fmt: skip


# Tests of earlier years: each changed a rate by a relative lift drawn from a normal distribution,
# and was run again later with more users.
PAST_TESTS = {
    "stream": 80, "count": 30, "first_ended": "2023-11-05", "days_between": 21,
    "rate": {"median": 0.11, "sigma": 0.25}, "lift": {"mean": 0.02, "sd": 0.08},
    "users": {"median": 5_000.0, "sigma": 0.25}, "rerun": 4,
}  # fmt: skip


# The library of short courses. What members look at follows `choice` (log weights): how well known
# a course is and their interests. The stars follow the same interests, and how good the course is.
# No description tells its `style`. The courses are sold on a platform with books of its own, so
# that `orders` does not hold them.
LIBRARY = {
    "courses": 120, "price": {"median": 55.0, "sigma": 0.35},
    "opening": {"date": "2025-07-01", "added_later": 0.35, "over_days": 330},
    "members": {
        "share": 0.6, "at_least": 12, "more_ratings": 6.0, "at_most": 45,
        "cold": {"joined_from": "2026-05-01", "others": 0.03},
        "interest": {"data": 0.20, "python": 0.17, "statistics": 0.08, "marketing": 0.15,
                     "projects": 0.12, "accounts": 0.09, "design": 0.10, "english": 0.09},
    },
    "popularity": {"sigma": 1.0},
    "choice": {"main": 1.8, "second": 0.9, "other_level": -0.6, "style": 0.35,
               "new": 1.5, "new_days": 30.0},
    "views": {"not_rated": 9.0, "at_most": 70, "again": 0.8},
    "finished_days": {"median": 9.0, "sigma": 0.8},
    "stars": {"mean": 3.3, "main": 0.7, "second": 0.35, "other_level": -0.4, "style": 0.45,
              "member_sd": 0.35, "quality_sd": 0.4, "noise_sd": 0.5},
    "list_test": {
        "stream": 9, "starts": "2026-04-06", "mails": 12, "opened": 0.6, "places": 6,
        "clicks": {"rating": 0.03, "neighbours": 0.05}, "within_member": 0.03, "enrols": 0.15,
    },
}  # fmt: skip


OWNERS = ("Amber", "Basil", "Clove", "Dill", "Elder")


COMPANY_SIZES = ("1", "2-9", "10-49", "50-249", "250+")


COMPANY_SHARE = (0.22, 0.24, 0.22, 0.17, 0.15)


OFFERS = ("none", "instalments", "certificate")


IMPOSSIBLE_AGES = (-1, 0, 3, 199, 210, 999)


AREAS = 14  # postcode areas in each region


def lead_span() -> tuple[int, int]:
    """Return the first and the last second of the table."""
    return seconds_of(LEADS["span"]["from"]), seconds_of(LEADS["span"]["to"]) + DAY - 1


# The prospects of the journeys. A level of spend of 1 is the usual. `possible` touches are the mean
# of an opener at full presence; `half` is the level that gives half of full presence; `carry` the
# part of a week's level that is still there a week later; `anyway` the chance that a touch happens
# directly if the channel does not carry it; `pull` the chance of one more visit of whoever became
# aware through the channel; `persuades` are log-odds of enrolling, from this touch on.
JOURNEYS = {
    "from": "2025-12-29", "weeks": 26, "warm_up": 12, "people": 22_000,
    "pulses": [0.25, 0.5, 1.0, 1.0, 1.5, 2.0], "window_days": 45, "most_of_an_opener": 5,
    "regions": [9, 8, 8, 7, 7, 6, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3],
    "own": {"share": 0.10, "pull": 0.82},
    "visits": {
        "most": 8, "gap_days": 7.0, "own_first_days": 0.5,
        "of_own_first": {"seo": 0.60, "brand_search": 0.15, "direct": 0.25},
        "of_others": {"seo": 0.22, "brand_search": 0.55, "direct": 0.23},
    },
    "enrols": {"base": -3.6, "own": 0.8, "opening": -1.2, "customer": -1.2},
    "value": {"median": 320.0, "sigma": 0.5},
    "channels": {
        "social_ads": {"possible": 0.75, "half": 0.8, "slope": 1.0, "carry": 0.3, "anyway": 0.05,
                       "pull": 0.62, "persuades": 1.2, "price": 1.80},
        "seo": {"half": 0.5, "slope": 1.0, "carry": 0.6, "anyway": 0.30,
                "persuades": 0.4, "price": 0.90},
        "brand_search": {"half": 0.2, "slope": 1.0, "carry": 0.0, "anyway": 0.96,
                         "persuades": 0.0, "price": 1.20},
        "content": {"possible": 0.30, "half": 1.0, "slope": 1.0, "carry": 0.6, "anyway": 0.05,
                    "pull": 0.66, "persuades": 0.9, "price": 1.10},
        "social": {"possible": 0.30, "half": 0.8, "slope": 1.0, "carry": 0.2, "anyway": 0.10,
                   "pull": 0.50, "persuades": 0.3, "price": 0.40},
        "partner": {"possible": 0.12, "half": 1.0, "slope": 1.0, "carry": 0.2, "anyway": 0.05,
                    "pull": 0.72, "persuades": 1.0, "price": 3.00},
        "offline": {"possible": 0.20, "half": 1.2, "slope": 2.0, "carry": 0.4, "anyway": 0.05,
                    "pull": 0.58, "persuades": 0.6, "price": 2.50},
        "direct": {"anyway": 1.0, "persuades": 0.0},
    },
}  # fmt: skip


# The market in which those prospects live, by region and week: tests that switch a channel off in
# half of the regions, then the budgets of the journeys. `usual` is what an average region costs a
# week, `lost_without` the share of enrolments that would be lost without the channel.
GEO = {
    "from": "2024-04-01", "weeks": 117, "enrolments": 300.0,
    "usual": {
        "social_ads": 2100.0, "seo": 440.0, "brand_search": 1650.0, "content": 480.0,
        "social": 200.0, "partner": 520.0, "offline": 580.0,
    },
    "lost_without": {
        "social_ads": 0.43, "seo": 0.17, "brand_search": 0.012, "content": 0.15, "social": 0.03,
        "partner": 0.09, "offline": 0.045,
    },
    "luck": {"sd": 0.025, "ar1": 0.9},
    "tests": {
        "brand_search": {"starts": "2024-09-30", "weeks": 8, "stream": 0},
        "content": {"starts": "2025-02-03", "weeks": 8, "stream": 0},
        "social_ads": {"starts": "2025-06-09", "weeks": 8, "stream": 0},
    },
}  # fmt: skip


# The mail series. A contact is of one of four kinds, drawn by log-odds against "lost": these depend
# on what is known beforehand. "sure" enrols with the series and without, "persuadable" only with
# it, "sleeping dog" only without it. The number of mails changes nothing but opting out.
NURTURING = {
    "contacts": 30_000, "from": "2025-07-07", "weeks": 43, "follow_days": 60,
    "consent": 0.87, "holdout": 0.2, "many": 0.5, "mails": {"few": 4, "many": 8},
    "visits": {"mean": 2.2, "at_most": 12}, "pricing": 0.22, "webinar": 0.28,
    "newsletters": {"mean": 4.0, "at_most": 12}, "orders": {"mean": 0.45, "at_most": 4},
    "kinds": {
        "persuadable": {"base": -2.75, "pricing_views": 1.0, "webinar": 1.2, "orders": -0.5},
        "sure": {"base": -3.0, "orders": 1.2, "visits": 0.13},
        "sleeping dog": {"base": -5.3, "orders": 1.2, "newsletters": 0.34},
    },
    "no_consent": -0.9,
    "opens": {"lost": 0.30, "persuadable": 0.45, "sure": 0.75, "sleeping dog": 0.25},
    "opted_out": {"0": 0.012, "4": 0.030, "8": 0.085},
    "order": {"median": 320.0, "sigma": 0.4}, "voucher": 80.0,
}  # fmt: skip


SEED = 7


# How many visits a channel brings a day, at its usual budget; how large that budget is (EUR a
# day) and at which budget it would bring half of the most it ever can; how many of its visitors
# come on a phone; and how they fare. `anyway` is the share who would have come without it.
CHANNELS = {
    "social_ads": dict(
        visits=29.5, budget=95.0, half=38.0, mobile=0.80, anyway=0.10,
        lead=dict(mobile=0.08, desktop=0.20), opportunity=0.52, customer=0.44,
    ),
    "seo": dict(
        visits=24.2, budget=60.0, half=100.0, mobile=0.20, anyway=0.30,
        lead=dict(mobile=0.05, desktop=0.14), opportunity=0.62, customer=0.52,
    ),
    "brand_search": dict(
        visits=2.0, budget=7.0, half=2.0, mobile=0.50, anyway=0.95,
        lead=dict(mobile=0.12, desktop=0.24), opportunity=0.70, customer=0.58,
    ),
    "content": dict(
        visits=2.6, budget=14.0, half=20.0, mobile=0.50, anyway=0.05,
        lead=dict(mobile=0.06, desktop=0.10), opportunity=0.52, customer=0.50,
    ),
    "social": dict(
        visits=2.2, budget=5.0, half=4.0, mobile=0.80, anyway=0.25,
        lead=dict(mobile=0.05, desktop=0.12), opportunity=0.50, customer=0.45,
    ),
    "partner": dict(
        visits=1.8, budget=16.0, half=20.0, mobile=0.40, anyway=0.10,
        lead=dict(mobile=0.10, desktop=0.18), opportunity=0.70, customer=0.60,
    ),
    "offline": dict(
        visits=1.5, budget=20.0, half=12.0, mobile=0.80, anyway=0.10,
        lead=dict(mobile=0.07, desktop=0.12), opportunity=0.60, customer=0.50,
    ),
    "direct": dict(
        visits=1.8, budget=0.0, half=0.0, mobile=0.50, anyway=1.00,
        lead=dict(mobile=0.09, desktop=0.16), opportunity=0.60, customer=0.50,
    ),
}  # fmt: skip


MODEL = {
    "span": {"history": "2023-07-01", "log": "2026-01-01", "end": "2026-06-30"},
    "channels": CHANNELS,
    "traffic": {
        "pulses": [0.4, 0.7, 1.0, 1.0, 1.4, 2.0],
        "weekday": [1.08, 1.10, 1.08, 1.04, 0.96, 0.82, 0.92],
        "month": [1.15, 1.02, 1.0, 0.97, 0.93, 0.85, 0.80, 0.90, 1.22, 1.12, 1.05, 0.99],
        "growth_per_year": 0.06,
        "ar1": 0.6,
        "noise_sd": 0.10,
        "press": {
            "from": "2026-05-11",
            "to": "2026-05-31",
            "factor": 2.6,
            "channels": ["seo", "brand_search", "content", "direct"],
        },
    },
    # Visits that are not a person's first: students and others who come back. They share the
    # season, the trend and the shocks of `traffic`; on public holidays fewer come.
    "returns": {"visits": 150.0, "on_holidays": 0.6},
    "holidays": {
        "New Year's Day": ["2024-01-01", "2025-01-01", "2026-01-01"],
        "Good Friday": ["2024-03-29", "2025-04-18", "2026-04-03"],
        "Easter Monday": ["2024-04-01", "2025-04-21", "2026-04-06"],
        "Labour Day": ["2024-05-01", "2025-05-01", "2026-05-01"],
        "Midsummer": ["2024-06-24", "2025-06-24", "2026-06-24"],
        "Founders' Day": ["2023-10-03", "2024-10-03", "2025-10-03"],
        "All Saints": ["2023-11-01", "2024-11-01", "2025-11-01"],
        "Christmas Eve": ["2023-12-24", "2024-12-24", "2025-12-24"],
        "Christmas Day": ["2023-12-25", "2024-12-25", "2025-12-25"],
        "Boxing Day": ["2023-12-26", "2024-12-26", "2025-12-26"],
        "New Year's Eve": ["2023-12-31", "2024-12-31", "2025-12-31"],
    },
    "tracking": {
        "refused": 0.12,
        "second_device": {"lead": 0.25, "other": 0.05},
        "duplicates": 0.02,
        "late_rows": 0.03,
        "outage": "2026-03-18",
        "bots": 12,
    },
    "steps": {
        "lead_in_first_session": 0.55,
        "form_completed": {"mobile": 0.40, "desktop": 0.65},
        "delay_days": {
            "visit to lead, later session": {"median": 4.0, "sigma": 1.1},
            "lead to opportunity": {"median": 6.5, "sigma": 0.9},
            "opportunity to customer": {"median": 9.0, "sigma": 0.8},
        },
        "click_without_form": {"mobile": 0.03, "desktop": 0.012},
        "calls_at_once": 0.08,
        "enrols_in_that_session": 0.20,
        "call_before_form": 0.05,
        "enrols_without_call": 0.04,
        "comes_back_as_lead": {"customer": 0.08, "other": 0.10},
        "more_sessions": {"lead": 1.4, "other": 0.6},
    },
    "walk_ins": {"per_day": 0.80, "partner": 0.60},
    "products": {"subscriptions_from": "2024-01-01", "subscription": 0.39},
    "orders": {
        "bgnbd": {"r": 0.8, "alpha_weeks": 9.0, "a": 0.9, "b": 2.5},
        "gamma_gamma": {"p": 6.0, "q": 4.0, "gamma": 80.0},
        "partner_spend_power": 0.35,
        "cost_share": {"mean": 0.38, "sd": 0.04},
        "split_same_day": 0.03,
    },
    "leads": LEADS,
    "pipeline": PIPELINE,
    "experiments": EXPERIMENTS,
    "past_tests": PAST_TESTS,
    "geo": GEO,
    "journeys": JOURNEYS,
    "library": LIBRARY,
    "nurturing": NURTURING,
    "subscriptions": {
        "plus": 0.40,
        "price": {"basic": 29.0, "plus": 49.0},
        "churn_a": 0.7,
        "churn_b": {"basic": 2.75, "plus": 3.7},
        "churn_b_factor": {"social_ads": 0.70, "partner": 1.40},
    },
    # Unhappy customers leave sooner. Those in between rarely answer, and of those with strong
    # feelings the happy ones answer most: so the answers look better than the customers feel.
    "surveys": {
        "first": "2024-03-01",
        "every_months": 3,
        "after_days": 14,
        "satisfaction": {"churn_a": 0.7, "churn_b": 3.0, "churn_weight": 0.8, "mood_sd": 0.4},
        "csat_at_least": {"2": -0.8, "3": -0.1, "4": 0.5, "5": 1.4},
        "nps": {"mean": 6.4, "slope": 1.7, "sd": 0.8},
        "answers": {"1": 0.40, "2": 0.22, "3": 0.18, "4": 0.36, "5": 0.60},
        "answer_delay_days": {"median": 2.0, "sigma": 0.9, "within": 14},
    },
    # What a week's campaign earns; no table, a simulator that is asked (`world.campaigns`).
    "campaign": {
        "channels": {
            "social_ads": {"leads": 75.0, "half": 0.5, "base": -3.0, "gain": 3.4},
            "search": {"leads": 30.0, "half": 0.3, "base": -0.8, "gain": 0.2},
        },
        "tired": 0.2,
        "mails": 0.5,
        "mails_per_discount": 18.0,
        "discount_scale": 0.15,
        "price": 400.0,
        "margin": 0.55,
        "fixed_cost": 500.0,
        "noise": 320.0,
    },
}


REGION_SHARE = [0.24, 0.18, 0.14, 0.12, 0.10, 0.09, 0.07, 0.06]


FIRST_PAGE = {
    "social_ads": "lesson",
    "seo": "lesson",
    "brand_search": "home",
    "content": "blog",
    "social": "blog",
    "partner": "course",
    "offline": "home",
    "direct": "home",
    "email": "course",
}


# The next page, given this one: the pages, and how often each is chosen.
NEXT_PAGE = {
    "home": (["lesson", "catalogue", "course"], [0.40, 0.40, 0.20]),
    "blog": (["lesson", "home", "catalogue"], [0.55, 0.25, 0.20]),
    "lesson": (["lesson", "course", "catalogue"], [0.45, 0.30, 0.25]),
    "catalogue": (["course", "lesson"], [0.75, 0.25]),
    "course": (["pricing", "lesson", "catalogue"], [0.45, 0.30, 0.25]),
    "pricing": (["course", "catalogue", "home"], [0.50, 0.30, 0.20]),
}


STEP_PAGE = {"lead": "form", "opportunity": "booking", "customer": "checkout"}


LATER_CHANNEL = ["direct", "brand_search", "seo", "social"]


LATER_SHARE = {"early": [0.60, 0.15, 0.17, 0.08], "late": [0.42, 0.48, 0.07, 0.03]}


def last_second() -> int:
    """Return the last second of the world."""
    return seconds_of(MODEL["span"]["end"]) + DAY - 1
