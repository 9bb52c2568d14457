import { describe, expect, it } from 'vitest'
import { PoolsafeReporter, type ReporterOptions } from './reporter.ts'

describe('PoolsafeReporter', () => {
  it.each([
    [
      { jsn: 'poolsafe.json' },
      "an option of the reporter is 'jsn': did you mean 'json'? It must be one of json, junit",
    ],
    [{ json: true }, 'the reporter: json must be the path of a file; got true'],
    [{ junit: '' }, 'the reporter: junit must be the path of a file'],
  ])('refuses %j', (options, message) => {
    expect(() => new PoolsafeReporter(options as ReporterOptions)).toThrow(message)
  })
})
