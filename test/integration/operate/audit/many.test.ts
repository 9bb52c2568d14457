import { audit } from '@poolsafe/operate'
import pg from 'pg'
import { expect, it } from 'vitest'
import { sharedPostgres } from '../../../support/servers/shared-postgres.ts'

const count = 2000

/** Functions that call each other. Every hundredth leaves a setting, and the next nine call it through each other. */
function functions(): string {
  return Array.from({ length: count }, (_, n) => {
    const step =
      n % 100 === 0
        ? `PERFORM set_config('app.n${n}', 'x', false);`
        : n % 100 < 10
          ? `PERFORM f${n - 1}();`
          : `SELECT count(*) INTO x FROM pg_class WHERE relname = 'r${n}';`
    return `CREATE FUNCTION f${n}() RETURNS int LANGUAGE plpgsql AS $$
      DECLARE x int := 0; BEGIN FOR i IN 1..3 LOOP x := x + i; IF x > 2 THEN ${step} END IF; END LOOP; RETURN x; END $$;`
  }).join('\n')
}

it('2,000 functions take less than 10 seconds', async () => {
  const server = await sharedPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(functions())
  const start = performance.now()
  const { findings } = await audit({ ask: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows })
  const millis = performance.now() - start
  await client.end()
  await server.stop()
  expect(findings).toHaveLength((count / 100) * 10)
  expect(findings.find(({ object }) => object === 'public.f1909')?.via).toEqual([
    ...Array.from({ length: 9 }, (_, n) => `public.f${1908 - n}()`),
    'set_config(…, false)',
  ])
  expect(millis).toBeLessThan(10_000)
})
