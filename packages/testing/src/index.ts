export { enterStrictMode, type StrictMode } from './strict-mode.ts'
