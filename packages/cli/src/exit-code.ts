/** What the exit code of every command means. */
export const exitCodes = { clean: 0, findings: 1, error: 2 } as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
