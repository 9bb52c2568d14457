import { spawn } from 'node:child_process'
import { once } from 'node:events'

// Starts the built application, asks its route once, and ends it.
const server = spawn('node_modules/.bin/next', ['start', '--port', '0', '--hostname', '127.0.0.1'])
let said = ''
for await (const text of server.stdout) {
  said += String(text)
  const [url] = /http:\/\/127\.0\.0\.1:\d+(?=[\s\S]*Ready)/.exec(said) ?? []
  if (url !== undefined) {
    console.log(await (await fetch(`${url}/api`)).text())
    break
  }
}
server.kill()
if (server.exitCode === null) await once(server, 'exit')
