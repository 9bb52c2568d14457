// For Vitest: `setupFiles: ['@poolsafe/testing/strict']`. Importing it is all there is to do.
import { demandStrictMode } from './strict-mode.ts'

demandStrictMode()
