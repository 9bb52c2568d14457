/** Schemas of users: not those of PostgreSQL, and no temporary ones. */
const ofUser = (schema: string): string =>
  `${schema}.nspname NOT IN ('pg_catalog', 'information_schema') AND ${schema}.nspname !~ '^pg_(toast|temp)'`

/** Not a part of an extension. */
const noExtension = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '${catalog}'::regclass AND x.objid = ${oid} AND x.deptype = 'e')`

/** The types that these types consist of, themselves included: `inside(type, part)`. */
const inside = (types: string): string => `inside(type, part) AS (
    SELECT t.oid, t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${types} AND ${ofUser('n')}
    UNION SELECT i.type, x.part FROM inside i JOIN pg_type t ON t.oid = i.part, LATERAL (
      SELECT t.typelem WHERE t.typelem <> 0 AND t.typcategory = 'A'
      UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0 AND i.part <> i.type
      UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
      UNION ALL SELECT f.atttypid FROM pg_attribute f WHERE f.attrelid = t.typrelid AND t.typtype = 'c' AND f.attnum > 0 AND NOT f.attisdropped
    ) x(part))`

/**
 * The functions of users that an expression calls, as PostgreSQL has found them when it was made: by the types of the
 * arguments, as operators, as implicit casts.
 */
const usedBy = (
  catalog: string,
  oid: string,
): string => `(SELECT coalesce(json_agg(DISTINCT coalesce(o.oprcode::oid, u.refobjid)::text), '[]')
      FROM pg_depend u LEFT JOIN pg_operator o ON u.refclassid = 'pg_operator'::regclass AND o.oid = u.refobjid
      WHERE u.classid = '${catalog}'::regclass AND u.objid = ${oid} AND u.deptype = 'n'
        AND u.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass))`

/** The name of a query. */
export type QueryName =
  | 'server'
  | 'routines'
  | 'builtIn'
  | 'builtInOperators'
  | 'relations'
  | 'triggers'
  | 'eventTriggers'
  | 'defaults'
  | 'checks'
  | 'policies'
  | 'rules'
  | 'indexes'
  | 'domains'
  | 'domainColumns'
  | 'carriers'
  | 'operators'
  | 'casts'
  | 'families'
  | 'searchPath'

/** The queries of the catalog. Each needs no more rights than CONNECT: the catalog is public. */
export const queries: Readonly<Record<QueryName, string>> = {
  server: `SELECT current_setting('server_version_num')::int AS version, current_database() AS database,
    current_user AS role, pg_is_in_recovery() AS standby,
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_stats`,

  routines: `SELECT p.oid::text, n.nspname AS schema, p.proname AS name,
      pg_get_function_identity_arguments(p.oid) AS arguments, p.prokind AS kind, l.lanname AS language,
      CASE WHEN p.prokind = 'p' THEN coalesce(cardinality(p.proallargtypes), p.pronargs) ELSE p.pronargs END AS most, p.pronargs - p.pronargdefaults AS least, p.provariadic <> 0 AS variadic,
      p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS for_triggers,
      pg_get_userbyid(p.proowner) AS owner,
      (SELECT json_agg(json_strip_nulls(json_build_object('name', nullif(p.proargnames[a.number], ''),
           'type', format_type(a.type, NULL),
           'default', CASE WHEN d.text ~ '^(true|false|-?\\d+)$' THEN d.text END)) ORDER BY a.position)
         FROM (SELECT b.number, b.type, row_number() OVER (ORDER BY b.number) AS position
           FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY b(type, number)
           WHERE coalesce(p.proargmodes[b.number], 'i') IN ('i', 'b', 'v')) a,
           LATERAL (SELECT pg_get_function_arg_default(p.oid, a.number::int) AS text) d) AS parameters,
      (SELECT substr(c, 13) FROM unnest(p.proconfig) c WHERE c LIKE 'search\\_path=%') AS search_path,
      CASE WHEN to_jsonb(p) ->> 'prosqlbody' IS NOT NULL THEN ${usedBy('pg_proc', 'p.oid')} END AS uses,
      CASE WHEN p.prokind <> 'a' AND l.lanname IN ('plpgsql', 'sql') THEN pg_get_functiondef(p.oid) END AS definition,
      (SELECT json_agg(f::text) FROM pg_aggregate a, unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
         a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) f
       WHERE a.aggfnoid = p.oid AND f <> 0) AS parts
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE ${ofUser('n')} AND ${noExtension('pg_proc', 'p.oid')} ORDER BY 2, 3, 4`,

  builtIn: `SELECT DISTINCT proname AS name FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace`,

  builtInOperators: `SELECT DISTINCT oprname AS name FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace`,

  relations: `SELECT c.oid::text, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
      CASE WHEN c.relkind = 'v' THEN pg_relation_is_updatable(c.oid, false) ELSE 0 END AS updatable,
      CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
      (SELECT ${usedBy('pg_rewrite', 'r.oid')} FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename = '_RETURN') AS uses
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${ofUser('n')} AND ${noExtension('pg_class', 'c.oid')}
    ORDER BY 2, 3`,

  triggers: `SELECT t.tgrelid::text AS relation, t.tgname AS name, t.tgfoid::text AS function, t.tgtype::int AS type,
      pg_get_triggerdef(t.oid) AS definition,
      (SELECT p.prosrc ~* '\\mtg_' FROM pg_proc p WHERE p.oid = t.tgfoid) AS reads_facts,
      CASE WHEN t.tgnargs = 0 THEN '[]' ELSE to_json((string_to_array(encode(t.tgargs, 'escape'), E'\\\\000'))[1:t.tgnargs]) END AS arguments,
      (SELECT json_agg(a.attname) FROM pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)) AS columns
    FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') ORDER BY 1, 2`,

  eventTriggers: `SELECT evtname AS name, evtevent AS event, to_json(evttags) AS tags, evtfoid::text AS function
    FROM pg_event_trigger e WHERE evtenabled IN ('O', 'A') AND ${noExtension('pg_event_trigger', 'e.oid')} ORDER BY 1`,

  defaults: `SELECT d.adrelid::text AS relation, a.attname AS column, a.attgenerated AS generated,
      (SELECT count(*)::int FROM pg_attribute b
       WHERE b.attrelid = a.attrelid AND b.attnum > 0 AND b.attnum < a.attnum AND NOT b.attisdropped) AS position,
      pg_get_expr(d.adbin, d.adrelid) AS expression,
      -- Older versions keep those of a generated column elsewhere.
      CASE WHEN a.attgenerated = '' THEN ${usedBy('pg_attrdef', 'd.oid')} END AS uses
    FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${ofUser('n')} ORDER BY 1, 2`,

  checks: `SELECT nullif(c.conrelid, 0)::text AS relation, nullif(c.contypid, 0)::text AS domain, c.conname AS name,
      pg_get_expr(c.conbin, c.conrelid) AS expression, ${usedBy('pg_constraint', 'c.oid')} AS uses
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE c.contype = 'c' AND ${ofUser('n')} AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true) ORDER BY 1, 2, 3`,

  policies: `SELECT p.polrelid::text AS relation, p.polname AS name, p.polcmd AS command,
      pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS checks,
      ${usedBy('pg_policy', 'p.oid')} AS uses
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relrowsecurity ORDER BY 1, 2`,

  rules: `SELECT r.ev_class::text AS relation, r.rulename AS name, r.ev_type AS event, pg_get_ruledef(r.oid) AS definition,
      r.is_instead AND r.ev_qual::text = '<>' AS replaces,
      ${usedBy('pg_rewrite', 'r.oid')} AS uses
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${ofUser('n')} AND r.rulename <> '_RETURN' AND r.ev_enabled IN ('O', 'A') ORDER BY 1, 2`,

  indexes: `SELECT i.indrelid::text AS relation, c.relname AS name,
      concat_ws(', ', pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)) AS expression,
      ${usedBy('pg_class', 'c.oid')} AS uses
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND ${ofUser('n')}
    UNION ALL SELECT t.partrelid::text, 'partition key', pg_get_expr(t.partexprs, t.partrelid), NULL
    FROM pg_partitioned_table t WHERE t.partexprs IS NOT NULL ORDER BY 1, 2`,

  domains: `SELECT t.oid::text, n.nspname AS schema, t.typname AS name, t.typbasetype::text AS base
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype = 'd' AND ${ofUser('n')} AND ${noExtension('pg_type', 't.oid')} ORDER BY 2, 3`,

  // A domain may be inside an array, a range or a composite type.
  domainColumns: `WITH RECURSIVE ${inside("t.oid IN (SELECT atttypid FROM pg_attribute) AND (t.typtype IN ('d', 'c') OR t.typcategory = 'A' OR t.typtype IN ('r', 'm'))")}
    SELECT a.attrelid::text AS relation, a.attname AS column, i.part::text AS domain,
      (SELECT count(*)::int FROM pg_attribute b
       WHERE b.attrelid = a.attrelid AND b.attnum > 0 AND b.attnum < a.attnum AND NOT b.attisdropped) AS position,
      CASE WHEN NOT a.atthasdef AND i.part = a.atttypid THEN pg_get_expr(t.typdefaultbin, 0) END AS expression
    FROM pg_attribute a JOIN inside i ON i.type = a.atttypid JOIN pg_type t ON t.oid = i.part
    JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE t.typtype = 'd' AND c.relkind IN ('r', 'p', 'f') AND NOT a.attisdropped AND ${ofUser('n')} ORDER BY 1, 2, 3`,

  carriers: `WITH RECURSIVE ${inside("t.typtype IN ('c', 'r')")}
    SELECT n.nspname AS schema, t.typname AS name, i.part::text AS domain
    FROM inside i JOIN pg_type t ON t.oid = i.type JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type d ON d.oid = i.part
    WHERE d.typtype = 'd' AND ${ofUser('n')} ORDER BY 1, 2, 3`,

  operators: `SELECT n.nspname AS schema, o.oprname AS name, o.oprcode::oid::text AS function
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE ${ofUser('n')} AND o.oprcode <> 0 AND ${noExtension('pg_operator', 'o.oid')} ORDER BY 1, 2`,

  casts: `SELECT format_type(c.castsource, NULL) AS source, format_type(c.casttarget, NULL) AS target,
      n.nspname AS schema, t.typname AS name, c.castfunc::text AS function
    FROM pg_cast c JOIN pg_type t ON t.oid = c.casttarget JOIN pg_namespace n ON n.oid = t.typnamespace
    JOIN pg_proc p ON p.oid = c.castfunc JOIN pg_namespace pn ON pn.oid = p.pronamespace
    WHERE c.castfunc <> 0 AND ${ofUser('pn')} AND ${noExtension('pg_cast', 'c.oid')} ORDER BY 1, 2`,

  families: `SELECT confrelid::text AS relation, conrelid::text AS child, confdeltype::text AS on_delete, confupdtype::text AS on_update,
      (SELECT json_agg(a.attname) FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS columns,
      (SELECT json_agg(a.attname) FROM pg_attribute a WHERE a.attrelid = c.conrelid
         AND to_jsonb(c) -> 'confdelsetcols' @> to_jsonb(a.attnum)) AS deleted
    FROM pg_constraint c WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))
    UNION ALL SELECT i.inhparent::text, i.inhrelid::text, CASE WHEN c.relispartition THEN 'p' ELSE 'i' END, NULL, NULL, NULL
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p', 'f') ORDER BY 1, 2`,

  searchPath: `SELECT coalesce((SELECT substr(s, 13) FROM pg_db_role_setting x, unnest(x.setconfig) s
      WHERE s LIKE 'search\\_path=%' AND x.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND x.setrole = 0), '"$user", public') AS path`,
}
