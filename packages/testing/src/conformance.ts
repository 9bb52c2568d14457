export { describeConformance } from './conformance/describe-conformance.ts'
export type { ConformanceAdapter, ConformanceClient, Query, TestRunner } from './conformance/adapter.ts'
