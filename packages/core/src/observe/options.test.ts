import { engineOf } from '../guard/brand.ts'
import { describe, expect, it } from 'vitest'
import { InvalidOptionError } from '../errors.ts'
import { createGuard } from '../guard/guard.ts'
import type { ObserveOptions } from './options.ts'

describe('observe', () => {
  it('is on by default, with the documented limits', () => {
    expect(engineOf(createGuard()).observer?.options).toEqual({
      slowQueryMillis: 1000,
      verySlowQueryMillis: 3000,
      slowQueryThresholds: [],
      slowQueryIntervalMillis: 60_000,
      slowQuerySampleRate: 1,
      explainSlowQueries: false,
      repeatedQueryLimit: 10,
      requestScopeMillis: 60_000,
    })
  })

  it('watches nothing where it is false', () => {
    expect(engineOf(createGuard({ observe: false })).observer).toBeUndefined()
  })

  it('takes a first limit above 3 s for both', () => {
    expect(engineOf(createGuard({ observe: { slowQueryMillis: 5000 } })).observer?.options.verySlowQueryMillis).toBe(
      5000,
    )
  })

  it('is where its options belong', () => {
    const make = (): unknown => createGuard({ slowQueryMillis: 500 } as object)
    expect(make).toThrow(
      "an option of createGuard() is 'slowQueryMillis': did you mean 'observe: { slowQueryMillis }'?",
    )
  })

  it.each<[object | string, string]>([
    [{ slowQuery: 5 }, "an option of observe is 'slowQuery': did you mean 'slowQueryMillis'?"],
    [
      'all',
      "observe must be an object with the options slowQueryMillis, verySlowQueryMillis, slowQueryThresholds, slowQueryIntervalMillis, slowQuerySampleRate, explainSlowQueries, repeatedQueryLimit, requestScopeMillis; got 'all'",
    ],
    [{ slowQueryMilis: 5 }, "an option of observe is 'slowQueryMilis': did you mean 'slowQueryMillis'?"],
    [
      { slowQueryMillis: 0 },
      'slowQueryMillis must be a number of milliseconds above 0 and up to 2147483647, or Infinity for never; got 0',
    ],
    [
      { slowQueryMillis: 500, verySlowQueryMillis: 400 },
      'verySlowQueryMillis must be at least slowQueryMillis (500); got 400',
    ],
    [{ slowQueryThresholds: {} }, 'slowQueryThresholds must be an array of thresholds; got an object'],
    [
      { slowQueryThresholds: [{ slowQueryMillis: 5 }] },
      'slowQueryThresholds[0] must be an object with one of model, operation and tag, which is a text',
    ],
    [
      { slowQueryThresholds: [{ model: 'A', tag: 'b', slowQueryMillis: 5 }] },
      'slowQueryThresholds[0] must be an object with one of model',
    ],
    [
      { slowQueryThresholds: [{ model: 'A', slowQueryMillis: -1 }] },
      'slowQueryThresholds[0].slowQueryMillis must be a number of milliseconds',
    ],
    [
      { slowQueryThresholds: [{ modell: 'A', slowQueryMillis: 5 }] },
      "an option of slowQueryThresholds[0] is 'modell': did you mean 'model'?",
    ],
    [{ slowQuerySampleRate: 1.5 }, 'slowQuerySampleRate must be a number from 0 (none) to 1 (all); got 1.5'],
    [{ explainSlowQueries: 'yes' }, "explainSlowQueries must be true or false; got 'yes'"],
    [{ repeatedQueryLimit: 0 }, 'repeatedQueryLimit must be a whole number of at least 1; got 0'],
    [{ requestScopeMillis: Number.NaN }, 'requestScopeMillis must be a number of milliseconds above 0'],
  ])('refuses %o, and says what came', (observe, message) => {
    const make = (): unknown => createGuard({ observe: observe as ObserveOptions })
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })
})
