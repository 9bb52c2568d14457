import { createGuard } from '@poolsafe/core'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { findPrometheus } from '../../support/prometheus/find-prometheus.ts'
import { runWithInput, type Outcome } from '../../support/prometheus/run.ts'

const root = join(import.meta.dirname, '../../..')
const folder = join(root, 'packages/metrics')
const alertsText = readFileSync(join(folder, 'prometheus/alerts.yml'), 'utf8')
const dashboardText = readFileSync(join(folder, 'grafana/dashboard.json'), 'utf8')

let promtool: string
let scratch: string

beforeAll(async () => {
  ;({ promtool } = await findPrometheus())
  scratch = await mkdtemp(join(tmpdir(), 'poolsafe-alerts-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const promtoolOn = (...args: string[]): Promise<Outcome> => runWithInput(promtool, args)

/** Every name that a registry with our metrics writes. */
function writtenNames(): ReadonlySet<string> {
  const registry = new Registry()
  prometheusMetrics(createGuard(), { registry })
  const all = registry.getMetricsAsArray() as unknown as { name: string; type: string }[]
  const parts = (type: string): string[] => (type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
  return new Set(all.flatMap(({ name, type }) => parts(type).map((part) => name + part)))
}

function namesIn(text: string): string[] {
  return [...new Set(text.match(/\bpoolsafe_\w+/g))]
}

describe('the alerts', () => {
  const alerts = [...alertsText.matchAll(/- alert: (\w+)\n(.*?)(?=\n\n|\n {6}- alert|$(?![^]))/gs)].map(
    ([, name = '', rule = '']) => ({
      name,
      rule,
    }),
  )

  test('are all that is in the file', () => {
    expect(alerts.map(({ name }) => name)).toEqual([...alertsText.matchAll(/alert: (\w+)/g)].map(([, name]) => name))
    expect(alerts.length).toBeGreaterThanOrEqual(6)
  })

  it('are rules that Prometheus reads', async () => {
    expect(await promtoolOn('check', 'rules', join(folder, 'prometheus/alerts.yml'))).toMatchObject({ code: 0 })
  })

  it('fire when they are meant to, and only then', async () => {
    expect(await promtoolOn('test', 'rules', join(folder, 'prometheus/alerts.test.yml'))).toMatchObject({ code: 0 })
  })

  it.each(['vector(0) > 1', 'vector(1)'])(
    'are each missed by their test with %s in their place',
    async (expression) => {
      await cp(join(folder, 'prometheus/alerts.test.yml'), join(scratch, 'alerts.test.yml'))
      for (const { name } of alerts) {
        const changed = alertsText.replace(
          new RegExp(`(alert: ${name}\\n +expr:)[^]*?(?=\\n {8}\\S)`),
          `$1 ${expression}`,
        )
        expect(changed).not.toBe(alertsText)
        await writeFile(join(scratch, 'alerts.yml'), changed)
        expect(await promtoolOn('test', 'rules', join(scratch, 'alerts.test.yml')), name).toMatchObject({ code: 1 })
      }
    },
  )

  it.each(alerts)('$name says what is the matter, what to do, and where to read on', ({ rule }) => {
    expect(rule).toMatch(/severity: (info|warning|critical)/)
    expect(rule).toMatch(/summary: .{10}/)
    expect(rule).toMatch(/description:(?: >-)?\s+\w.{2}/)
    const [, page = '', anchor] = /docs: ([\w./-]+)(?:#([\w-]+))?/.exec(rule) ?? []
    expect(existsSync(join(root, page)), page).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(readFileSync(join(root, page), 'utf8'))).toContain(anchor)
  })

  it('ask for metrics that exist', () => {
    expect(writtenNames()).toEqual(new Set([...writtenNames(), ...namesIn(alertsText)]))
  })
})

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string }[]
  readonly panels?: readonly Panel[]
}

describe('the dashboard', () => {
  const dashboard = JSON.parse(dashboardText) as {
    readonly panels: readonly Panel[]
    readonly templating: { list: { name: string }[] }
  }
  const panels = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])])
  const expressions = panels.flatMap(({ targets }) => (targets ?? []).map(({ expr }) => expr))

  it('asks in expressions that Prometheus can parse', async () => {
    const rules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }))
    // JSON is YAML.
    await writeFile(join(scratch, 'panels.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }))
    const { code, output } = await promtoolOn('check', 'rules', join(scratch, 'panels.yml'))
    expect(output).toContain(`${expressions.length} rules found`)
    expect(code).toBe(0)
  })

  it('asks for metrics that exist, and shows all of them', () => {
    const written = writtenNames()
    expect(written).toEqual(new Set([...written, ...namesIn(expressions.join(' '))]))
    const shown = (name: string): boolean =>
      [name, `${name}_bucket`].some((each) => namesIn(expressions.join(' ')).includes(each))
    const notShown = [...written].filter((name) => !shown(name.replace(/_(bucket|sum|count)$/, '')) && !shown(name))
    expect(notShown, 'packages/metrics/grafana/dashboard.json must have a panel with each metric').toEqual([])
  })

  it('uses only the variables that it declares', () => {
    const declared = dashboard.templating.list.map(({ name }) => name)
    const used = [...dashboardText.matchAll(/\$\{?([a-z]\w*)/g)].map(([, name]) => name)
    expect(new Set(used)).toEqual(new Set(declared))
  })

  it('has panels with distinct titles and explanations, side by side', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { type, description } of panels) if (type !== 'row') expect(description).toMatch(/\.$/)
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    const visible = dashboard.panels.map(({ gridPos }) => gridPos)
    const overlaps = visible.filter((one, index) =>
      visible.slice(index + 1).some((other) => {
        const isBeside = one.x + one.w <= other.x || other.x + other.w <= one.x
        return !isBeside && one.y + one.h > other.y && other.y + other.h > one.y
      }),
    )
    expect(overlaps).toEqual([])
  })
})
