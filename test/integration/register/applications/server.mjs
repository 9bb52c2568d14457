// A server with two worker processes, as many frameworks start it. When both have answered, they get a signal.
import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:http'
import pg from 'pg'

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()]
  const ends = workers.map((worker) => once(worker, 'exit'))
  const ports = await Promise.all(workers.map((worker) => once(worker, 'message')))
  for (const [port] of ports) await fetch(`http://127.0.0.1:${port}`).then((answer) => answer.text())
  for (const worker of workers) worker.process.kill('SIGTERM')
  const signals = (await Promise.all(ends)).map(([, signal]) => signal)
  console.log(`ended by ${signals.join(', ')}`)
} else {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
  const server = createServer(async (_request, response) => {
    await pool.query(`SET app.worker_${cluster.worker.id} = 1`)
    response.end('done')
  })
  // A port of its own, so that each worker gets a request.
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => process.send(server.address().port))
}
