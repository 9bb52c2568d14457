import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeProject } from '../../../test/support/cli/project.ts'
import { loadConfig } from './load.ts'

describe('loadConfig', () => {
  it('finds the nearest file upwards', async () => {
    const folder = writeProject({
      'poolsafe.config.json': '{ "guard": { "rules": { "session/set": "allow" } } }',
      'app/src/a.ts': '',
    })
    expect(await loadConfig(join(folder, 'app/src'), undefined)).toEqual({
      config: { guard: { rules: { 'session/set': 'allow' } } },
      path: join(folder, 'poolsafe.config.json'),
      folder,
    })
  })

  it('loads TypeScript', async () => {
    const folder = writeProject({
      'poolsafe.config.ts': "const mode: string = 'strict'\nexport default { guard: { mode } }\n",
    })
    expect((await loadConfig(folder, undefined)).config).toEqual({ guard: { mode: 'strict' } })
  })

  it.each([
    ['poolsafe.config.cjs', "module.exports = { guard: { mode: 'strict' } }"],
    ['poolsafe.config.mjs', "export default { guard: { mode: 'strict' } }"],
    ['poolsafe.config.mts', "export default { guard: { mode: 'strict' as string } }"],
  ])('loads %s', async (name, text) => {
    expect((await loadConfig(writeProject({ [name]: text }), undefined)).config).toEqual({ guard: { mode: 'strict' } })
  })

  it('refuses a file that waits', async () => {
    const folder = writeProject({ 'poolsafe.config.mjs': 'export default await Promise.resolve({})' })
    await expect(loadConfig(folder, undefined)).rejects.toThrow('it uses await outside of a function')
  })

  it('is empty without a file', async () => {
    const folder = writeProject({})
    expect(await loadConfig(folder, undefined)).toEqual({ config: {}, path: undefined, folder })
  })

  it('merges what it extends: later files win, lists are joined', async () => {
    const exception = (rule: string): object => ({ rule, reason: 'every session is alike' })
    const folder = writeProject({
      'base.json': JSON.stringify({ guard: { mode: 'strict', exceptions: [exception('session/set')] } }),
      'poolsafe.config.json': JSON.stringify({
        extends: './base.json',
        guard: { mode: 'warn', exceptions: [exception('session/load')] },
      }),
    })
    expect((await loadConfig(folder, undefined)).config).toEqual({
      guard: { mode: 'warn', exceptions: [exception('session/set'), exception('session/load')] },
    })
  })

  it.each([
    ['{ "gaurd": {} }', "an option of the configuration is 'gaurd': did you mean 'guard'?"],
    ['{ "guard": { "rules": { "session/sett": "allow" } } }', "did you mean 'session/set'?"],
    ['{ "guard": ', 'does not load'],
    ['[]', 'the configuration must be an object'],
    ['{ "extends": "./poolsafe.config.json" }', 'extends itself'],
    ['{ "extends": "./missing.json" }', 'missing.json, which does not exist; extends takes paths of files'],
  ])('refuses %s', async (text, message) => {
    const folder = writeProject({ 'poolsafe.config.json': text })
    const error = await loadConfig(folder, undefined).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'UsageError', message: expect.stringContaining(message) as string })
    expect(error).toMatchObject({ message: expect.stringContaining('.json') as string })
  })

  it('refuses a file that is named and is not there', async () => {
    const folder = writeProject({})
    await expect(loadConfig(folder, 'other.json')).rejects.toThrow(`there is no configuration file ${folder}`)
  })
})
