-- «Запись к врачу» whole: schedules that make slots, holds, offers, the waiting list, draws, the reception desk.
--
-- No released version serves 0001, so nobody's service waits for these locks.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, ban-drop-not-null

-- How an institution books. Its page's staff set these (putBookingRules); the defaults are what most clinics do.
ALTER TABLE institutions
    ADD COLUMN hold_minutes smallint NOT NULL DEFAULT 10 CHECK (hold_minutes BETWEEN 1 AND 60),
    ADD COLUMN offer_minutes smallint NOT NULL DEFAULT 60 CHECK (offer_minutes BETWEEN 5 AND 2880),
    ADD COLUMN rebooking_hours smallint NOT NULL DEFAULT 48 CHECK (rebooking_hours BETWEEN 1 AND 336),
    ADD COLUMN rest_minutes smallint NOT NULL DEFAULT 0 CHECK (rest_minutes BETWEEN 0 AND 120),
    ADD COLUMN most_tickets smallint CHECK (most_tickets >= 1),
    ADD COLUMN most_bookings smallint CHECK (most_bookings >= 1),
    ADD COLUMN bookings_days smallint NOT NULL DEFAULT 30 CHECK (bookings_days BETWEEN 1 AND 366),
    ADD COLUMN check_referrals boolean NOT NULL DEFAULT false,
    ADD COLUMN noshow_after_minutes smallint CHECK (noshow_after_minutes BETWEEN 5 AND 1440),
    ADD COLUMN noshow_limit smallint CHECK (noshow_limit >= 1),
    ADD COLUMN noshow_days smallint NOT NULL DEFAULT 90 CHECK (noshow_days BETWEEN 1 AND 366),
    ADD COLUMN noshow_pause_days smallint NOT NULL DEFAULT 30 CHECK (noshow_pause_days BETWEEN 1 AND 366);

-- Schedules ---------------------------------------------------------------------------------------------------------

-- rules: weekly hours and exceptions in local time, as published. made_until: through which local day slots are made.
CREATE TABLE schedules (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    external_id text NOT NULL,
    practitioner_id uuid NOT NULL,
    specialty_code text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    rules jsonb NOT NULL,
    policy text NOT NULL CHECK (policy IN ('first_come', 'jittered', 'draw')),
    horizon_days smallint NOT NULL CHECK (horizon_days BETWEEN 1 AND 90),
    release_time time,
    window_minutes smallint NOT NULL DEFAULT 0 CHECK (window_minutes BETWEEN 0 AND 1440),
    min_lead_minutes integer NOT NULL DEFAULT 0 CHECK (min_lead_minutes BETWEEN 0 AND 20160),
    made_until date,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    CONSTRAINT schedules_specialty_of_practitioner
        FOREIGN KEY (region_id, practitioner_id, specialty_code) REFERENCES practitioner_specialties,
    CONSTRAINT schedules_by_own_id UNIQUE (region_id, institution_id, external_id)
);
CREATE INDEX schedules_by_practitioner ON schedules (region_id, practitioner_id);
CREATE INDEX schedules_to_make ON schedules (made_until);

-- Days on which an institution keeps to another calendar than the nation's.
CREATE TABLE calendar_days (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    day date NOT NULL,
    -- closed; or open, by the hours of that ISO weekday.
    works_as smallint CHECK (works_as BETWEEN 1 AND 7),
    PRIMARY KEY (region_id, institution_id, day),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions
);

-- Times at which a practitioner sees nobody.
CREATE TABLE practitioner_blocks (
    region_id smallint NOT NULL,
    practitioner_id uuid NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (region_id, practitioner_id, begins_at, ends_at),
    FOREIGN KEY (region_id, practitioner_id) REFERENCES practitioners,
    CONSTRAINT practitioner_blocks_take_time CHECK (ends_at > begins_at)
);

-- internet_at: from then on citizens may take the place by themselves; 'infinity': never.
-- min_lead_minutes: how long before its start the internet closes. draw_id: the draw that gives its places away.
ALTER TABLE slots
    ADD COLUMN schedule_id uuid,
    ADD COLUMN purpose text NOT NULL DEFAULT 'routine',
    ADD COLUMN channels text[] NOT NULL DEFAULT '{internet,desk,call_centre,doctor,other_clinic}',
    ADD COLUMN access text,
    ADD COLUMN policy text NOT NULL DEFAULT 'first_come',
    ADD COLUMN internet_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN min_lead_minutes integer NOT NULL DEFAULT 0,
    ADD COLUMN draw_id uuid;
