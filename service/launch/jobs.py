"""What goes on by itself: assertions and sessions are forgotten, joined accounts hand over."""

from service.core.jobs import Job
from service.launch import claiming, identities, sessions, usecases

JOBS = (
    Job("forget_assertions", 300, usecases.forget_assertions),
    Job("forget_sessions", 300, sessions.forget_sessions),
    Job("forget_wrong_claims", 300, claiming.forget_wrong_claims),
    Job("hand_over_the_rest", 60, identities.hand_over_the_rest),
)
