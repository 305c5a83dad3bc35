"""Maximum likelihood: minimise a cost, and see that the data pin the parameters down."""

import numpy as np

__all__ = ["curvature", "minimise"]


def __dir__():
    return __all__


def minimise(cost, start, names, n):
    """Minimise a mean cost over log-parameters; refuse a minimum that the data do not pin down.

    Parameters
    ----------
    cost : callable
        Takes the logarithms of the parameters; returns the mean cost per customer (minus the mean
        log-likelihood) and its gradient.
    start : array
        Logarithms of the parameters to begin with.
    names : sequence of str
        Names of the parameters, for messages.
    n : int
        Number of customers that the mean is over.

    Returns
    -------
    array
        Logarithms of the parameters.
    """
    from scipy.optimize import minimize

    with np.errstate(all="ignore"):  # where a parameter runs away, as is seen below
        found = minimize(
            cost,
            start,
            jac=True,
            hess=lambda theta: curvature(cost, theta),
            method="trust-exact",
            options={
                "gtol": 1e-9,
                "initial_trust_radius": 0.5,
                "max_trust_radius": 2.0,
                "maxiter": 60,
            },
        )
        bend = curvature(cost, found.x)
    # How far each parameter is from 1, and the uncertainty (standard error) along the direction
    # in which the cost rises least, both in logarithms: here, factors of 10,000 and of 150.
    runs = np.abs(found.x) > np.log(1e4)
    finite = np.isfinite(bend).all()
    pinned = finite and np.linalg.eigvalsh(bend)[0] * n > 1 / np.log(150) ** 2
    if runs.any() or not pinned or np.abs(found.jac).max() > 1e-5:
        running = [
            f"{name} {'grows' if value > 0 else 'shrinks'} without end"
            for name, value in zip(names, found.x, strict=True)
            if abs(value) > np.log(100)
        ]
        why = " and ".join(running) or "quite different parameters fit as well"
        raise ValueError(
            f"the data of {n:,} customers cannot identify the model: {why}. Take more customers "
            "or a longer time; if nobody ever seems to leave, or all are alike, a simpler model "
            "will do"
        )
    return found.x


def curvature(cost, theta, step=1e-4):
    """Return the matrix of second derivatives, from differences of the gradient."""
    rows = [
        (cost(theta + step * one)[1] - cost(theta - step * one)[1]) / (2 * step)
        for one in np.eye(len(theta))
    ]
    return (np.array(rows) + np.transpose(rows)) / 2
