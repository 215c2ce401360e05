-- What a person may take in a day, and what it costs an account to take places and let them go (functions/costs.sql).

-- The region sets these (putDayLimits); null: as many as they like.
ALTER TABLE regions
    -- Tickets booked online within 24 hours: for one human being, and by one account.
    ADD COLUMN person_bookings_a_day smallint DEFAULT 10 CHECK (person_bookings_a_day >= 1),
    ADD COLUMN account_bookings_a_day smallint DEFAULT 30 CHECK (account_bookings_a_day >= 1),
    -- How many places an account takes and lets go within 24 hours before it has to wait, and before the day is over.
    ADD COLUMN let_go_freely smallint DEFAULT 10 CHECK (let_go_freely >= 0),
    ADD COLUMN let_go_a_day smallint DEFAULT 40 CHECK (let_go_a_day >= 1);

-- Null of an offer, and of what was held before.
ALTER TABLE holds ADD COLUMN held_at timestamptz;

-- Nothing is written for a place that is held and then booked. No reference to citizens: it is written where holds expire,
-- and would wait there for whoever erases the account and waits for the hold.
CREATE TABLE places_let_go (
    region_id smallint NOT NULL,
    citizen_id uuid NOT NULL,
    at timestamptz NOT NULL,
    id uuid NOT NULL,
    mini_app text NOT NULL CHECK (mini_app IN ('doctor', 'club')),
    PRIMARY KEY (region_id, citizen_id, at, id)
);
CREATE INDEX places_let_go_to_forget ON places_let_go (region_id, at);

ALTER TABLE places_let_go ENABLE ROW LEVEL SECURITY;
-- Only functions and jobs touch it.
CREATE POLICY places_let_go_are_seen ON places_let_go TO zapis_service USING (false);
