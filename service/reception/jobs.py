"""What goes on by itself: visits that nobody came to are marked as missed."""

from service.core.jobs import Job
from service.reception import desk

JOBS = (Job("mark_no_shows", 60, desk.mark_no_shows),)
