-- Campaigns: children's ranked wishes, and the applications that come of matching them.

-- The wishes of a child as they are shown.
CREATE OR REPLACE FUNCTION shown_wishes(w campaign_wishes) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', w.id, 'campaign_id', w.campaign_id, 'group_ids', to_jsonb(w.group_ids), 'benefits', to_jsonb(w.benefits),
        'matched_group_id', w.matched_group_id, 'rank', w.rank, 'created_at', w.created_at, 'updated_at', w.updated_at,
        'zone', r.zone, 'matched', w.lot IS NOT NULL,
        'person', jsonb_build_object('id', p.id, 'last_name', p.last_name, 'first_name', p.first_name,
                                     'patronymic', p.patronymic))
    FROM persons p, regions r WHERE p.region_id = w.region_id AND p.id = w.person_id AND r.code = w.region_id
$$;

-- A person the citizen looks after, locked against being deleted.
CREATE OR REPLACE FUNCTION lock_ward(p_region smallint, p_citizen uuid, p_person uuid) RETURNS persons
LANGUAGE plpgsql AS $$
DECLARE
    child persons;
BEGIN
    SELECT p.* INTO child FROM guardians g JOIN persons p ON p.region_id = g.region_id AND p.id = g.person_id
    WHERE g.region_id = p_region AND g.citizen_id = p_citizen AND g.person_id = p_person AND p.deleted_at IS NULL
    FOR KEY SHARE OF p;
    PERFORM refuse('person_not_found') WHERE child.id IS NULL;
    RETURN child;
END $$;

-- The campaign, while wishes are taken: who closes it waits for the wishes that are under way, and those that come after it
-- see that it is closed.
CREATE OR REPLACE FUNCTION lock_open_campaign(p_region smallint, p_campaign uuid, p_now timestamptz) RETURNS campaigns
LANGUAGE plpgsql AS $$
DECLARE
    named campaigns;
BEGIN
    SELECT * INTO named FROM campaigns WHERE region_id = p_region AND id = p_campaign FOR SHARE;
    PERFORM refuse(CASE
        WHEN named.id IS NULL THEN 'campaign_not_found'
        WHEN p_now < named.wishes_from THEN 'wishes_not_open'
        WHEN p_now >= named.wishes_until OR named.closed_at IS NOT NULL THEN 'wishes_closed'
    END);
    RETURN named;
END $$;

-- By the region's own id. Locked: who closes the campaign waits for the group that is being published.
CREATE OR REPLACE FUNCTION joinable_campaign(p_region smallint, p_external_id text) RETURNS campaigns
LANGUAGE plpgsql AS $$
DECLARE
    named campaigns;
BEGIN
    SELECT * INTO named FROM campaigns WHERE region_id = p_region AND external_id = p_external_id FOR SHARE;
    RETURN named;
END $$;

