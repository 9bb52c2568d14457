/** The meaning of each exit code, for all commands. */
export const exitCodes = { clean: 0, findings: 1, error: 2 } as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
