import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { run } from '../run.ts'

/** The compilers of Next.js. */
export const compilers = ['webpack', 'turbopack'] as const

/** Builds the project with Next.js and starts it. @returns the answer of its route */
export async function answerOfNext(project: string, compiler: (typeof compilers)[number]): Promise<unknown> {
  process.env['NEXT_DIST_FOLDER'] = `.next-${compiler}`
  process.env['NEXT_TELEMETRY_DISABLED'] = '1'
  const next = join(project, 'node_modules/next/dist/bin/next')
  run(process.execPath, [next, 'build', `--${compiler}`], project)
  const server = spawn(process.execPath, [next, 'start', '--port', '0', '--hostname', '127.0.0.1'], { cwd: project })
  server.stdout.setEncoding('utf8')
  try {
    let said = ''
    for await (const text of server.stdout) {
      said += String(text)
      const [url] = /http:\/\/127\.0\.0\.1:\d+(?=[\s\S]*Ready)/.exec(said) ?? []
      if (url !== undefined) return await (await fetch(`${url}/api`)).json()
    }
    throw new Error(`Next.js did not start:\n${said}`)
  } finally {
    server.kill()
  }
}
