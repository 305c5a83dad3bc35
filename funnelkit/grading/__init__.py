"""A folder of submitted notebooks becomes a table of marks.

`grade` finds, runs and judges the submissions; `sandbox` shuts them off from the machine;
`run_submission` is what runs inside.
"""

from funnelkit.grading.grade import *  # noqa: F403
