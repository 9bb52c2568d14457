import { frozenFaults } from './faults/frozen.ts'
import { movedFaults } from './faults/moved.ts'
import { operatorFaults } from './faults/operators.ts'
import { poolerFaults } from './faults/pooler.ts'
import { serverFaults } from './faults/server.ts'
import { wayFaults } from './faults/way.ts'
import type { Fault } from './stage.ts'

/** All that the application has to survive. */
export const faults: readonly Fault[] = [
  ...serverFaults,
  ...wayFaults,
  ...frozenFaults,
  ...poolerFaults,
  ...operatorFaults,
  ...movedFaults,
]
