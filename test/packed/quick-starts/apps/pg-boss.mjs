import { PgBoss } from 'pg-boss'

const boss = new PgBoss(process.env.DATABASE_URL)
await boss.start()
await boss.createQueue('letters')
await boss.getDb().executeSql("SET statement_timeout = '5s'")
await boss.send('letters', { to: 'Ursula' })
console.log((await boss.fetch('letters')).length, 'jobs')
await boss.stop({ graceful: false })
