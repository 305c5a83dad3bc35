"""The command ``funnelkit``: the lab, the doctor, progress, reset and grading."""