ALTER TABLE slots
    ADD CONSTRAINT slots_purpose CHECK (
        purpose IN ('routine', 'repeat', 'referral', 'checkup', 'vaccination', 'home_visit', 'diagnostics')),
    ADD CONSTRAINT slots_channels CHECK (
        channels <@ ARRAY['internet', 'desk', 'call_centre', 'doctor', 'other_clinic'] AND channels <> '{}'),
    ADD CONSTRAINT slots_access CHECK (access IN ('self', 'referral', 'closed')),
    ADD CONSTRAINT slots_policy CHECK (policy IN ('first_come', 'jittered', 'draw'));
-- A practitioner's day, for the reception desk and for schedules.
CREATE INDEX slots_of_practitioner ON slots (region_id, practitioner_id, starts_at, id);
CREATE INDEX slots_of_schedule ON slots (region_id, schedule_id, starts_at) WHERE schedule_id IS NOT NULL;
-- Free places of a specialty at one institution and in the whole region. What says whether citizens may take a place now
-- comes along, so that the first free ones are found in the index alone.
DROP INDEX slots_free;
CREATE INDEX slots_free ON slots (region_id, institution_id, specialty_code, starts_at, id)
    INCLUDE (internet_at, min_lead_minutes, access) WHERE status = 'open' AND taken < capacity;
CREATE INDEX slots_free_in_region ON slots (region_id, specialty_code, starts_at, id)
    WHERE status = 'open' AND taken < capacity;

-- Tickets -----------------------------------------------------------------------------------------------------------

-- orphaned: the clinic took the time away; the ticket is still the citizen's, and has an open offer of another time.
ALTER TABLE appointments
    DROP CONSTRAINT appointments_status_check,
    DROP CONSTRAINT appointments_source_check,
    DROP CONSTRAINT appointments_active_are_booked,
    ALTER COLUMN citizen_id DROP NOT NULL,
    ADD COLUMN sequence smallint NOT NULL DEFAULT 0,
    ADD COLUMN purpose text NOT NULL DEFAULT 'routine',
    ADD COLUMN home_address_sealed text,
    -- Why staff went over a rule.
    ADD COLUMN override_reason text,
    ADD COLUMN arrived_at timestamptz,
    ADD COLUMN fulfilled_at timestamptz,
    -- Before the start of its time: then its place was given back.
    ADD COLUMN noshow_at timestamptz,
    ADD COLUMN appeal text,
    ADD COLUMN appeal_decided_at timestamptz,
    ADD COLUMN excused boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT appointments_status CHECK (
        status IN ('booked', 'orphaned', 'arrived', 'fulfilled', 'noshow', 'cancelled')),
    ADD CONSTRAINT appointments_source CHECK (
        source IN ('internet', 'desk', 'call_centre', 'doctor', 'other_clinic')),
    ADD CONSTRAINT appointments_active_status CHECK (
        NOT active OR status IN ('booked', 'orphaned', 'arrived'));
DROP INDEX appointments_person_once_a_slot;
CREATE UNIQUE INDEX appointments_person_once_a_slot ON appointments (region_id, slot_id, identity)
    WHERE status IN ('booked', 'arrived');
CREATE UNIQUE INDEX appointments_referral_once
    ON appointments (region_id, institution_id, specialty_code, referral_number)
    WHERE referral_number IS NOT NULL AND status NOT IN ('cancelled', 'noshow');
-- The day sheet shows all but the cancelled ones; free places ask for the booked and arrived.
CREATE INDEX appointments_by_slot ON appointments (region_id, slot_id) WHERE status <> 'cancelled';
CREATE INDEX appointments_by_identity ON appointments (region_id, institution_id, identity, created_at);
-- By institution: those that have not set when a ticket expires keep their past ones as booked.
CREATE INDEX appointments_overdue ON appointments (region_id, institution_id, starts_at) WHERE status = 'booked';
CREATE INDEX appointments_appealed ON appointments (region_id, institution_id, starts_at, id)
    WHERE appeal IS NOT NULL AND status = 'noshow';
-- A ticket that staff made over a rule, with a reason, may be the second one to its specialty.
DROP INDEX appointments_one_a_specialty;
CREATE UNIQUE INDEX appointments_one_a_specialty ON appointments (region_id, institution_id, specialty_code, identity)
    WHERE active AND override_reason IS NULL;

-- What a clinic or a registry knows of referrals (направления).
CREATE TABLE referrals (
    region_id smallint NOT NULL,
    institution_id uuid NOT NULL,
    number text NOT NULL,
    specialty_code text NOT NULL REFERENCES specialties,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    -- Whom it is for, by the hash of their СНИЛС; null where the registry does not say.
    identity bytea,
    PRIMARY KEY (region_id, institution_id, number),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    CONSTRAINT referrals_take_time CHECK (valid_to >= valid_from)
);

