import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import base from '../vitest.config.ts'
import { chromium } from './chromium.ts'

// The tests in a real browser. `npm test` needs none.

if (!existsSync(chromium))
  throw new Error(
    `npm run test:browser needs Chromium, and ${chromium} does not exist. Install it (Debian: apt-get install chromium), ` +
      'or name another one in POOLSAFE_CHROMIUM',
  )

const { projects: _projects, ...limits } = base.test ?? {}

export default defineConfig({ ...base, test: { ...limits, include: ['test/browser/*.browser.ts'] } })
