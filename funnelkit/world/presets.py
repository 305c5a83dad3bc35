"""Four firms that the simulator can be, one per industry: illustrative, not benchmarks.

The numbers were chosen so that the four differ in what a lesson is about: the length of the cycle,
the value of a customer, and where the funnel is narrow. No firm was measured for them. They are
``MODEL["industries"]``, and so in ``datasets/truth.json``.
"""

__all__ = ["INDUSTRIES"]

# Of each firm: `visits` a week in a usual month and each month's factor, January first; the share
# of those at one step who go on to the next, and how long they take; what a customer pays, and
# the share of it that is margin. Where advisers speak with each customer, `advisers` says how many
# calls they hold in a week, how long people wait for one on average before they give up, and the
# part of the closing rate that is left for each week waited. `levers` were tried beforehand, each
# on people drawn at random: the step, its rate without and with the lever, the people in each
# group, and what the lever costs in a week; or how many calls it adds.
INDUSTRIES = {
    "from": "2025-06-30",
    "weeks": 52,
    "note": "illustrative, not benchmarks",
    "firms": {
        "retail": {
            "steps": ["visit", "basket", "checkout", "order"],
            "visits": 600.0,
            "month": [0.90, 0.85, 0.92, 0.95, 0.97, 0.95, 0.90, 0.88, 0.98, 1.05, 1.30, 1.45],
            "rates": {"basket": 0.10, "checkout": 0.45, "order": 0.65},
            "delay_days": {
                "basket": {"median": 0.01, "sigma": 1.0},
                "checkout": {"median": 0.03, "sigma": 1.6},
                "order": {"median": 0.003, "sigma": 0.8},
            },
            "value": {"median": 55.0, "sigma": 0.5},
            "margin": 0.40,
            "advisers": None,
            "levers": {
                "product videos": {
                    "step": "basket", "without": 0.10, "with": 0.13, "n": 6000, "cost": 250.0,
                },
                "guest checkout": {
                    "step": "checkout", "without": 0.45, "with": 0.56, "n": 800, "cost": 60.0,
                },
                "free returns": {
                    "step": "order", "without": 0.65, "with": 0.69, "n": 400, "cost": 90.0,
                },
            },
        },
        "finance": {
            "steps": ["visit", "quote", "appointment", "advice", "contract"],
            "visits": 320.0,
            "month": [1.25, 1.05, 1.00, 0.95, 0.92, 0.90, 0.85, 0.85, 0.98, 1.00, 1.15, 1.10],
            "rates": {"quote": 0.12, "appointment": 0.30, "contract": 0.30},
            "delay_days": {
                "quote": {"median": 0.5, "sigma": 1.2},
                "appointment": {"median": 3.0, "sigma": 1.0},
                "advice": {"median": 4.0, "sigma": 0.5},
                "contract": {"median": 14.0, "sigma": 0.7},
            },
            "value": {"median": 700.0, "sigma": 0.6},
            "margin": 0.60,
            "advisers": {"calls_per_week": 24, "patience_weeks": 4.0, "kept_per_week": 0.90},
            "levers": {
                "clearer quote": {
                    "step": "quote", "without": 0.12, "with": 0.14, "n": 4000, "cost": 150.0,
                },
                "call back in a day": {
                    "step": "appointment", "without": 0.30, "with": 0.38, "n": 600, "cost": 110.0,
                },
                "needs checklist": {
                    "step": "contract", "without": 0.30, "with": 0.39, "n": 400, "cost": 300.0,
                },
                "one more adviser": {"step": "advice", "adds": 12, "cost": 1100.0},
            },
        },
        "education": {
            "steps": ["visit", "trial_lesson", "booking", "call", "enrolment"],
            "visits": 280.0,
            "month": [1.10, 1.02, 1.00, 0.98, 0.95, 0.92, 0.88, 0.95, 1.15, 1.05, 1.00, 0.95],
            "rates": {"trial_lesson": 0.25, "booking": 0.45, "enrolment": 0.30},
            "delay_days": {
                "trial_lesson": {"median": 1.0, "sigma": 1.2},
                "booking": {"median": 4.0, "sigma": 1.0},
                "call": {"median": 3.0, "sigma": 0.5},
                "enrolment": {"median": 7.0, "sigma": 0.8},
            },
            "value": {"median": 380.0, "sigma": 0.35},
            "margin": 0.60,
            "advisers": {"calls_per_week": 20, "patience_weeks": 4.0, "kept_per_week": 0.85},
            "levers": {
                "shorter form": {
                    "step": "trial_lesson", "without": 0.25, "with": 0.30, "n": 3000,
                    "cost": 150.0,
                },
                "reminder mails": {
                    "step": "booking", "without": 0.45, "with": 0.52, "n": 900, "cost": 60.0,
                },
                "training": {
                    "step": "enrolment", "without": 0.22, "with": 0.29, "n": 600, "cost": 200.0,
                },
                "one more adviser": {"step": "call", "adds": 10, "cost": 800.0},
            },
        },
        "technology": {
            "steps": ["visit", "sign_up", "demo_request", "demo", "licence"],
            "visits": 200.0,
            "month": [1.05, 1.05, 1.08, 1.02, 1.00, 0.98, 0.85, 0.80, 1.05, 1.08, 1.04, 0.80],
            "rates": {"sign_up": 0.10, "demo_request": 0.30, "licence": 0.22},
            "delay_days": {
                "sign_up": {"median": 2.0, "sigma": 1.0},
                "demo_request": {"median": 10.0, "sigma": 0.9},
                "demo": {"median": 5.0, "sigma": 0.5},
                "licence": {"median": 50.0, "sigma": 0.6},
            },
            "value": {"median": 2000.0, "sigma": 0.7},
            "margin": 0.75,
            "advisers": {"calls_per_week": 12, "patience_weeks": 8.0, "kept_per_week": 0.95},
            "levers": {
                "new landing page": {
                    "step": "sign_up", "without": 0.10, "with": 0.12, "n": 1300, "cost": 300.0,
                },
                "hands-on guide": {
                    "step": "demo_request", "without": 0.30, "with": 0.36, "n": 250,
                    "cost": 150.0,
                },
                "tailored demo": {
                    "step": "licence", "without": 0.22, "with": 0.28, "n": 75, "cost": 500.0,
                },
                "one more engineer": {"step": "demo", "adds": 6, "cost": 1500.0},
            },
        },
    },
}  # fmt: skip
