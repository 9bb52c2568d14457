export { startHostilePooler, type HostilePoolerServer } from './hostile/start.ts'
export type { HostilePoolerOptions, HostileTarget } from './hostile/options.ts'
export { formatReport } from './hostile/format.ts'
export type { HostileReport, ReportedState } from './hostile/report.ts'
