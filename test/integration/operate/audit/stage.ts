/** A function with this body. */
export const plpgsql = (name: string, body: string, returns = 'void', more = ''): string =>
  `CREATE FUNCTION ${name} RETURNS ${returns} LANGUAGE plpgsql ${more} AS $$ ${body} $$;`

/** A table. */
export const table = (name: string, columns = 'id int'): string => `CREATE TABLE ${name} (${columns});`

/** A trigger with its function. */
export const trigger = (name: string, body: string, on: string, more = ''): string =>
  `${plpgsql(`${name}_f()`, `BEGIN ${body}; RETURN coalesce(NEW, OLD); END`, 'trigger')}
   CREATE TRIGGER ${name} ${on} FOR EACH ROW ${more} EXECUTE FUNCTION ${name}_f();`

/** Leaves a setting. */
export const setA = "PERFORM set_config('app.a', 'x', false)"

/** A helper that objects of this file call. */
export const helpers = `CREATE SCHEMA shop; CREATE SCHEMA other; CREATE SCHEMA "Odd ""one%";
${plpgsql('shop.leak(i int)', `BEGIN ${setA}; RETURN i; END`, 'int')}
${plpgsql('shop.leak_fixed(i int)', `BEGIN ${setA}; RETURN i; END`, 'int', 'IMMUTABLE')}
${plpgsql('shop.leak_ok(i int)', `BEGIN ${setA}; RETURN true; END`, 'boolean', 'STABLE')}
CREATE FUNCTION shop.lock_it() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_lock(77)';
CREATE FUNCTION shop.unlock_it() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_unlock(77)';
${plpgsql('shop.pure(i int)', 'BEGIN RETURN i + 1; END', 'int', 'IMMUTABLE')}`
