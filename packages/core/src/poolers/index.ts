export * from './all.ts'
export { detect, type DetectedPooler, type PoolerFacts } from './detect.ts'
export type { HostedOptions } from './hosted.ts'
