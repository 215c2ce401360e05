"""Applications for a club's place."""

from schemas.problems.shape import Kind, refusal

GROUP_FULL = refusal(
    "group_full", Kind.conflict, "Свободных мест в группе нет", "There are no free places in the group"
)
ENROLMENT_NOT_OPEN = refusal(
    "enrolment_not_open", Kind.conflict, "Запись в группу ещё не открыта", "Enrolment has not opened yet"
)
ENROLMENT_CLOSED = refusal("enrolment_closed", Kind.conflict, "Запись в группу закончилась", "Enrolment has closed")
APPLYING_PAUSED = refusal(
    "applying_paused",
    Kind.too_many,
    "Вы много раз занимали места в группах и отказывались от них: следующее можно будет занять чуть позже",
    "You have taken places in groups and given them up again and again: the next can be taken a little later",
)
TOO_YOUNG = refusal(
    "too_young",
    Kind.conflict,
    "К началу занятий ребёнок ещё мал для этой группы",
    "The child is too young for this group at its start",
)
TOO_OLD = refusal(
    "too_old",
    Kind.conflict,
    "К началу занятий ребёнок старше, чем принимают в эту группу",
    "The child is too old for this group at its start",
)
ALREADY_APPLIED = refusal(
    "already_applied",
    Kind.conflict,
    "На этого ребёнка уже подана заявка в эту группу",
    "This child already has an application to this group",
)
APPLICATION_NOT_FOUND = refusal(
    "application_not_found", Kind.absent, "Заявка не найдена", "The application is not found"
)
APPLICATION_ILLEGAL_MOVE = refusal(
    "application_illegal_move",
    Kind.conflict,
    "Из нынешнего статуса заявки это сделать нельзя",
    "The application's present status does not allow this",
)
GROUP_LOCKED = refusal(
    "group_locked",
    Kind.conflict,
    "Запись в группу приостановлена",
    "Enrolment in the group is paused",
)
GROUP_BY_WISHES = refusal(
    "group_by_wishes",
    Kind.conflict,
    "В эту группу распределяют по пожеланиям: укажите её среди них",
    "This group is filled by ranked wishes: name it among them",
)
GROUP_BEING_FILLED = refusal(
    "group_being_filled",
    Kind.conflict,
    "Сбор заявок закончен, места распределяются",
    "Collecting is over, and places are being given",
)
GROUP_NOT_FILLED = refusal(
    "group_not_filled",
    Kind.conflict,
    "Места в группе ещё не распределены",
    "The places of the group are not given yet",
)
TOO_MANY_APPLICATIONS = refusal(
    "too_many_applications",
    Kind.conflict,
    "На ребёнка уже подано столько заявок, сколько принимает учреждение",
    "The child has as many applications as the institution takes",
)
TOO_MANY_GROUPS = refusal(
    "too_many_groups",
    Kind.conflict,
    "Ребёнок уже занимается в стольких группах, сколько допускает учреждение",
    "The child is in as many groups as the institution allows",
)
FINANCING_NOT_OFFERED = refusal(
    "financing_not_offered",
    Kind.conflict,
    "Группа не финансируется так",
    "The group is not financed so",
)
CERTIFICATE_NEEDED = refusal(
    "certificate_needed",
    Kind.conflict,
    "Сертификат указывают, когда занятия оплачиваются им, и только тогда",
    "A certificate goes with financing by certificate, and with that alone",
)
CERTIFICATE_NOT_FOUND = refusal(
    "certificate_not_found",
    Kind.absent,
    "Сертификат не найден",
    "The certificate is not found",
)
CERTIFICATE_SUSPENDED = refusal(
    "certificate_suspended",
    Kind.conflict,
    "Действие сертификата приостановлено",
    "The certificate is suspended",
)
CERTIFICATE_SPENT = refusal(
    "certificate_spent",
    Kind.conflict,
    "На сертификате не хватает средств",
    "The certificate has not enough left",
)
CERTIFICATE_PROGRAMMES_SPENT = refusal(
    "certificate_programmes_spent",
    Kind.conflict,
    "По сертификату уже выбрано столько программ, сколько он даёт",
    "The certificate is used for as many programmes as it gives",
)
BENEFIT_UNKNOWN = refusal(
    "benefit_unknown",
    Kind.conflict,
    "Такой льготы у учреждения нет",
    "The institution knows no such benefit",
)
TOO_LITTLE_TIME_BETWEEN = refusal(
    "too_little_time_between",
    Kind.conflict,
    "Ребёнок не успеет добраться: рядом по времени у него запись в другом месте",
    "There is too little time to get there: the child is booked elsewhere just before or after",
)
DRAFT_EXISTS = refusal(
    "draft_exists",
    Kind.conflict,
    "Черновик заявки в эту группу у ребёнка уже есть",
    "The child already has a draft of an application to this group",
)
PLACE_NOT_OFFERED = refusal(
    "place_not_offered",
    Kind.conflict,
    "Место по этой заявке сейчас не предложено",
    "No place is offered for this application now",
)
PLACE_OFFER_LAPSED = refusal(
    "place_offer_lapsed",
    Kind.conflict,
    "Срок ответа на предложенное место истёк",
    "The time to answer the offered place is over",
)
FAMILY_FIRST_COME_ONLY = refusal(
    "family_first_come_only",
    Kind.conflict,
    "Вместе подают заявки только в группы, куда принимают в порядке очереди",
    "Siblings apply together only where places are given in the order of coming",
)