-- Why a child can't wish for the group.
CREATE OR REPLACE FUNCTION wish_refusal(place groups, child persons, p_campaign uuid, p_now timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN place.campaign_id IS DISTINCT FROM p_campaign THEN 'wish_not_in_campaign'
        WHEN place.locked_at IS NOT NULL THEN 'group_locked'
        ELSE applicant_refusal(place, child, p_now)
    END;
END $$;

-- Writes down what a child wishes for, in place of what was wished for before. One list for each human being.
CREATE OR REPLACE FUNCTION put_wishes(
    p_region smallint, p_citizen uuid, p_campaign uuid, p_person uuid, p_groups uuid[], p_benefits text[], p_id uuid,
    p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    child persons := lock_ward(p_region, p_citizen, p_person);
    named campaigns := lock_open_campaign(p_region, p_campaign, p_now);
    place groups;
    wished uuid;
    weights smallint[] := '{}';
    written campaign_wishes;
BEGIN
    PERFORM require_consent(p_region, p_citizen, p_person, 'enrolment', p_now);
    PERFORM refuse('too_many_wishes') WHERE cardinality(p_groups) > named.most_wishes;
    FOREACH wished IN ARRAY p_groups LOOP
        SELECT * INTO place FROM groups WHERE region_id = p_region AND id = wished;
        PERFORM refuse(wish_refusal(place, child, p_campaign, p_now));
        weights := weights || benefits_weight(place, child, p_benefits);
    END LOOP;
    PERFORM refuse('benefit_unknown') WHERE EXISTS (
        SELECT FROM unnest(p_benefits) AS claimed WHERE NOT EXISTS (
            SELECT FROM groups g JOIN benefits b ON b.region_id = g.region_id AND b.institution_id = g.institution_id
            WHERE g.region_id = p_region AND g.id = ANY (p_groups) AND b.code = claimed));
    INSERT INTO campaign_wishes (region_id, id, campaign_id, citizen_id, person_id, identity, group_ids, weights,
                                 benefits, created_at, updated_at)
    VALUES (p_region, p_id, p_campaign, p_citizen, p_person, child.identity, p_groups, weights, p_benefits, p_now, p_now)
    ON CONFLICT ON CONSTRAINT campaign_wishes_one_a_child DO UPDATE
    SET citizen_id = p_citizen, group_ids = p_groups, weights = excluded.weights, benefits = p_benefits, updated_at = p_now
    WHERE campaign_wishes.person_id = p_person
    RETURNING * INTO written;
    PERFORM refuse('already_wishing') WHERE written.id IS NULL;
    PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'wishes_put', written.id,
                    jsonb_build_object('campaign_id', p_campaign, 'person_id', p_person), false);
    RETURN shown_wishes(written);
END $$;

-- Takes a child's wishes back. Twice is no error.
CREATE OR REPLACE FUNCTION withdraw_wishes(
    p_region smallint, p_citizen uuid, p_campaign uuid, p_person uuid, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone uuid;
BEGIN
    PERFORM lock_ward(p_region, p_citizen, p_person);
    PERFORM lock_open_campaign(p_region, p_campaign, p_now);
    DELETE FROM campaign_wishes WHERE region_id = p_region AND campaign_id = p_campaign AND person_id = p_person
    RETURNING id INTO gone;
    IF gone IS NOT NULL THEN
        PERFORM journal(p_region, gen_random_uuid(), p_now, p_citizen, 'wishes_withdrawn', gone,
                        jsonb_build_object('campaign_id', p_campaign, 'person_id', p_person), false);
    END IF;
END $$;

-- What takes part, in the order of ids; a wish may name groups that have left the campaign since. A place of the matching is
-- one that nobody has. Each step reads by one index, whatever the planner believes of tables that were just filled.
CREATE OR REPLACE FUNCTION campaign_parts(p_region smallint, p_campaign uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'groups', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', g.id, 'places', g.capacity - g.taken) ORDER BY g.id)
            FROM groups g WHERE g.region_id = p_region AND g.campaign_id = p_campaign), '[]'),
        'wishes', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', w.id, 'groups', w.group_ids, 'weights', w.weights) ORDER BY w.id)
            FROM campaign_wishes w
            WHERE w.region_id = p_region AND w.campaign_id = p_campaign
              AND (SELECT p.deleted_at IS NULL FROM persons p WHERE p.region_id = p_region AND p.id = w.person_id)), '[]'))
$$;

