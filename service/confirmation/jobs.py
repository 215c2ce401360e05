"""What goes on by itself: attempts that are over are forgotten."""

from service.confirmation import usecases
from service.core.jobs import Job

JOBS = (Job("forget_confirmations", 60, usecases.forget_confirmations),)
