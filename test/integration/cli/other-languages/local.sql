\set id random(1, 10)
BEGIN;
SELECT set_config('app.id', :id::text, true);
SELECT pg_advisory_xact_lock(:id);
END;
