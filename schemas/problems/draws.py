"""Draws of places, and requests to them."""

from schemas.problems.shape import Kind, refusal

DRAW_NOT_FOUND = refusal("draw_not_found", Kind.absent, "Такой жеребьёвки нет", "There is no such draw")
DRAW_REQUEST_NOT_FOUND = refusal(
    "draw_request_not_found",
    Kind.absent,
    "Такой заявки на жеребьёвку нет",
    "There is no such request to a draw",
)
DRAW_NOT_DRAWN = refusal(
    "draw_not_drawn",
    Kind.absent,
    "Жеребьёвки ещё не было: её запись появится после неё",
    "It is not drawn yet: the record appears when it is",
)
DRAW_NOT_OPEN = refusal(
    "draw_not_open",
    Kind.conflict,
    "Заявки на эту жеребьёвку ещё не принимают",
    "Requests to this draw are not taken yet",
)
DRAW_CLOSED = refusal(
    "draw_closed",
    Kind.conflict,
    "Приём заявок на эту жеребьёвку закончен",
    "Requests to this draw are no longer taken or changed",
)
ALREADY_REQUESTED = refusal(
    "already_requested",
    Kind.conflict,
    "Этот человек уже участвует в жеребьёвке: чтобы изменить пожелания, отзовите его заявку",
    "This person takes part in the draw already: withdraw that request to change its wishes",
)
WISH_NOT_IN_DRAW = refusal(
    "wish_not_in_draw",
    Kind.conflict,
    "В пожеланиях есть время, которое в этой жеребьёвке не разыгрывают",
    "One of the wishes is not a time of this draw",
)
