"""What goes on by itself: places that were kept too long."""

from service.core.jobs import Job
from service.doctors import usecases

JOBS = (Job("expire_holds", 2, usecases.expire_holds),)
