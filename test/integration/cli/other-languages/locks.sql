\set id random(1, 10)
SELECT pg_advisory_lock(:id);
