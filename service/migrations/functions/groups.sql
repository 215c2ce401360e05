-- What is published of a group while children are in it.

-- The children go along with the lessons of their group: what they are engaged in, and what their applications say of the
-- lessons; the parents are told. The caller holds the group's row. A child that is busy then violates
-- engagements_one_place_at_a_time. Returns how many went along.
CREATE OR REPLACE FUNCTION follow_group(p_region smallint, p_group uuid, p_moved boolean, p_actor uuid, p_now timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    place groups;
    says jsonb;
    one applications;
    followed integer := 0;
BEGIN
    SELECT * INTO place FROM groups WHERE region_id = p_region AND id = p_group;
    says := jsonb_build_object('starts_on', place.starts_on, 'ends_on', place.ends_on,
                               'lesson_plan', place.lesson_plan, 'places', place.places);
    UPDATE engagements e SET times = current_lessons(place) FROM applications a
    WHERE a.region_id = p_region AND a.group_id = p_group AND e.region_id = p_region AND e.booking_id = a.id
      AND e.times <> current_lessons(place);
    FOR one IN
        SELECT * FROM applications
        WHERE region_id = p_region AND group_id = p_group AND (p_moved OR terms || says <> terms)
          AND status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')
        ORDER BY id FOR UPDATE
    LOOP
        UPDATE applications SET terms = terms || says, updated_at = p_now WHERE region_id = p_region AND id = one.id;
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_actor, 'application_lessons_moved', one.id,
                        jsonb_build_object('group_id', p_group), true);
        followed := followed + 1;
    END LOOP;
    RETURN followed;
END $$;
