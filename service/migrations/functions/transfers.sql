-- Enrolled children change to another group of their institution, by an order.

-- What the new group takes of a certificate for the lessons from that day on; rounded down.
CREATE OR REPLACE FUNCTION certificate_share_from(place groups, p_certificate uuid, p_from timestamptz) RETURNS integer
LANGUAGE sql STABLE AS $$
    SELECT (certificate_cost(place, p_certificate) * count(*) FILTER (WHERE lower(lesson) >= p_from) / count(*))::integer
    FROM unnest(place.lessons) AS lesson
$$;

-- Why the child can't be transferred there; of a full group, of other bookings, and of certificates constraints know.
CREATE OR REPLACE FUNCTION transfer_refusal(
    named applications, place groups, p_starts date, p_age_reason text, p_today date
) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    child persons;
BEGIN
    SELECT * INTO child FROM persons WHERE region_id = named.region_id AND id = named.person_id;
    RETURN CASE
        WHEN named.status <> 'enrolled' THEN 'application_illegal_move'
        WHEN place.filling <> 'first_come' AND place.filled_at IS NULL THEN 'group_not_filled'
        WHEN p_starts NOT BETWEEN place.starts_on AND place.ends_on THEN 'start_outside_group'
        WHEN NOT place.financing @> jsonb_build_array(jsonb_build_object('source', named.financing))
             OR (named.certificate_id IS NOT NULL AND NOT has_price_in_unit(place, named.certificate_id))
            THEN 'financing_not_offered'
        WHEN p_age_reason IS NULL THEN age_refusal(place, child.birth_date, p_today)
    END;
END $$;

-- p_order: {order_number, order_date, starts_on, age_reason}. The terms become those of the new group. Of a certificate,
-- what the lessons there were is used up; the new group takes its share for those to come.
CREATE OR REPLACE FUNCTION transfer_application(
    p_region smallint, p_institution uuid, p_application uuid, p_group uuid, p_order jsonb, p_actor uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    named applications := lock_application(p_region, NULL, p_institution, p_application);
    zone text := (SELECT i.zone FROM institutions i WHERE i.region_id = p_region AND i.id = p_institution);
    place groups;
    starts date;
    used integer := named.certificate_cost - certificate_back(named, p_now);
BEGIN
    IF named.status = 'enrolled' AND named.group_id = p_group THEN
        RETURN;
    END IF;
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group;
    starts := coalesce((p_order ->> 'starts_on')::date, first_day(place, p_now));
    PERFORM refuse(transfer_refusal(named, place, starts, p_order ->> 'age_reason', (p_now AT TIME ZONE zone)::date));
    UPDATE applications SET
        group_id = p_group, terms = group_terms(place), order_number = p_order ->> 'order_number',
        order_date = (p_order ->> 'order_date')::date, enrolled_on = starts, certificate_used = used,
        certificate_cost = used + certificate_share_from(
            place, certificate_id, greatest(starts::timestamp AT TIME ZONE zone, p_now)),
        updated_at = p_now
    WHERE region_id = p_region AND id = p_application;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'application_transferred', p_application,
                    jsonb_build_object('from', named.group_id, 'to', p_group) || p_order, true);
    PERFORM offer_group_places(p_region, named.group_id, p_now);
END $$;