-- The waiting list --------------------------------------------------------------------------------------------------

-- queued_at is the place in the queue: an offer that lapsed sends to its end, one that was declined ends the waiting.
CREATE TABLE waiting_entries (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL REFERENCES specialties,
    practitioner_id uuid,
    citizen_id uuid NOT NULL,
    day_from date NOT NULL,
    day_to date NOT NULL,
    time_from time NOT NULL,
    time_to time NOT NULL,
    referral_number text,
    status text NOT NULL CHECK (status IN ('waiting', 'offered', 'served', 'declined', 'left', 'expired')),
    lapses smallint NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    FOREIGN KEY (region_id, practitioner_id) REFERENCES practitioners,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens,
    CONSTRAINT waiting_entries_take_time CHECK (day_to >= day_from AND time_to > time_from)
);
CREATE INDEX waiting_entries_queue ON waiting_entries (region_id, institution_id, specialty_code, queued_at, id)
    WHERE status = 'waiting';
CREATE INDEX waiting_entries_by_citizen ON waiting_entries (region_id, citizen_id, id);
CREATE INDEX waiting_entries_by_end ON waiting_entries (region_id, day_to) WHERE status = 'waiting';
-- How fast a queue moves.
CREATE INDEX waiting_entries_ended ON waiting_entries (region_id, institution_id, specialty_code, ended_at)
    WHERE ended_at IS NOT NULL;

CREATE TABLE waiting_persons (
    region_id smallint NOT NULL,
    entry_id uuid NOT NULL,
    person_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL,
    identity bytea NOT NULL,
    active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (region_id, entry_id, person_id),
    FOREIGN KEY (region_id, entry_id) REFERENCES waiting_entries,
    FOREIGN KEY (region_id, person_id) REFERENCES persons
);
CREATE UNIQUE INDEX waiting_persons_once ON waiting_persons (region_id, institution_id, specialty_code, identity)
    WHERE active;
CREATE INDEX waiting_persons_by_person ON waiting_persons (region_id, person_id);

-- A timed exclusive hold of places: to one who waits (entry_id), or to one whose time the clinic took away
-- (appointment_id). places: [{"slot_id", "person_id"}]. While it holds places, each of them has its row in holds.
CREATE TABLE offers (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL,
    citizen_id uuid,
    entry_id uuid,
    appointment_id uuid,
    places jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')),
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, entry_id) REFERENCES waiting_entries,
    FOREIGN KEY (region_id, appointment_id) REFERENCES appointments,
    CONSTRAINT offers_to_one CHECK ((entry_id IS NULL) <> (appointment_id IS NULL))
);
CREATE UNIQUE INDEX offers_one_an_entry ON offers (region_id, entry_id) WHERE status = 'open';
CREATE UNIQUE INDEX offers_one_an_appointment ON offers (region_id, appointment_id) WHERE status = 'open';
CREATE INDEX offers_of_entry ON offers (region_id, entry_id);
CREATE INDEX offers_by_citizen ON offers (region_id, citizen_id, id);
CREATE INDEX offers_by_institution ON offers (region_id, institution_id, specialty_code, id);
CREATE INDEX offers_to_expire ON offers (region_id, expires_at) WHERE status = 'open';

-- A place kept for minutes while a form is filled, or for as long as an offer stands. It counts as taken.
CREATE TABLE holds (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    slot_id uuid NOT NULL,
    institution_id uuid NOT NULL,
    citizen_id uuid,
    offer_id uuid,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, slot_id) REFERENCES slots,
    FOREIGN KEY (region_id, offer_id) REFERENCES offers,
    CONSTRAINT holds_of_someone CHECK (citizen_id IS NOT NULL OR offer_id IS NOT NULL)
);
CREATE UNIQUE INDEX holds_one_a_citizen ON holds (region_id, institution_id, citizen_id) WHERE offer_id IS NULL;
CREATE INDEX holds_by_slot ON holds (region_id, slot_id);
CREATE INDEX holds_by_offer ON holds (region_id, offer_id);
CREATE INDEX holds_to_expire ON holds (region_id, expires_at) WHERE offer_id IS NULL;

-- Draws -------------------------------------------------------------------------------------------------------------

