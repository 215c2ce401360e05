"""Registers: teachers and their groups, lessons, attendance, lists, messages to parents."""

from schemas import problems as p
from service.core.operations import CITIZEN, Operation, Transaction, staff
from service.registers import lessons, lists, messages, teachers, trials
from service.registers.sheets import XLSX

_INSTITUTION = "/v1/institutions/{institution_id}"
_GROUP = _INSTITUTION + "/groups/{group_id}"
_LESSON = _GROUP + "/lessons/{lesson_id}"
_PUBLISHES = staff("programmes:write")
_READS = staff("applications:read", teachers=True)
_WRITES = staff("applications:write", teachers=True)

OPERATIONS = (
    # Teachers
    Operation(
        "PUT", _INSTITUTION + "/teachers/{teacher_id}", "putTeacher", teachers.put_teacher,
        _PUBLISHES, Transaction.WRITE, "Write a teacher down",
    ),
    Operation(
        "DELETE", _INSTITUTION + "/teachers/{teacher_id}", "deleteTeacher", teachers.delete_teacher,
        _PUBLISHES, Transaction.WRITE, "Take a teacher away",
    ),
    Operation(
        "GET", _INSTITUTION + "/teachers", "listTeachers", teachers.list_teachers,
        _PUBLISHES, Transaction.READ, "List teachers",
    ),
    Operation(
        "POST", _INSTITUTION + "/teachers/{teacher_id}/invitations", "inviteTeacher", teachers.invite_teacher,
        _PUBLISHES, Transaction.STATEMENT, "Invite a teacher", status=201, refusals=(p.TEACHER_NOT_FOUND,),
    ),
    Operation(
        "POST", "/v1/teachers/join", "joinAsTeacher", teachers.join_as_teacher,
        CITIZEN, Transaction.STATEMENT, "Become a teacher by a code",
        refusals=(p.TEACHER_CODE_NOT_FOUND, p.TOO_MANY_ATTEMPTS),
    ),
    Operation(
        "PUT", _GROUP + "/teachers", "putGroupTeachers", teachers.put_group_teachers,
        _PUBLISHES, Transaction.WRITE, "Say who teaches a group", refusals=(p.GROUP_NOT_FOUND, p.TEACHER_UNKNOWN),
    ),
    Operation(
        "GET", _INSTITUTION + "/my-groups", "listMyGroups", teachers.list_my_groups,
        _READS, Transaction.READ, "List the caller's groups",
    ),
    # Lessons
    Operation(
        "GET", _GROUP + "/lessons", "listLessons", lessons.list_lessons,
        _READS, Transaction.READ, "List lessons", refusals=(p.GROUP_NOT_FOUND, p.DATES_CROSSED),
    ),
    Operation(
        "GET", _LESSON, "getLessonSheet", lessons.get_lesson_sheet,
        _READS, Transaction.READ, "Get who is in a lesson", refusals=(p.GROUP_NOT_FOUND, p.LESSON_NOT_FOUND),
        discloses=("items.person.id", "trials.person.id"),
    ),
    Operation(
        "PUT", _LESSON + "/attendance", "putAttendance", lessons.put_attendance,
        _WRITES, Transaction.WRITE, "Write down who was there",
        refusals=(
            p.GROUP_NOT_FOUND, p.LESSON_NOT_FOUND, p.LESSON_NOT_BEGUN, p.LESSON_CANCELLED, p.ATTENDANCE_CLOSED,
            p.NOT_IN_GROUP,
        ),
        discloses=("items.person.id", "trials.person.id"),
    ),
    Operation(
        "POST", _LESSON + "/cancel", "cancelLesson", lessons.cancel_lesson,
        _WRITES, Transaction.WRITE, "Cancel or move a lesson",
        refusals=(p.GROUP_NOT_FOUND, p.LESSON_NOT_FOUND, p.LESSON_BEGUN, p.LESSON_PLACE_UNKNOWN),
    ),
    Operation(
        "GET", _GROUP + "/attendance", "getAttendance", lessons.get_attendance,
        _READS, Transaction.READ, "Get a month's attendance", refusals=(p.GROUP_NOT_FOUND,),
        discloses=("items.person.id",),
    ),
    Operation(
        "GET", "/v1/applications/{application_id}/lessons", "listChildLessons", lessons.list_child_lessons,
        CITIZEN, Transaction.READ, "List the lessons of one's child",
        refusals=(p.APPLICATION_NOT_FOUND, p.DATES_CROSSED),
    ),
    # Lists
    Operation(
        "GET", _GROUP + "/list", "getGroupList", lists.get_group_list,
        _READS, Transaction.READ, "Get a group's list", refusals=(p.GROUP_NOT_FOUND,),
        discloses=("items.person.id",),
    ),
    Operation(
        "GET", _GROUP + "/list.xlsx", "getGroupListXlsx", lists.get_group_list_xlsx,
        _READS, Transaction.READ, "Get a group's list as a spreadsheet", produces=XLSX,
        refusals=(p.GROUP_NOT_FOUND,),
        discloses=("items.person.id",),
    ),
    Operation(
        "GET", _GROUP + "/list.html", "getGroupListHtml", lists.get_group_list_html,
        _READS, Transaction.READ, "Get a group's list to print", produces="text/html", refusals=(p.GROUP_NOT_FOUND,),
        discloses=("items.person.id",),
    ),
    # Trial lessons
    Operation(
        "POST", "/v1/trials", "bookTrial", trials.book_trial, CITIZEN, Transaction.WRITE, "Book a trial lesson",
        status=201,
        refusals=(
            p.PERSON_NOT_FOUND, p.GROUP_NOT_FOUND, p.GROUP_LOCKED, p.TRIALS_NOT_OFFERED, p.LESSON_NOT_FOUND,
            p.LESSON_CANCELLED, p.LESSON_BEGUN, p.TRIAL_TOO_EARLY, p.TOO_YOUNG, p.TOO_OLD, p.ALREADY_APPLIED,
            p.TRIAL_EXISTS, p.TRIAL_FULL, p.PERSON_BUSY, p.CONSENT_MISSING, p.APPLYING_PAUSED, p.TOO_MANY_TODAY,
        ),
    ),
    Operation(
        "GET", "/v1/trials", "listTrials", trials.list_trials, CITIZEN, Transaction.READ, "List trial lessons",
    ),
    Operation(
        "POST", "/v1/trials/{trial_id}/cancel", "cancelTrial", trials.cancel_trial, CITIZEN, Transaction.STATEMENT,
        "Cancel a trial lesson", refusals=(p.TRIAL_NOT_FOUND, p.LESSON_BEGUN),
    ),
    # Messages
    Operation(
        "POST", _GROUP + "/messages", "sendMessage", messages.send_message,
        _WRITES, Transaction.STATEMENT, "Send a message to a group's parents", status=201,
        refusals=(p.GROUP_NOT_FOUND, p.TOO_MANY_MESSAGES),
    ),
    Operation(
        "GET", _GROUP + "/messages", "listGroupMessages", messages.list_group_messages,
        _READS, Transaction.READ, "List a group's messages", refusals=(p.GROUP_NOT_FOUND,),
    ),
    Operation(
        "GET", "/v1/applications/{application_id}/messages", "listMessages", messages.list_messages,
        CITIZEN, Transaction.READ, "List messages about an application", refusals=(p.APPLICATION_NOT_FOUND,),
    ),
)  # fmt: skip
