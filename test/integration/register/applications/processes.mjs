// A worker thread, a forked process and a spawned one. Each sends a statement of its own.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const one = fileURLToPath(new URL('one.mjs', import.meta.url))
await once(new Worker(one, { argv: ['thread'] }), 'exit')
await once(fork(one, ['forked']), 'exit')
await once(spawn(process.execPath, [one, 'spawned'], { stdio: 'inherit' }), 'exit')