-- One draw for each institution, specialty and local day whose slots are released by draw. Its seed is sealed until it is
-- drawn; seed_hash is public from the beginning. When it is closed the record has what takes part, and requests and
-- requests_digest tell of it; when it is drawn the record is whole, and anyone replays the draw by it.
CREATE TABLE draws (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    institution_id uuid NOT NULL,
    specialty_code text NOT NULL,
    day date NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    seed_sealed text NOT NULL,
    seed_hash text NOT NULL,
    closed_at timestamptz,
    requests integer,
    requests_digest text,
    record jsonb,
    drawn_at timestamptz,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, institution_id) REFERENCES institutions,
    CONSTRAINT draws_one_a_day UNIQUE (region_id, institution_id, specialty_code, day),
    CONSTRAINT draws_take_time CHECK (closes_at > opens_at)
);
CREATE INDEX draws_to_draw ON draws (region_id, closes_at) WHERE drawn_at IS NULL;
CREATE INDEX slots_by_draw ON slots (region_id, draw_id) WHERE draw_id IS NOT NULL;
-- Those that no draw has yet.
CREATE INDEX slots_to_draw ON slots (region_id, internet_at) WHERE policy = 'draw' AND draw_id IS NULL;

CREATE TABLE draw_requests (
    region_id smallint NOT NULL,
    id uuid NOT NULL,
    draw_id uuid NOT NULL,
    citizen_id uuid NOT NULL,
    person_id uuid NOT NULL,
    identity bytea NOT NULL,
    -- Ranked, the best first.
    wishes uuid[] NOT NULL,
    referral_number text,
    status text NOT NULL CHECK (status IN ('waiting', 'booked', 'lost', 'withdrawn')),
    appointment_id uuid,
    -- Of a lost one: the code of what stood in the way.
    reason text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (region_id, id),
    FOREIGN KEY (region_id, draw_id) REFERENCES draws,
    FOREIGN KEY (region_id, person_id) REFERENCES persons,
    FOREIGN KEY (region_id, citizen_id) REFERENCES citizens
);
CREATE UNIQUE INDEX draw_requests_person_once ON draw_requests (region_id, draw_id, identity)
    WHERE status <> 'withdrawn';
CREATE INDEX draw_requests_by_citizen ON draw_requests (region_id, citizen_id, created_at, id);
CREATE INDEX draw_requests_by_person ON draw_requests (region_id, person_id);

-- The reception desk ------------------------------------------------------------------------------------------------

-- How late a practitioner runs on a local day.
CREATE TABLE delays (
    region_id smallint NOT NULL,
    practitioner_id uuid NOT NULL,
    day date NOT NULL,
    minutes smallint NOT NULL CHECK (minutes BETWEEN 0 AND 480),
    PRIMARY KEY (region_id, practitioner_id, day),
    FOREIGN KEY (region_id, practitioner_id) REFERENCES practitioners
);
CREATE INDEX institutions_expiring ON institutions (region_id, id) WHERE noshow_after_minutes IS NOT NULL;
-- Patients without an account, found again by what their papers say.
CREATE INDEX persons_by_identity ON persons (region_id, identity) WHERE deleted_at IS NULL;

-- Availability ------------------------------------------------------------------------------------------------------

-- Who in the region has a specialty.
CREATE INDEX offered_specialties_by_code ON offered_specialties (region_id, specialty_code, institution_id);

-- A row type of functions ---------------------------------------------------------------------------------------------

-- A slot with all that a booking of it has to know. Functions take rows of it, so it is never dropped, and new columns
-- come last: a service that books meanwhile would fail.
CREATE VIEW bookable_slots AS
SELECT s.region_id, s.id, s.institution_id, s.practitioner_id, s.specialty_code, s.location_id, s.starts_at, s.ends_at,
       s.capacity, s.taken, s.status, s.age_from, s.age_to, s.sex, s.purpose, s.channels, s.policy, s.internet_at,
       s.min_lead_minutes, s.draw_id, coalesce(s.access, o.access) AS access,
       i.name, i.address, i.phone, i.zone, i.require_attachment, i.cancel_until_minutes, i.hold_minutes, i.offer_minutes,
       i.rebooking_hours, i.most_tickets, i.most_bookings, i.bookings_days, i.check_referrals, i.noshow_limit,
       i.noshow_days, i.noshow_pause_days,
       y.name_ru, y.name_en, l.name AS location_name, l.address AS location_address, l.room,
       d.last_name, d.first_name, d.patronymic
FROM slots s
JOIN institutions i ON i.region_id = s.region_id AND i.id = s.institution_id
JOIN practitioners d ON d.region_id = s.region_id AND d.id = s.practitioner_id
JOIN locations l ON l.region_id = s.region_id AND l.id = s.location_id
JOIN specialties y ON y.code = s.specialty_code
JOIN offered_specialties o ON o.region_id = s.region_id AND o.institution_id = s.institution_id
                          AND o.specialty_code = s.specialty_code;
