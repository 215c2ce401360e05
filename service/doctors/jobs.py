"""What goes on by itself: places that were kept too long, and what was let go long ago."""

from service.core.jobs import Job
from service.doctors import usecases

JOBS = (Job("expire_holds", 2, usecases.expire_holds), Job("forget_let_go", 3600, usecases.forget_let_go))
