import type { RuleId } from '@poolsafe/core'
import type { Statement } from './statement.ts'
import { extensions } from './unsafe-extensions.ts'
import { objects } from './unsafe-objects.ts'
import { settings } from './unsafe-settings.ts'

/** Statements that do harm behind a transaction pooler, by the rule that must find them. */
export const unsafe = { ...settings, ...objects, ...extensions } as Readonly<Record<RuleId, readonly Statement[]>>
