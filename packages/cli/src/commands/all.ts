// The one list of subcommands, a line each, in the order of `--help`.
export { audit } from './audit.ts'
export { check } from './check.ts'
export { doctor } from './doctor.ts'
export { explain } from './explain.ts'
export { hostile } from './hostile.ts'
export { run } from './run.ts'
export { size } from './size.ts'
export { watch } from './watch.ts'
