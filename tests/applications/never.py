"""What must never be in the tables, whatever was done to applications: each statement gives the rows that are wrong."""

NEVER: dict[str, str] = {
    "a place counted wrongly": """
        SELECT g.id FROM groups g WHERE (g.taken, g.waiting) <> (
            SELECT count(*) FILTER (WHERE a.placed), count(*) FILTER (WHERE a.status = 'waiting')
            FROM applications a WHERE a.group_id = g.id)""",
    "a group too full": "SELECT id FROM groups WHERE taken NOT BETWEEN 0 AND capacity",
    "a place of somebody who has none, or none of somebody who has one": """
        SELECT id FROM applications
        WHERE placed <> (status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'offered'))""",
    "one child twice in a group": """
        SELECT identity FROM applications
        WHERE status NOT IN ('draft', 'refused', 'withdrawn', 'expired', 'left')
        GROUP BY group_id, identity HAVING count(*) > 1""",
    "somebody in two places": """
        SELECT one.booking_id FROM engagements one JOIN engagements other
        ON one.identity = other.identity AND one.times && other.times AND one.booking_id < other.booking_id""",
    "a child that is not where it is engaged, or engaged where it is not": """
        SELECT a.id FROM applications a JOIN groups g ON g.id = a.group_id
        LEFT JOIN engagements e ON e.booking_id = a.id
        WHERE e.times IS DISTINCT FROM CASE WHEN a.placed AND a.status <> 'offered'
            AND (a.status = 'enrolled' OR a.overlap_rule = 'refuse') THEN g.lessons END
           OR e.identity <> a.identity""",
    "somebody engaged for nothing": """
        SELECT booking_id FROM engagements WHERE booking_id NOT IN (
            SELECT id FROM applications UNION ALL SELECT id FROM appointments)""",
    "a certificate counted wrongly": """
        SELECT c.id FROM certificates c WHERE (c.reserved, c.spent, c.programmes) <> (
            SELECT coalesce(sum(a.certificate_cost) FILTER (WHERE a.status = 'approved'), 0),
                   coalesce(sum(a.certificate_cost) FILTER (WHERE a.status = 'enrolled'), 0)
                   + coalesce(sum(a.certificate_cost - a.certificate_back) FILTER (WHERE a.status = 'left'), 0),
                   count(*) FILTER (WHERE a.status IN ('approved', 'enrolled'))
            FROM applications a WHERE a.certificate_id = c.id)""",
    "a certificate overspent": """
        SELECT id FROM certificates WHERE reserved < 0 OR spent < 0 OR reserved + spent > nominal""",
    "two of one number in the order": """
        SELECT group_id FROM applications WHERE serial IS NOT NULL GROUP BY group_id, serial HAVING count(*) > 1""",
    "something that nobody will be told of": """
        SELECT a.id FROM applications a WHERE a.serial IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_trail t JOIN outbox o ON o.id = t.id
            WHERE t.subject_id = a.id AND t.event = 'application_' || a.status)""",
    "an offer without an end": """
        SELECT id FROM applications WHERE (status = 'offered') <> (offer_expires_at IS NOT NULL)""",
    "siblings of whom one has a place and another waits, or is still offered one": """
        SELECT family_id FROM applications
        WHERE family_id IS NOT NULL AND status NOT IN ('refused', 'withdrawn', 'expired', 'left')
        GROUP BY family_id
        HAVING count(DISTINCT CASE WHEN status IN ('offered', 'waiting') THEN status ELSE 'placed' END) > 1""",
    # Of those whom nothing but a place keeps waiting: a family needs places elsewhere too.
    "somebody overtaken": """
        SELECT ahead.id FROM applications ahead JOIN applications offered ON offered.group_id = ahead.group_id
        WHERE ahead.status = 'waiting' AND ahead.family_id IS NULL AND offered.status = 'offered'
          AND (-ahead.weight, ahead.serial) < (-offered.weight, offered.serial)""",
}
# Once everything that goes on by itself is done.
WAITS_IN_VAIN = """
    WITH waits AS (
        SELECT coalesce(a.family_id, a.id) AS together, a.group_id, count(*) AS places
        FROM applications a WHERE a.status = 'waiting' GROUP BY 1, 2)
    SELECT w.together FROM waits w JOIN groups g ON g.id = w.group_id
    GROUP BY w.together HAVING bool_and(g.capacity - g.taken >= w.places AND g.locked_at IS NULL)
"""
# By what is written of it, each application came to be once and went by legal moves: it came to each status
# as often as it left it, and one more often to the one it has.
WAYS = """
    WITH steps AS (
        SELECT subject_id, details ->> 'from' AS origin, substr(event, 13) AS status FROM audit_trail
        -- A transfer moves nothing, nor does an order that is written later.
        WHERE event LIKE 'application\\_%' AND substr(event, 13) = ANY ($3::text[])
          AND details ->> 'from' IS DISTINCT FROM substr(event, 13)),
    legal AS (SELECT * FROM unnest($1::text[], $2::text[]) AS legal (origin, status)),
    balance AS (
        SELECT subject_id, status, count(*) AS times FROM steps GROUP BY 1, 2
        UNION ALL
        SELECT subject_id, origin, -count(*) FROM steps WHERE origin IS NOT NULL GROUP BY 1, 2
        UNION ALL
        SELECT id, status, -1 FROM applications)
    SELECT subject_id::text, 'not as it went' AS wrong FROM balance GROUP BY subject_id, status HAVING sum(times) <> 0
    UNION ALL
    SELECT subject_id::text, origin || ' to ' || status FROM steps
    WHERE origin IS NOT NULL AND (origin, status) NOT IN (TABLE legal)
    UNION ALL
    SELECT subject_id::text, 'came to be not once' FROM steps GROUP BY subject_id
    HAVING count(*) FILTER (WHERE origin IS NULL) <> 1
"""
# One statement, for one is asked after every step.
ALL_NEVER = " UNION ALL ".join(
    f"SELECT '{what}' AS what, array_agg(w::text) AS rows FROM ({statement}) AS w HAVING count(*) > 0"  # noqa: S608
    for what, statement in NEVER.items()
)
