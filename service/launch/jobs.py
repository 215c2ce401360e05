"""What goes on by itself: assertions are forgotten, joined accounts hand over."""

from service.core.jobs import Job
from service.launch import claiming, identities, usecases

JOBS = (
    Job("forget_assertions", 300, usecases.forget_assertions),
    Job("forget_wrong_claims", 300, claiming.forget_wrong_claims),
    Job("hand_over_the_rest", 60, identities.hand_over_the_rest),
)
