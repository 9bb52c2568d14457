export { enterStrictMode, type StrictMode } from './strict-mode.ts'
export { allowInTest } from './strict/allow-in-test.ts'
export { StrictModeError } from './strict/strict-mode-error.ts'
