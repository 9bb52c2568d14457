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

/** The work is that of this process. Its wall time on a busy machine says nothing. */
it('2,000 functions take less than 10 seconds of CPU', async () => {
  const server = await sharedPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(functions())
  const start = process.cpuUsage()
  const { findings } = await audit({ ask: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows })
  const { user, system } = process.cpuUsage(start)
  await client.end()
  await server.stop()
  expect(findings).toHaveLength((count / 100) * 10)
  expect(findings.find(({ object }) => object === 'public.f1909')?.via).toEqual([
    ...Array.from({ length: 9 }, (_, n) => `public.f${1908 - n}()`),
    'set_config(…, false)',
  ])
  expect((user + system) / 1e6).toBeLessThan(10)
})

it('a chain of 1,000 calls is followed to its end', async () => {
  const server = await sharedPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  const calls = Array.from(
    { length: 1000 },
    (_, n) => `CREATE FUNCTION g${n}() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM g${n + 1}(); END $$;`,
  )
  await client.query(`${calls.join('\n')}
    CREATE FUNCTION g1000() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.a', 'x', false), g990(); END $$`)
  const { findings } = await audit({ ask: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows })
  await client.end()
  await server.stop()
  expect(findings).toHaveLength(1001)
})
