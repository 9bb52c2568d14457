import { execFileSync } from 'node:child_process'

/** Runs a program to its end. Where it fails, ends this process with what the program said. */
export function run(command: string, args: readonly string[], cwd: string): void {
  try {
    execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { message, stdout, stderr } = error as { message: string; stdout: string | null; stderr: string | null }
    console.error(`In ${cwd}: ${command} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? message}`)
    process.exit(1)
  }
}
