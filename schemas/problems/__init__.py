"""Every refusal the API knows, a module for each domain, in one namespace: `problems.TIME_TAKEN`."""

from schemas.problems.any_operation import *
from schemas.problems.applications import *
from schemas.problems.campaigns import *
from schemas.problems.certificates import *
from schemas.problems.clients import *
from schemas.problems.clubs import *
from schemas.problems.confirmations import *
from schemas.problems.consents import *
from schemas.problems.decisions import *
from schemas.problems.doctors import *
from schemas.problems.documents import *
from schemas.problems.draws import *
from schemas.problems.enrolment import *
from schemas.problems.institutions import *
from schemas.problems.launch import *
from schemas.problems.people import *
from schemas.problems.personal_data import *
from schemas.problems.reception import *
from schemas.problems.registers import *
from schemas.problems.schedules import *
from schemas.problems.shape import *
from schemas.problems.staff import *
from schemas.problems.waiting import *
