import { registerInstrumentations, type Instrumentation } from '@opentelemetry/instrumentation'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node'

/** Takes spans, and nothing is done with them. */
class NoExporter implements SpanExporter {
  spans = 0

  export(spans: ReadableSpan[], done: (result: { code: 0 }) => void): void {
    this.spans += spans.length
    done({ code: 0 })
  }

  async shutdown(): Promise<void> {}
}

/**
 * OpenTelemetry as an application sets it up, but for the exporter. Where spans come faster than batches go, its
 * processor drops them, which costs less than to export them: what is measured is the least that spans cost.
 *
 * @param make the instrumentations. Prisma's asks for the provider when it is made: before one is registered it would
 *   keep another
 * @returns ends it. Rejects where there was no span: then nothing was measured
 */
export function startTelemetry(make: () => Instrumentation[] = () => []): () => Promise<void> {
  const exporter = new NoExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
  provider.register()
  registerInstrumentations({ instrumentations: make() })
  return async () => {
    await provider.shutdown()
    if (exporter.spans === 0)
      throw new Error('No span was exported: the instrumentation does not see what is measured.')
  }
}
