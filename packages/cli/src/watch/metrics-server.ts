import { watchMetrics } from '@poolsafe/metrics/prometheus'
import type { ConnectionWatch } from '@poolsafe/operate'
import { UsageError } from '@poolsafe/config'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Registry } from 'prom-client'

/** A server for Prometheus, which ends with `close`. */
export interface MetricsServer {
  readonly url: string
  close(): void
}

/**
 * Serves the metrics of a watch at `/metrics`.
 *
 * @throws UsageError if the port cannot be used
 */
export async function serveMetrics(watch: ConnectionWatch, host: string, port: number): Promise<MetricsServer> {
  const registry = new Registry()
  watchMetrics(watch, { registry })
  const server = createServer((request, response) => void answer(registry, request, response))
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new UsageError(`--metrics-port ${port} of ${host} cannot be used: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const { address, port: actual, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}/metrics`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(registry: Registry, { method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  if ((method !== 'GET' && method !== 'HEAD') || url?.split('?')[0] !== '/metrics') {
    response.writeHead(404).end('The metrics are at /metrics\n')
    return
  }
  const text = await registry.metrics()
  response.writeHead(200, { 'content-type': registry.contentType }).end(method === 'HEAD' ? undefined : text)
}
