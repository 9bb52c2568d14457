/** Fault 9: the trigger leaves the price's item on the server connection. No statement of the application shows it. */
export const audit = [
  `CREATE FUNCTION note_price_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM set_config('app.last_change', NEW.item, false);
      INSERT INTO price_changes VALUES (NEW.item, NEW.cents, current_setting('app.user', true));
      RETURN NEW;
    END $$`,
  'CREATE TRIGGER note AFTER INSERT OR UPDATE ON prices FOR EACH ROW EXECUTE FUNCTION note_price_change()',
]

/** Fault 10: the lock stays with the server connection when the transaction ends. */
export const queue = [
  `CREATE FUNCTION claim_job() RETURNS SETOF jobs LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_advisory_lock(hashtext('jobs'));
      RETURN QUERY UPDATE jobs SET taken = true
        WHERE id = (SELECT id FROM jobs WHERE NOT taken ORDER BY id LIMIT 1) RETURNING *;
    END $$`,
]