-- Tells each wish its place in the lot and its match. p_matches: [[wish, group, rank]], of which the first has the place
-- p_first.
CREATE OR REPLACE FUNCTION keep_matches(p_region smallint, p_matches jsonb, p_first integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    item jsonb;
    place integer := p_first;
BEGIN
    FOR item IN SELECT jsonb_array_elements(p_matches) LOOP
        UPDATE campaign_wishes
        SET lot = place, matched_group_id = (item ->> 1)::uuid, rank = (item ->> 2)::smallint
        WHERE region_id = p_region AND id = (item ->> 0)::uuid;
        place := place + 1;
    END LOOP;
END $$;

-- Keeps the record, when each wish has been told. Who was matched late has as long to confirm.
CREATE OR REPLACE FUNCTION keep_campaign_record(p_region smallint, p_campaign uuid, p_record jsonb, p_now timestamptz)
RETURNS void LANGUAGE sql AS $$
    UPDATE campaigns SET
        record = p_record, matched_at = p_now,
        confirm_until = CASE WHEN confirm_until > p_now THEN confirm_until ELSE p_now + (confirm_until - wishes_until) END,
        matched = (SELECT count(*) FROM campaign_wishes
                   WHERE region_id = p_region AND campaign_id = p_campaign AND rank IS NOT NULL),
        first_choices = (SELECT count(*) FROM campaign_wishes
                         WHERE region_id = p_region AND campaign_id = p_campaign AND rank = 1)
    WHERE region_id = p_region AND id = p_campaign
$$;

-- Writes an application that comes of a wish: offered, or waiting.
CREATE OR REPLACE FUNCTION write_match(
    wish campaign_wishes, child persons, named campaigns, p_group uuid, p_weight smallint, p_offer boolean, p_id uuid,
    p_number text, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place groups;
    made applications;
BEGIN
    SELECT * INTO place FROM groups WHERE region_id = wish.region_id AND id = p_group;
    -- Fewer places than there were: who has none waits before all others.
    p_offer := p_offer AND place.taken < place.capacity;
    IF place.campaign_id IS DISTINCT FROM named.id OR NOT (p_offer OR place.waiting_list) OR EXISTS (
        SELECT FROM applications a
        WHERE a.region_id = wish.region_id AND a.group_id = p_group AND a.identity = child.identity
          AND a.status IN ('submitted', 'under_review', 'invited', 'approved', 'enrolled', 'waiting', 'offered')) THEN
        RETURN;
    END IF;
    made := new_application(place, child, wish.citizen_id, jsonb_build_object(
        'id', p_id, 'number', p_number, 'group_id', p_group, 'person_id', child.id), NULL, p_now);
    made.financing := coalesce(
        (SELECT f ->> 'source' FROM jsonb_array_elements(place.financing) WITH ORDINALITY AS offered (f, nth)
         WHERE f ->> 'source' <> 'certificate' ORDER BY nth LIMIT 1), made.financing);
    made.benefits := wish.benefits;
    made.weight := p_weight;
    made.campaign_id := named.id;
    made.draw_request_id := wish.id;
    made.status := CASE WHEN p_offer THEN 'offered' ELSE 'waiting' END;
    made.offer_expires_at := CASE WHEN p_offer THEN named.confirm_until END;
    made.submitted_at := p_now;
    INSERT INTO applications SELECT made.*;
    PERFORM journal(made.region_id, gen_random_uuid(), p_now, by_itself(), 'application_' || made.status, made.id,
                    jsonb_build_object('group_id', p_group, 'campaign_id', named.id), true);
END $$;

-- Makes applications of the next p_limit wishes in the order of the lot: who was matched is offered that place until the
-- end of confirmation, who was not waits for each of the wishes. Gives through which place in the lot it is done. p_ids,
-- p_numbers: ten for each wish. The caller has locked the campaign: each wish is applied once, whoever is killed.
CREATE OR REPLACE FUNCTION apply_matches(
    p_region smallint, p_campaign uuid, p_limit integer, p_ids uuid[], p_numbers text[], p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    named campaigns;
    wish campaign_wishes;
    child persons;
    used integer := 0;
BEGIN
    SELECT * INTO named FROM campaigns WHERE region_id = p_region AND id = p_campaign;
    PERFORM FROM groups WHERE region_id = p_region AND id = ANY (ARRAY(
        SELECT unnest(CASE WHEN w.rank IS NULL THEN w.group_ids ELSE ARRAY[w.matched_group_id] END)
        FROM campaign_wishes w
        WHERE w.region_id = p_region AND w.campaign_id = p_campaign AND w.lot > named.applied
          AND w.lot <= named.applied + p_limit))
    ORDER BY id FOR NO KEY UPDATE;
    FOR wish IN
        SELECT * FROM campaign_wishes
        WHERE region_id = p_region AND campaign_id = p_campaign AND lot > named.applied AND lot <= named.applied + p_limit
        ORDER BY lot
    LOOP
        SELECT * INTO child FROM persons
        WHERE region_id = p_region AND id = wish.person_id AND deleted_at IS NULL
          AND consent_stands(p_region, wish.citizen_id, wish.person_id, 'enrolment', p_now);
        FOR nth IN 1..cardinality(wish.group_ids) LOOP
            CONTINUE WHEN child.id IS NULL OR wish.matched_group_id <> wish.group_ids[nth];
            used := used + 1;
            PERFORM write_match(wish, child, named, wish.group_ids[nth], wish.weights[nth], wish.rank IS NOT NULL,
                                p_ids[used], p_numbers[used], p_now);
        END LOOP;
    END LOOP;
    UPDATE campaigns SET applied = least(applied + p_limit, wishes) WHERE region_id = p_region AND id = p_campaign
    RETURNING applied INTO used;
    RETURN used;
END $$;

-- The groups are first come from now on, behind those who wait.
CREATE OR REPLACE FUNCTION end_matching(p_region smallint, p_campaign uuid, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM groups WHERE region_id = p_region AND campaign_id = p_campaign ORDER BY id FOR NO KEY UPDATE;
    UPDATE groups SET filled_at = p_now
    WHERE region_id = p_region AND campaign_id = p_campaign AND filled_at IS NULL;
    UPDATE campaigns SET filled_at = p_now WHERE region_id = p_region AND id = p_campaign;
END $$;

-- Whether an application was offered its place by a campaign's matching, and not out of the queue.
CREATE OR REPLACE FUNCTION is_match(a applications) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT a.status = 'offered' AND EXISTS (
        SELECT FROM campaigns c
        WHERE c.region_id = a.region_id AND c.id = a.campaign_id AND c.confirm_until = a.offer_expires_at)
$$;
