"""What goes on by itself: assertions that have expired are forgotten."""

from service.core.jobs import Job
from service.launch import usecases

JOBS = (Job("forget_assertions", 300, usecases.forget_assertions),)
