import { run } from 'graphile-worker'

const done = Promise.withResolvers()
const runner = await run({
  connectionString: process.env.DATABASE_URL,
  noHandleSignals: true,
  taskList: { hello: (payload) => done.resolve(payload) },
})
await runner.addJob('hello', { name: 'Ursula' })
console.log('hello', (await done.promise).name)
await runner.stop()
