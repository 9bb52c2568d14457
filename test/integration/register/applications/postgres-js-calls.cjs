const say = (name, value) => console.log(`${name}: ${value}`)
const failed = (error) => error.name

exports.run = async function run(postgres) {
  const options = { max: 2, prepare: false, onnotice() {}, transform: postgres.camel }
  const sql = postgres(process.env.DATABASE_URL, options)
  say('one', (await sql`SELECT ${1}::int AS one_value`)[0].oneValue)
  say('template', await sql`SET app.template = 1`.then((result) => result.command, failed))
  say('unsafe', await sql.unsafe('SET app.unsafe = 1').then((result) => result.command, failed))
  say('begin', await sql.begin((tx) => tx`SET app.begin = 1`).then((result) => result.command, failed))
  const reserved = await sql.reserve()
  say('reserve', await reserved`SET app.reserve = 1`.then((result) => result.command, failed))
  reserved.release()
  say('error', await sql`SELECT missing`.catch((error) => error instanceof postgres.PostgresError && error.code))
  await sql.end({ timeout: 1 })
}
