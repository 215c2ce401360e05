"""What goes on by itself: assertions are forgotten, joined accounts hand over."""

from service.core.jobs import Job
from service.launch import identities, usecases

JOBS = (
    Job("forget_assertions", 300, usecases.forget_assertions),
    Job("hand_over_the_rest", 60, identities.hand_over_the_rest),
)
