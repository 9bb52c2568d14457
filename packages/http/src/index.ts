export { healthHandler } from './health-handler.ts'
export { healthResponse } from './health-response.ts'
export type { HealthAnswerOptions, HealthSource } from './health-answer.ts'
