// For Vitest: `setupFiles: ['@poolsafe/testing/strict']`. Importing it is all there is to do.
import { enterStrictMode } from './strict-mode.ts'

enterStrictMode()
