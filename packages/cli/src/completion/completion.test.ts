import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'

/** Lets bash complete the last word, as the Tab key does. */
async function complete(...words: readonly string[]): Promise<string[]> {
  const { out } = await runCli(['completion', 'bash'])
  const list = ['poolsafe', ...words].map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _poolsafe; printf '%s\\n' "\${COMPREPLY[@]}"`
  const answer = execFileSync('bash', ['--norc', '-c', `set -u\n${out}\ncomplete -p poolsafe >&2\n${ask}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return answer.split('\n').filter((word) => word !== '')
}

describe('bash completes', () => {
  it('commands', async () => {
    expect(await complete('che')).toEqual(['check'])
    expect(await complete('')).toEqual(expect.arrayContaining(['audit', 'check', 'completion', 'explain', 'size']))
  })

  it('options of the command', async () => {
    expect(await complete('check', '--cache')).toEqual(['--cache', '--cache-location'])
    expect(await complete('size', '--cache')).toEqual([])
  })

  it('values of options', async () => {
    expect(await complete('check', '--format', 's')).toEqual(['sarif'])
    expect(await complete('audit', '--format', '')).toEqual(['pretty', 'json', 'html', 'sarif'])
    expect(await complete('check', '--rule', 'session/se')).toContain('session/set-config')
    expect(await complete('explain', '--pooler', 'pgb')).toEqual(['pgbouncer'])
  })

  it('files by itself where no option is meant', async () => {
    expect(await complete('check', 'src')).toEqual([])
  })
})

describe('the script of completion', () => {
  it('has a line for each command and option in fish', async () => {
    const { out } = await runCli(['completion', 'fish'])
    expect(out).toMatch(/^complete -c poolsafe -n __fish_use_subcommand -f -a check -d '/m)
    expect(out).toMatch(
      /^complete -c poolsafe -n '__fish_seen_subcommand_from check' -l format -x -a 'pretty concise /m,
    )
    expect(out.split('\n').every((line) => (line.match(/(?<!\\)'/g) ?? []).length % 2 === 0)).toBe(true)
  })

  it('loads what runs scripts of bash in zsh', async () => {
    const { out } = await runCli(['completion', 'zsh'])
    expect(out).toContain('bashcompinit')
  })

  it('refuses another shell', async () => {
    const { exitCode, err } = await runCli(['completion', 'bsh'])
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: "error: completion: there is no shell 'bsh'; did you mean 'bash'? Known shells: bash, zsh, fish\n",
    })
  })
})
