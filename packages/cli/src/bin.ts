#!/usr/bin/env node
import { main } from './main.ts'
import { processTerminal } from './terminal/terminal.ts'

// A reader that has ended, such as `head`, is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
process.exitCode = await main(process.argv.slice(2), processTerminal())
